"""What is settled when a line is first seen: whose it is, which rule fired, and who bears what. Never asked again."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commissions import queries as commissions
from app.commissions import sets
from app.commissions.agreements import Agreed
from app.commissions.rules import Choice, Rule, SoldLine, choose_rule
from app.commissions.service import ensure_default_rule
from app.commissions.sets import write_sold_line
from app.commissions.terms import bearers_of
from app.models.products import Product
from app.models.vendors import Vendor, VendorStatus
from app.money import parse_money
from app.orders.frozen_terms import with_vendors
from app.orders.held import Held, LineRow, OrderRow
from app.shopify import payloads_orders as payloads

_STORES_OWN = "The store's own goods: no commission."


class _Owner(NamedTuple):
    """Whose a line is, and how that was found out."""

    vendor_id: int | None
    attribution: str
    category_gid: str | None = None
    tags: frozenset[str] = frozenset()


def freeze_lines(session: Session, shop_id: int, agreed: Agreed, held: Sequence[Held]) -> None:
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
    lists = _rules_at(session, shop_id, {order.ordered_at for order, *_ in fresh})
    owners = _find_owners(session, shop_id, [item for *_, item in fresh])
    groups, collections = _find_sets(session, shop_id, [rule for rules in lists.values() for rule in rules], fresh)
    for order, lines, position, item in fresh:
        owner = owners[item.id]
        sold = _sold_line(owner, item, order, groups, collections)
        choice = choose_rule(lists[order.ordered_at], sold) if sold else Choice(None, _STORES_OWN, None)
        terms = agreed.of(owner.vendor_id)
        lines[item.id] = LineRow(
            shop_id=shop_id,
            vendor_id=owner.vendor_id,
            shopify_id=item.id,
            position=position,
            title=_title(item),
            sku=item.sku or "",
            attribution=owner.attribution,
            rule=commissions.freeze_rule(choice.winner) if choice.winner else None,
            reason=choice.reason,
            sold_as=write_sold_line(sold) if sold else {},
            hold_days=terms.hold_days,
            tax_to=terms.sales_tax_to,
            fee_tax_bps=terms.fee_tax_bps,
            discount_bearers=bearers_of(agreed.settings.discount_bearers, terms),
        )


def freeze_terms(agreed: Agreed, held: Sequence[Held]) -> None:
    """Keep the terms of the vendors and shipping lines that are new to their order; its lines must be frozen."""
    for one in held:
        if one.order and one.body:
            vendors = {line.vendor_id for line in one.lines.values() if line.vendor_id is not None}
            terms = with_vendors(one.order.terms, agreed, sorted(vendors), one.body.shipping_lines)
            if terms != one.order.terms:
                one.order.terms = terms


def _rules_at(session: Session, shop_id: int, moments: AbstractSet[datetime]) -> dict[datetime, list[Rule]]:
    """The list as it was in force at each moment; the first order of all finds the default."""
    lists = commissions.list_rules_at(session, shop_id, moments)
    if not any(rule.is_default for rules in lists.values() for rule in rules):
        ensure_default_rule(session, shop_id)
        lists = commissions.list_rules_at(session, shop_id, moments)
    return lists


def _find_owners(session: Session, shop_id: int, items: Sequence[payloads.LineItem]) -> Mapping[int, _Owner]:
    """By our product → vendor mapping; where that is silent, by the product's vendor text, marked as such."""
    gids = {item.id: f"gid://shopify/Product/{item.product_id}" for item in items if item.product_id}
    by_gid = select(Product.shopify_gid, Product.vendor_id, Product.category_gid, Product.tags)
    known = session.execute(by_gid.where(Product.shop_id == shop_id, Product.shopify_gid.in_(set(gids.values()))))
    products = {
        gid: _Owner(vendor, "product", category, frozenset(map(str.lower, tags)))
        for gid, vendor, category, tags in known
    }
    names = {item.vendor.strip().lower() for item in items if item.vendor and gids.get(item.id) not in products}
    vendors = _sellers_by_name(session, shop_id, names) if names else {}
    owners = {}
    for item in items:
        product = products.get(gids.get(item.id, ""))
        named = vendors.get((item.vendor or "").strip().lower())
        if item.gift_card or item.tip is not None:
            owners[item.id] = _Owner(None, "none")
        else:
            owners[item.id] = product or _Owner(named, "name" if named else "none")
    return owners


def _sellers_by_name(session: Session, shop_id: int, names: AbstractSet[str]) -> dict[str, int]:
    # Whoever merely applied under the name of a brand that the store sells must not earn with it.
    sellers = (Vendor.shop_id == shop_id, Vendor.status.in_((VendorStatus.APPROVED, VendorStatus.SUSPENDED)))
    by_name = select(Vendor.id, Vendor.name).where(*sellers, func.lower(Vendor.name).in_(names))
    return {name.lower(): vendor_id for vendor_id, name in session.execute(by_name.order_by(Vendor.id.desc()))}


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
        unit_price=parse_money(item.price_set.shop_money.amount, order.currency).minor,
        currency=order.currency,
        ordered_at=order.ordered_at,
    )


def _title(item: payloads.LineItem) -> str:
    variant = item.variant_title if item.variant_title not in (None, "Default Title") else None
    return f"{item.title} ({variant})" if variant else item.title
