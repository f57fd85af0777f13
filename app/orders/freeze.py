"""What is settled when a line is first seen: whose it is, which rule fired, and who bears what. Never asked again."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.commissions import queries as commissions
from app.commissions import sets
from app.commissions.agreements import Agreed
from app.commissions.in_force import find_rules
from app.commissions.rules import Choice, Rule, SoldLine, choose_rule, days_on_hold
from app.commissions.sets import write_sold_line
from app.commissions.terms import bearers_of
from app.money import parse_minor
from app.orders.frozen_terms import with_vendors
from app.orders.held import Held, LineRow, OrderRow
from app.orders.look import Looked
from app.orders.reasons import asked_for
from app.shopify import payloads_orders as payloads

_STORES_OWN = "The store's own goods: no commission."


class _Owner(NamedTuple):
    """Whose a line is, and how that was found out."""

    vendor_id: int | None
    attribution: str
    category_gid: str | None = None
    tags: frozenset[str] = frozenset()


def freeze_lines(session: Session, shop_id: int, looked: Looked, held: Sequence[Held]) -> None:
    """Add the lines that are new: all of them at first sight, added ones after an edit."""
    fresh = [
        (one.order, one.lines, at, item)
        for one in held
        if one.order and one.body
        for at, item in enumerate(one.body.line_items)
        if item.id not in one.lines
    ]
    if not fresh:
        return
    agreed, zone = looked.in_force.agreed, looked.in_force.zone
    moments = {order.ordered_at for order, *_ in fresh}
    lists = find_rules(session, shop_id, looked.in_force, looked.since, moments)
    groups, collections = _find_sets(session, shop_id, [rule for rules in lists.values() for rule in rules], fresh)
    for order, lines, position, item in fresh:
        owner = _find_owner(looked, item)
        sold = _sold_line(owner, item, order, groups, collections)
        choice = choose_rule(lists[order.ordered_at], sold, zone) if sold else Choice(None, _STORES_OWN, None)
        terms = agreed.of(owner.vendor_id)
        lines[item.id] = LineRow(
            vendor_id=owner.vendor_id,
            shopify_id=item.id,
            position=position,
            title=_title(item),
            sku=item.sku or "",
            attribution=owner.attribution,
            rule=_kept(choice.winner, sold) if choice.winner and sold else None,
            reason=choice.reason,
            sold_as=write_sold_line(sold) if sold else {},
            hold_days=days_on_hold(choice.winner, terms.hold_days),
            tax_to=terms.sales_tax_to,
            fee_tax_bps=terms.fee_tax_bps,
            discount_bearers=bearers_of(agreed.settings.discount_bearers, terms),
        )


def _kept(rule: Rule, sold: SoldLine) -> dict[str, Any]:
    frozen, asked = commissions.freeze_rule(rule), asked_for(rule, sold.product_gid)
    return {**frozen, "asked": asked} if asked else frozen


def freeze_terms(agreed: Agreed, held: Sequence[Held]) -> None:
    """Keep the terms of the vendors and shipping lines that are new to their order; its lines must be frozen."""
    for one in held:
        if one.order and one.body:
            vendors = {line.vendor_id for line in one.lines.values() if line.vendor_id is not None}
            terms = with_vendors(one.order.terms, agreed, sorted(vendors), one.body.shipping_lines)
            if terms != one.order.terms:
                one.order.terms = terms


def _find_owner(looked: Looked, item: payloads.LineItem) -> _Owner:
    """By our product → vendor mapping; where that is silent, by the product's vendor text, marked as such."""
    if item.gift_card or item.tip is not None:
        return _Owner(None, "none")
    product = looked.products[f"gid://shopify/Product/{item.product_id}"] if item.product_id else None
    if product:
        return _Owner(product.vendor_id, "product", product.category_gid, frozenset(map(str.lower, product.tags)))
    named = looked.sellers.get((item.vendor or "").strip().lower())
    return _Owner(named, "name" if named else "none")


def _find_sets(
    session: Session, shop_id: int, rules: Sequence[Rule], fresh: Sequence[tuple[Any, ...]]
) -> tuple[Mapping[int, frozenset[int]], Mapping[str, frozenset[str]]]:
    """Vendors' groups and products' collections, if any rule asks about them."""
    wanted = [rule.conditions for rule in rules]
    groups = sets.list_groups_of_vendors(session, shop_id) if any(one.group_ids for one in wanted) else {}
    if not any(one.collection_gids for one in wanted):
        return groups, {}
    gids = {f"gid://shopify/Product/{item.product_id}" for *_, item in fresh if item.product_id}
    return groups, sets.list_collections_of_products(session, shop_id, gids)


def _sold_line(
    owner: _Owner,
    item: payloads.LineItem,
    order: OrderRow,
    groups: Mapping[int, frozenset[int]],
    collections: Mapping[str, frozenset[str]],
) -> SoldLine | None:
    """What rules may ask about the line; None of the store's own goods."""
    if owner.vendor_id is None:
        return None
    product = f"gid://shopify/Product/{item.product_id}" if item.product_id else None
    return SoldLine(
        vendor_id=owner.vendor_id,
        group_ids=groups.get(owner.vendor_id, frozenset()),
        product_gid=product,
        category_gid=owner.category_gid,
        collection_gids=collections.get(product or "", frozenset()),
        tags=owner.tags,
        unit_price=parse_minor(item.price_set.shop_money.amount, order.currency),
        currency=order.currency,
        ordered_at=order.ordered_at,
    )


def _title(item: payloads.LineItem) -> str:
    variant = item.variant_title if item.variant_title not in (None, "Default Title") else None
    return f"{item.title} ({variant})" if variant else item.title
