"""Approval without anybody looking: finding the rule that lets something through, and changing the rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import NotFound
from app.models.approvals import ApprovalRule
from app.models.commissions import VendorGroupMember
from app.models.products import Product, Variant
from app.products import approval_rules
from app.products.approval_rules import Case, Conditions
from app.products.proposal_rules import Changes, variant_of


def find_for_product(session: Session, product: Product, variants: Sequence[Variant]) -> ApprovalRule | None:
    """The rule that lets a new product on sale."""
    rules = list_rules(session, product.shop_id)
    return approval_rules.find_rule(rules, case_of(session, product, variants)) if rules else None


def find_for_edit(
    session: Session, product: Product, variants: Sequence[Variant], changes: Changes
) -> ApprovalRule | None:
    """The rule that lets all of an edit on sale."""
    rules = list_rules(session, product.shop_id)
    return approval_rules.find_rule(rules, case_of(session, product, variants, changes)) if rules else None


def why(rule: ApprovalRule, place: int | None = None) -> str:
    """The reason that stands in the history."""
    return f"By rule {place or rule.position}: {rule.name}"


def case_of(
    session: Session,
    product: Product,
    variants: Sequence[Variant],
    changes: Changes | None = None,
    groups: Mapping[int, frozenset[int]] | None = None,
) -> Case:
    """What a rule looks at. `groups`: the groups of each vendor, if they were read already."""
    prices = {variant.id: variant.price_minor for variant in variants}
    reviewed = {variant.id: variant.reviewed_price_minor or variant.price_minor for variant in variants}
    category, moves = product.category_name or "", []
    for field, (_, wanted) in (changes or {}).items():
        kind, variant_id = variant_of(field)
        if kind == "price" and variant_id in prices:
            prices[variant_id] = wanted
            moves.append((reviewed[variant_id], wanted))
        elif kind == "variants":
            # What they cost counts, too; those that go do no harm.
            prices |= {-n: each["price"] for n, each in enumerate(wanted, start=1) if "price" in each}
        elif kind == "category":
            category = wanted["name"] or "" if wanted else ""
    held = groups.get(product.vendor_id, frozenset()) if groups is not None else _groups(session, product.vendor_id)
    return Case(
        is_edit=changes is not None,
        vendor_id=product.vendor_id,
        group_ids=held,
        category=category,
        prices=tuple(prices.values()),
        currency=variants[0].currency if variants else "",
        fields=frozenset(map(approval_rules.field_kind, changes or ())),
        moves=tuple(moves),
    )


def list_rules(session: Session, shop_id: int) -> Sequence[ApprovalRule]:
    """In the order in which they are tried."""
    query = select(ApprovalRule).where(ApprovalRule.shop_id == shop_id)
    return session.scalars(query.order_by(ApprovalRule.position, ApprovalRule.id)).all()


def get_rule(session: Session, shop_id: int, rule_id: int) -> ApprovalRule:
    """Raises NotFound."""
    query = select(ApprovalRule).where(ApprovalRule.shop_id == shop_id, ApprovalRule.id == rule_id)
    rule = session.scalar(query.with_for_update())
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule


def save_rule(
    session: Session, shop_id: int, rule_id: int | None, name: str, conditions: Conditions, *, is_on: bool, actor: str
) -> ApprovalRule:
    """Change a rule, or add one at the end. Raises NotFound."""
    if rule_id is None:
        last = session.scalar(select(func.max(ApprovalRule.position)).where(ApprovalRule.shop_id == shop_id)) or 0
        rule = ApprovalRule(shop_id=shop_id, position=last + 1, name="", conditions={}, is_on=False)
        session.add(rule)
    else:
        rule = get_rule(session, shop_id, rule_id)
    wanted: dict[str, Any] = {"name": name, "conditions": conditions.kept(), "is_on": is_on}
    changes = {key: [getattr(rule, key), value] for key, value in wanted.items() if getattr(rule, key) != value}
    rule.name, rule.conditions, rule.is_on, rule.updated_at = name, wanted["conditions"], is_on, clock.now()
    session.flush()
    if changes:
        _record(session, rule, "save", actor, changes)
    return rule


def remove_rule(session: Session, shop_id: int, rule_id: int, *, actor: str) -> None:
    """The others close the gap. Raises NotFound."""
    rule = get_rule(session, shop_id, rule_id)
    _record(session, rule, "remove", actor, {"conditions": [rule.conditions, None]})
    session.delete(rule)
    session.flush()
    _number(list_rules(session, shop_id))


def move_rule(session: Session, shop_id: int, rule_id: int, step: int, *, actor: str) -> None:
    """Try a rule earlier (-1) or later (1). At the ends it stays. Raises NotFound."""
    rule, rules = get_rule(session, shop_id, rule_id), list(list_rules(session, shop_id))
    place = rules.index(rule)
    rules.insert(max(0, place + step), rules.pop(place))
    was = rule.position
    _number(rules)
    if rule.position != was:
        _record(session, rule, "move", actor, {"place": [was, rule.position]})
    session.flush()


def _number(rules: Sequence[ApprovalRule]) -> None:
    for position, rule in enumerate(rules, start=1):
        rule.position = position


def _groups(session: Session, vendor_id: int) -> frozenset[int]:
    query = select(VendorGroupMember.group_id).where(VendorGroupMember.vendor_id == vendor_id)
    return frozenset(session.scalars(query))


def _record(session: Session, rule: ApprovalRule, action: str, actor: str, changes: dict[str, Any]) -> None:
    subject = ("approval_rule", rule.id)
    audit.record(session, rule.shop_id, f"approval_rule.{action}", subject, actor=actor, changes=changes)
