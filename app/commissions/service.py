"""Changing the commission rules. A change ends a rule's version and begins the next; the past keeps its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.commissions import queries
from app.commissions.rules import Conditions, Rule
from app.errors import Conflict
from app.models.commissions import CommissionRule
from app.models.shops import Shop, ShopSettings

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


def add_rule(session: Session, shop: Shop, draft: Draft, actor: str) -> int:
    """Put a rule above the default and below the others; returns its number."""
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
    _begin(session, version, draft, actor)
    audit.record(session, shop.id, "commission_rule.add", ("commission_rule", number), actor=actor)
    return number


def change_rule(session: Session, shop: Shop, rule_number: int, draft: Draft, actor: str) -> None:
    """From now on the rule is as drafted. A default keeps having no conditions. Raises NotFound."""
    lock_list(session, shop.id)
    old = queries.get_version(session, shop.id, rule_number)
    if old.is_default:
        draft = replace(draft, conditions=Conditions())
    successor = _successor(session, old)
    _begin(session, successor, draft, actor)
    rates = {"rate_bps": [str(old.rate_bps), str(draft.rate_bps)]}
    subject = ("commission_rule", rule_number)
    audit.record(session, shop.id, "commission_rule.change", subject, actor=actor, changes=rates)


def remove_rule(session: Session, shop: Shop, rule_number: int, actor: str) -> None:
    """End the rule now. The default stays. Raises NotFound, Conflict."""
    lock_list(session, shop.id)
    old = queries.get_version(session, shop.id, rule_number)
    if old.is_default:
        raise Conflict("The default rule stays, so that every sale finds a rule. Change its rate instead.")
    old.valid_to = _this_second()
    audit.record(session, shop.id, "commission_rule.remove", ("commission_rule", rule_number), actor=actor)


def move_rule(session: Session, shop: Shop, rule_number: int, *, up: bool, actor: str) -> None:
    """Swap the rule with its neighbour; at the end of the list nothing changes. Raises NotFound."""
    lock_list(session, shop.id)
    listed = [version for version in queries.list_versions(session, shop.id) if not version.is_default]
    at = next((i for i, version in enumerate(listed) if version.rule_number == rule_number), None)
    if at is None:
        queries.get_version(session, shop.id, rule_number)
        return
    other = at - 1 if up else at + 1
    if not 0 <= other < len(listed):
        return
    positions = listed[other].position, listed[at].position
    for old, position in zip((listed[at], listed[other]), positions, strict=True):
        draft = _draft_of(queries.to_rule(old))
        successor = _successor(session, old)
        successor.position = position
        _begin(session, successor, draft, actor)
    audit.record(session, shop.id, "commission_rule.move", ("commission_rule", rule_number), actor=actor)


def reorder_rules(session: Session, shop: Shop, numbers: Sequence[int], actor: str) -> None:
    """Put the rules above the default into this order. Raises Conflict when these are not exactly those there are."""
    lock_list(session, shop.id)
    listed = [version for version in queries.list_versions(session, shop.id) if not version.is_default]
    by_number = {version.rule_number: version for version in listed}
    if sorted(numbers) != sorted(by_number):
        raise Conflict("The list has other rules by now. Read it again, and name each rule but the default once.")
    positions = sorted(version.position for version in listed)
    for number, position in zip(numbers, positions, strict=True):
        old = by_number[number]
        if old.position != position:
            successor = _successor(session, old)
            successor.position = position
            _begin(session, successor, _draft_of(queries.to_rule(old)), actor)
    subject = ("shop", shop.id)
    order = {"numbers": [[version.rule_number for version in listed], list(numbers)]}
    audit.record(session, shop.id, "commission_rule.reorder", subject, actor=actor, changes=order)


def _this_second() -> datetime:
    """Shopify dates orders in whole seconds: a change counts for orders from its own second on."""
    return clock.now().replace(microsecond=0)


def lock_list(session: Session, shop_id: int) -> None:
    """Two people who change the list at once would both end the same version."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"rules:{shop_id}"})


def _successor(session: Session, old: CommissionRule) -> CommissionRule:
    """End `old` now and return an empty next version in its place."""
    old.valid_to = _this_second()
    session.flush()
    return CommissionRule(
        shop_id=old.shop_id,
        rule_number=old.rule_number,
        version=old.version + 1,
        position=old.position,
        is_default=old.is_default,
        valid_from=old.valid_to,
    )


def _begin(session: Session, version: CommissionRule, draft: Draft, actor: str) -> None:
    version.name, version.rate_bps, version.net_of_tax = draft.name, draft.rate_bps, draft.net_of_tax
    version.conditions = queries.write_conditions(draft.conditions)
    version.flat, version.floor, version.cap = draft.flat, draft.floor, draft.cap
    version.valid_from = version.valid_from or _this_second()
    version.changed_by = actor
    session.add(version)
    session.flush()


def _draft_of(rule: Rule) -> Draft:
    return Draft(
        rule.name, rule.rate_bps, rule.conditions, dict(rule.flat), dict(rule.floor), dict(rule.cap), rule.net_of_tax
    )
