"""Changing the commission rules. A change ends a rule's version and begins the next; the past keeps its own.

A change may be planned for a later day: then the version in force already has its end, and the next one waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.commissions import queries
from app.commissions.collections import watch_named
from app.commissions.rules import Conditions, Rule
from app.errors import Conflict
from app.models.commissions import CommissionRule
from app.models.shops import Shop, ShopSettings

_TAKEN = ("flat", "floor", "cap", "net_of_tax", "with_shipping", "hold_days")
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as the merchant wants it."""

    name: str
    rate_bps: Decimal
    conditions: Conditions
    flat: dict[str, int]
    floor: dict[str, int]
    cap: dict[str, int]
    net_of_tax: bool
    with_shipping: bool = False
    hold_days: int | None = None
    labels: dict[str, str] = field(default_factory=dict, compare=False)
    """What people call the products, categories and collections of the conditions."""


def ensure_default_rule(session: Session, shop_id: int) -> None:
    """A shop has one default rule from the beginning of time, so that every order finds one."""
    rate = session.scalar(select(ShopSettings.default_commission_bps).where(ShopSettings.shop_id == shop_id))
    values = {
        "shop_id": shop_id,
        "rule_number": 1,
        "version": 1,
        "position": 1,
        "name": "Default commission",
        "is_default": True,
        "rate_bps": Decimal(1000) if rate is None else rate,
        "valid_from": _ALWAYS,
        "changed_by": "system",
    }
    session.execute(insert(CommissionRule).values(values).on_conflict_do_nothing())


def add_rule(session: Session, shop: Shop, draft: Draft, actor: str, *, at: datetime | None = None) -> int:
    """Put a rule above the default and below the others, from `at` or from now on; returns its number."""
    lock_list(session, shop.id)
    counts = session.execute(
        select(func.max(CommissionRule.rule_number), func.max(CommissionRule.position)).where(
            CommissionRule.shop_id == shop.id
        )
    ).one()
    number = (counts[0] or 0) + 1
    version = CommissionRule(
        shop_id=shop.id, rule_number=number, version=1, position=(counts[1] or 0) + 1, is_default=False
    )
    version.valid_from = _start(at)
    _begin(session, version, draft, actor)
    subject = ("commission_rule", number)
    changes = _first(draft) | _beginning(version)
    audit.record(session, shop.id, "commission_rule.add", subject, actor=actor, changes=changes)
    watch_named(session, shop.id)
    return number


def change_rule(
    session: Session, shop: Shop, rule_number: int, draft: Draft, actor: str, *, at: datetime | None = None
) -> bool:
    """From `at`, or from now on, the rule is as drafted; a change that was planned before is replaced.

    A default keeps having no conditions. Returns False when the rule is so already. Raises NotFound.
    """
    lock_list(session, shop.id)
    newest = queries.get_version(session, shop.id, rule_number)
    old = _without_plan(session, newest)
    if old.is_default:
        draft = replace(draft, conditions=Conditions())
    changes, version = _changes(_draft_of(queries.to_rule(old)), draft), old
    if old.valid_from > clock.now():
        # It has never been in force, so it may be changed itself.
        old.valid_from = _start(at)
    elif not changes and old is newest:
        return False
    else:
        version = _successor(session, old, _start(at))
    _begin(session, version, draft, actor)
    changes |= _beginning(version)
    subject = ("commission_rule", rule_number)
    audit.record(session, shop.id, "commission_rule.change", subject, actor=actor, changes=changes)
    watch_named(session, shop.id)
    return True


def drop_plan(session: Session, shop: Shop, rule_number: int, actor: str) -> None:
    """The rule stays as it is; one that was only planned is gone. Raises NotFound, Conflict when nothing is planned."""
    lock_list(session, shop.id)
    planned = queries.get_version(session, shop.id, rule_number)
    if planned.valid_from <= clock.now():
        raise Conflict("Nothing is planned for this rule any more: it has begun, or somebody dropped it.")
    if _without_plan(session, planned) is planned:
        _never_begin(planned)
    subject = ("commission_rule", rule_number)
    audit.record(session, shop.id, "commission_rule.drop_plan", subject, actor=actor)
    watch_named(session, shop.id)


def remove_rule(session: Session, shop: Shop, rule_number: int, actor: str) -> None:
    """End the rule now, with what was planned for it. The default stays. Raises NotFound, Conflict."""
    lock_list(session, shop.id)
    old = _without_plan(session, queries.get_version(session, shop.id, rule_number))
    if old.is_default:
        raise Conflict("The default rule stays, so that every sale finds a rule. Change its rate instead.")
    if old.valid_from > clock.now():
        _never_begin(old)
    else:
        old.valid_to = _this_second()
    session.flush()
    audit.record(session, shop.id, "commission_rule.remove", ("commission_rule", rule_number), actor=actor)
    watch_named(session, shop.id)


def reorder_rules(session: Session, shop: Shop, numbers: Sequence[int], actor: str) -> None:
    """Put the rules above the default into this order. Raises Conflict when these are not exactly those there are."""
    lock_list(session, shop.id)
    listed = [version for version in queries.list_versions(session, shop.id) if not version.is_default]
    before = [version.rule_number for version in listed]
    if sorted(numbers) != sorted(before):
        raise Conflict("The list has other rules by now. Read it again, and name each rule but the default once.")
    if list(numbers) == before:
        return
    by_number = {version.rule_number: version for version in listed}
    planned = {version.rule_number: version for version in queries.list_planned(session, shop.id)}
    for number, position in zip(numbers, sorted(version.position for version in listed), strict=True):
        old = by_number[number]
        if old.position == position:
            continue
        successor = _successor(session, old, _this_second())
        successor.position = position
        _begin(session, successor, _draft_of(queries.to_rule(old)), actor)
        if number in planned:
            planned[number].position = position
    changes = {"order": [before, list(numbers)]}
    audit.record(session, shop.id, "commission_rule.reorder", ("shop", shop.id), actor=actor, changes=changes)


def restore_list(session: Session, shop: Shop, at: datetime, actor: str) -> None:
    """From now on the list is what it was at `at`; what was planned is dropped."""
    lock_list(session, shop.id)
    for planned in queries.list_planned(session, shop.id):
        if _without_plan(session, planned) is planned:
            _never_begin(planned)
    session.flush()
    wanted = {version.rule_number: version for version in queries.list_versions(session, shop.id, at)}
    standing = {version.rule_number: version for version in queries.list_versions(session, shop.id)}
    for number, version in standing.items():
        if number not in wanted and not version.is_default:
            version.valid_to = _this_second()
    for number, version in wanted.items():
        draft, now = _draft_of(queries.to_rule(version)), standing.get(number)
        if now is not None and (_draft_of(queries.to_rule(now)), now.position) == (draft, version.position):
            continue
        successor = _successor(session, now or version, _this_second(), ends=now is not None)
        successor.position = version.position
        _begin(session, successor, draft, actor)
    before, after = ([number for number, row in rows.items() if not row.is_default] for rows in (standing, wanted))
    changes = {"as_at": [None, at.isoformat()], "order": [before, after]}
    audit.record(session, shop.id, "commission_rule.restore", ("shop", shop.id), actor=actor, changes=changes)
    watch_named(session, shop.id)


def _this_second() -> datetime:
    """Shopify dates orders in whole seconds: a change counts for orders from its own second on."""
    return clock.now().replace(microsecond=0)


def lock_list(session: Session, shop_id: int) -> None:
    """Two people who change the list at once would both end the same version."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"rules:{shop_id}"})


def _start(at: datetime | None) -> datetime:
    now = _this_second()
    return at if at and at > now else now


def _without_plan(session: Session, newest: CommissionRule) -> CommissionRule:
    """Drop what is planned after the version in force, and return that; a rule that is only planned stays."""
    if newest.valid_from <= clock.now():
        return newest
    same = (CommissionRule.shop_id == newest.shop_id, CommissionRule.rule_number == newest.rule_number)
    before = select(CommissionRule).where(*same, CommissionRule.valid_to == newest.valid_from)
    in_force = session.scalars(before.order_by(CommissionRule.version.desc()).limit(1)).one_or_none()
    if in_force is None or in_force.valid_from == in_force.valid_to:
        return newest
    session.delete(newest)
    session.flush()
    in_force.valid_to = None
    session.flush()
    return in_force


def _never_begin(planned: CommissionRule) -> None:
    """It stays as a version that was never in force: the history names it, and its number is not given again."""
    planned.valid_to = planned.valid_from


def _successor(session: Session, old: CommissionRule, at: datetime, *, ends: bool = True) -> CommissionRule:
    """End `old` at a moment and return an empty next version in its place, which lasts as long as `old` would have."""
    until = old.valid_to if ends else None
    if ends:
        old.valid_to = at
    session.flush()
    same = (CommissionRule.shop_id == old.shop_id, CommissionRule.rule_number == old.rule_number)
    highest = session.scalar(select(func.max(CommissionRule.version)).where(*same)) or 0
    return CommissionRule(
        shop_id=old.shop_id,
        rule_number=old.rule_number,
        version=highest + 1,
        position=old.position,
        is_default=old.is_default,
        valid_from=at,
        valid_to=until,
    )


def _begin(session: Session, version: CommissionRule, draft: Draft, actor: str) -> None:
    version.name, version.rate_bps = draft.name, draft.rate_bps
    version.net_of_tax, version.with_shipping = draft.net_of_tax, draft.with_shipping
    version.hold_days = draft.hold_days
    version.conditions = queries.write_conditions(draft.conditions, draft.labels)
    version.flat, version.floor, version.cap = draft.flat, draft.floor, draft.cap
    version.changed_by = actor
    session.add(version)
    session.flush()


def _draft_of(rule: Rule) -> Draft:
    return Draft(
        rule.name,
        rule.rate_bps,
        rule.conditions,
        dict(rule.flat),
        dict(rule.floor),
        dict(rule.cap),
        rule.net_of_tax,
        rule.with_shipping,
        rule.hold_days,
        dict(rule.labels),
    )


def _first(draft: Draft) -> dict[str, list[object]]:
    """What a new rule takes and fits, as the history shows it."""
    nothing = Draft("", Decimal(0), Conditions(), {}, {}, {}, net_of_tax=False)
    filled = {"rate_bps": (None, _plain(draft)["rate_bps"])} | _changes(nothing, draft)
    return {name: [None, value] for name, (_, value) in filled.items()}


def _changes(before: Draft, after: Draft) -> dict[str, list[object]]:
    """What differs, as the history shows it."""
    old, new = _plain(before), _plain(after)
    changed = {name: [old[name], new[name]] for name in old if old[name] != new[name]}
    if "conditions" in changed:  # what was picked has only numbers without what people called it then
        changed["conditions"] = [queries.write_conditions(one.conditions, one.labels) for one in (before, after)]
    return changed


def _beginning(version: CommissionRule) -> dict[str, list[object]]:
    """From when on a planned version counts, as the history shows it."""
    is_later = version.valid_from > clock.now()
    return {"counts_from": [None, version.valid_from.isoformat()]} if is_later else {}


def _plain(draft: Draft) -> dict[str, object]:
    conditions = queries.write_conditions(draft.conditions)
    return {
        "name": draft.name,
        "rate_bps": f"{draft.rate_bps.normalize():f}",
        **{name: getattr(draft, name) for name in _TAKEN},
        "conditions": conditions,
    }
