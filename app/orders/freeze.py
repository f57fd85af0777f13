"""What is settled when a line is first seen: whose it is, which rule fired, and who bears what. Never asked again."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commissions import queries as commissions
from app.commissions.rules import Choice, Rule, SoldLine, choose_rule
from app.models.commissions import MoneySettings
from app.models.orders import Order, OrderLine
from app.models.products import Product
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.money import parse_money
from app.shopify import payloads_orders as payloads

_STORES_OWN = "The store's own goods: no commission."


class _Owner(NamedTuple):
    """Whose a line is, and how that was found out."""

    vendor_id: int | None
    attribution: str
    product: Product | None


def order_terms(settings: MoneySettings) -> dict[str, Any]:
    """What the order itself keeps of the money settings."""
    names = ("shipping_to", "shipping_tax_to", "shipping_share")
    return {name: getattr(settings, name) for name in names}


def freeze_lines(session: Session, shop: Shop, order: Order, body: payloads.Order) -> None:
    """Store the lines that are new: all of them at first sight, added ones after an edit."""
    known = set(session.scalars(select(OrderLine.shopify_id).where(OrderLine.order_id == order.id)))
    fresh = [(at, item) for at, item in enumerate(body.line_items) if item.id not in known]
    if not fresh:
        return
    settings = commissions.get_settings(session, shop.id)
    hold_days = session.scalar(select(ShopSettings.hold_days).where(ShopSettings.shop_id == shop.id))
    rules = commissions.list_rules(session, shop.id, order.ordered_at)
    owners = _find_owners(session, shop.id, [item for _, item in fresh])
    for position, item in fresh:
        owner = owners[item.id]
        choice = _choose(rules, owner, item, order)
        session.add(
            OrderLine(
                shop_id=shop.id,
                vendor_id=owner.vendor_id,
                order_id=order.id,
                shopify_id=item.id,
                position=position,
                title=_title(item),
                sku=item.sku or "",
                attribution=owner.attribution,
                rule=commissions.freeze_rule(choice.winner) if choice.winner else None,
                reason=choice.reason,
                hold_days=14 if hold_days is None else hold_days,
                tax_to=settings.sales_tax_to,
                fee_tax_bps=settings.fee_tax_bps,
                discount_bearers=settings.discount_bearers,
            )
        )
    session.flush()


def _find_owners(session: Session, shop_id: int, items: Sequence[payloads.LineItem]) -> Mapping[int, _Owner]:
    """By our product → vendor mapping; where that is silent, by the product's vendor text, marked as such."""
    gids = [f"gid://shopify/Product/{item.product_id}" for item in items if item.product_id]
    by_gid = select(Product).where(Product.shop_id == shop_id, Product.shopify_gid.in_(gids))
    products = {product.shopify_gid: product for product in session.scalars(by_gid)}
    names = {item.vendor.strip().lower() for item in items if item.vendor}
    # Whoever merely applied under the name of a brand that the store sells must not earn with it.
    sellers = (Vendor.shop_id == shop_id, Vendor.status.in_((VendorStatus.APPROVED, VendorStatus.SUSPENDED)))
    by_name = select(Vendor.id, Vendor.name).where(*sellers, func.lower(Vendor.name).in_(names))
    vendors = {name.lower(): vendor_id for vendor_id, name in session.execute(by_name.order_by(Vendor.id.desc()))}
    owners = {}
    for item in items:
        product = products.get(f"gid://shopify/Product/{item.product_id}")
        named = vendors.get((item.vendor or "").strip().lower())
        if item.gift_card or item.tip is not None:
            owners[item.id] = _Owner(None, "none", None)
        elif product is not None:
            owners[item.id] = _Owner(product.vendor_id, "product", product)
        else:
            owners[item.id] = _Owner(named, "name" if named else "none", None)
    return owners


def _choose(rules: Sequence[Rule], owner: _Owner, item: payloads.LineItem, order: Order) -> Choice:
    if owner.vendor_id is None:
        return Choice(None, _STORES_OWN, None)
    sold = SoldLine(
        vendor_id=owner.vendor_id,
        product_gid=f"gid://shopify/Product/{item.product_id}" if item.product_id else None,
        category_gid=owner.product.category_gid if owner.product else None,
        tags=frozenset(tag.lower() for tag in owner.product.tags) if owner.product else frozenset(),
        unit_price=parse_money(item.price_set.shop_money.amount, order.currency).minor,
        currency=order.currency,
        ordered_at=order.ordered_at,
    )
    return choose_rule(rules, sold)


def _title(item: payloads.LineItem) -> str:
    variant = item.variant_title if item.variant_title not in (None, "Default Title") else None
    return f"{item.title} ({variant})" if variant else item.title
