"""Telling what of Shopify's differs from what we hold, and reading it whole."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, undefer

from app import clock
from app.models.events import LookKind
from app.models.orders import Order
from app.models.products import Location, Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.reconciliation import additions
from app.shopify import payloads_orders
from app.shopify import webhook_bodies as bodies
from app.shopify.paging import finish, read_whole
from app.shopify.tokens import ShopCredentials

Node = Mapping[str, Any]
News = tuple[str, dict[str, Any]]
"""A topic and the body that its webhook would have had."""
TEXT_FIELDS: Final = ("name", "tagline", "announcement", "about", "location", "website", "policies")
"""Of a vendor's page, what our row holds under the same name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An object to read whole, and what of ours its body needs."""

    node: Node
    customer: Any = None
    location_gids: tuple[str, ...] = ()


def choose(session: Session, shop_id: int, kind: LookKind, nodes: Sequence[Node]) -> list[Choice]:
    """Those of a page that differ from what we hold."""
    if kind is LookKind.ORDERS:
        return _choose_orders(session, shop_id, nodes)
    if kind is LookKind.PRODUCTS:
        return _choose_products(session, shop_id, nodes)
    return _choose_pages(session, shop_id, nodes)


def read(shop: ShopCredentials, kind: LookKind, choice: Choice) -> list[News]:
    """The object as webhooks would have told it. Raises ShopifyError."""
    if kind is LookKind.ORDERS:
        return _read_order(shop, choice)
    if kind is LookKind.PRODUCTS:
        return _read_product(shop, choice)
    return [("metaobjects/update", bodies.metaobject_body(choice.node))]


def list_held(session: Session, shop_id: int) -> dict[str, News]:
    """Everything that Shopify should still have, by gid, with the news that it has not."""
    products = select(Product.shopify_gid).where(
        Product.shop_id == shop_id, Product.shopify_gid.is_not(None), Product.shopify_status.is_not(None)
    )
    pages = select(Vendor.metaobject_gid, Vendor.handle).where(
        Vendor.shop_id == shop_id, Vendor.metaobject_gid.is_not(None)
    )
    held = {gid: gone(gid) for gid in session.scalars(products) if gid}
    for gid, handle in session.execute(pages):
        assert gid is not None
        held[gid] = ("metaobjects/delete", {"id": gid, "type": "$app:vendor", "handle": handle})
    return held


def gone(product_gid: str) -> News:
    """The news that Shopify no longer has a product."""
    return "products/delete", {"id": bodies.number_of(product_gid)}


def _choose_orders(session: Session, shop_id: int, nodes: Sequence[Node]) -> list[Choice]:
    numbers = [bodies.number_of(node["id"]) for node in nodes]
    query = select(Order).where(Order.shop_id == shop_id, Order.shopify_id.in_(numbers))
    held = {order.shopify_id: order for order in session.scalars(query)}
    chosen = []
    for number, node in zip(numbers, nodes, strict=True):
        order = held.get(number)
        if order is None or order_differs(order, node) or additions.are_due(order, node):
            chosen.append(Choice(node, customer=order.snapshot.get("customer") if order else None))
    return chosen


def order_differs(order: Order, node: Node) -> bool:
    """Newer, or of the same second and further on: a webhook may be lost between two of one second."""
    if datetime.fromisoformat(node["updatedAt"]) != order.snapshot_updated_at:
        return datetime.fromisoformat(node["updatedAt"]) > order.snapshot_updated_at
    known = order.snapshot
    total = (known.get("current_total_price_set") or known["total_price_set"])["shop_money"]["amount"]
    return (
        (node["displayFinancialStatus"] or "").lower() != order.financial_status
        or (node["cancelledAt"] is None) != (order.cancelled_at is None)
        or Decimal(node["currentTotalPriceSet"]["shopMoney"]["amount"]) != Decimal(total)
        or len(node["refunds"]) != len(known.get("refunds") or ())
        or len(node["fulfillments"]) != len(known.get("fulfillments") or ())
    )


def _read_order(shop: ShopCredentials, choice: Choice) -> list[News]:
    asked_at = clock.now()
    order = read_whole(shop, "orderInFull", {"id": choice.node["id"]}, "lineItems")
    if order is None:
        return []
    for parcel in order["fulfillments"]:
        finish(shop, "fulfillment", parcel, "fulfillmentLineItems")
    refunds = [read_whole(shop, "refundInFull", {"id": refund["id"]}, "refundLineItems") for refund in order["refunds"]]
    body = bodies.order_body(order, [refund for refund in refunds if refund], choice.customer)
    if asked_at >= datetime.fromisoformat(body["updated_at"]) + payloads_orders.READ_AFTER:
        body["app_read_afterwards"] = True
        if additions.matter(body, order):
            body["app_additions"] = additions.read(shop, order["id"])
    return [("orders/updated", body)]


def _choose_products(session: Session, shop_id: int, nodes: Sequence[Node]) -> list[Choice]:
    """Ours that changed. Stock moves without the product's webhook, so the sum of it is compared too."""
    locations = _list_locations(session, session.get_one(Shop, shop_id))
    stock = func.coalesce(func.sum(Variant.stock), 0)
    query = (
        select(Product.shopify_gid, Product.shopify_updated_at, Product.status, Product.title, stock)
        .outerjoin(Variant, Variant.product_id == Product.id)
        .where(Product.shop_id == shop_id, Product.shopify_gid.in_([node["id"] for node in nodes]))
        .group_by(Product.id)
    )
    held = {row[0]: row for row in session.execute(query)}
    chosen = []
    for node in nodes:
        if node["id"] not in held or not locations:
            continue
        _, seen_at, status, title, units = held[node["id"]]
        newer = seen_at is None or datetime.fromisoformat(node["updatedAt"]) > seen_at
        if newer or status == ProductStatus.SUBMITTED or (title, units) != (node["title"], node["totalInventory"]):
            chosen.append(Choice(node, location_gids=locations))
    return chosen


def _list_locations(session: Session, shop: Shop) -> tuple[str, ...]:
    """Where vendors keep stock, the first location first; none while that is unknown."""
    others = (Location.shop_id == shop.id, Location.is_active, Location.for_vendors)
    gids = session.scalars(select(Location.shopify_gid).where(*others, Location.shopify_gid != shop.location_gid))
    return (shop.location_gid, *gids) if shop.location_gid else ()


def _read_product(shop: ShopCredentials, choice: Choice) -> list[News]:
    news: list[News] = []
    for location in choice.location_gids:
        product = read_whole(shop, "productInFull", {"id": choice.node["id"], "location": location}, "variants")
        if product is None:
            return []
        news += [] if news else [("products/update", bodies.product_body(product))]
        news += [("inventory_levels/update", each) for each in bodies.stock_bodies(product, location)]
    return news


def _choose_pages(session: Session, shop_id: int, nodes: Sequence[Node]) -> list[Choice]:
    gids, handles = [node["id"] for node in nodes], [node["handle"] for node in nodes]
    query = select(Vendor).where(
        Vendor.shop_id == shop_id, or_(Vendor.metaobject_gid.in_(gids), Vendor.handle.in_(handles))
    )
    vendors = session.scalars(query.options(undefer(Vendor.page_products))).all()
    held = {vendor.handle: vendor for vendor in vendors} | {vendor.metaobject_gid: vendor for vendor in vendors}
    chosen = []
    for node in nodes:
        vendor = held.get(node["id"]) or held.get(node["handle"])
        if vendor is not None and _page_differs(vendor, node):
            chosen.append(Choice(node))
    return chosen


def _page_differs(vendor: Vendor, node: Node) -> bool:
    seen_at, updated_at = vendor.metaobject_updated_at, datetime.fromisoformat(node["updatedAt"])
    if seen_at is None or updated_at != seen_at:
        return seen_at is None or updated_at > seen_at
    words = {field["key"]: field["value"] or "" for field in node["fields"]}
    # A shop whose definitions are older has no field for the newest of them.
    if "products" in words and json.loads(words["products"] or "[]") != vendor.page_products:
        return True
    return any(words[name] != getattr(vendor, name) for name in TEXT_FIELDS if name in words)
