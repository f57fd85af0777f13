"""Orders in the books that Shopify does not have: deleted there, or never Shopify's. Their money waits for a person."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.orders import Order
from app.models.shops import Shop
from app.orders.service import book_order, lock_order
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials

AT_ONCE: Final = 100
_TOLD: Final = timedelta(days=59)
"""Of orders older than sixty days Shopify may tell an app nothing, although it has them."""


def list_askable(session: Session, shop_id: int, *, after: int) -> list[tuple[int, int]]:
    """The next orders that Shopify tells of if it has them: our id, and Shopify's number."""
    later = (Order.shop_id == shop_id, Order.id > after, Order.ordered_at > _since())
    query = select(Order.id, Order.shopify_id).where(*later).order_by(Order.id).limit(AT_ONCE)
    return [(row.id, row.shopify_id) for row in session.execute(query)]


def is_told_of(shop: Shop, order: Order) -> bool:
    """Whether Shopify tells of the order if it has it."""
    return order.ordered_at > _since() or "read_all_orders" in shop.scopes.split(",")


def find_unknown(shop: ShopCredentials, numbers: Sequence[int]) -> set[int]:
    """Those of the orders that Shopify does not have. Raises ShopifyError."""
    asked = {f"gid://shopify/Order/{number}": number for number in numbers}
    found: Any = graphql(shop, "nodesLeft", {"ids": list(asked)}) if asked else []
    return {asked[gid] for gid in asked.keys() - {node["id"] for node in found if node}}


def note(session: Session, shop_id: int, numbers: Collection[int], unknown: Collection[int]) -> list[Order]:
    """Mark which of the orders Shopify does not have, and book those anew for which that is news. Returns these."""
    query = select(Order.shopify_id, Order.unknown_since).where(Order.shop_id == shop_id, Order.shopify_id.in_(numbers))
    news = [number for number, since in session.execute(query) if (since is None) == (number in unknown)]
    orders = []
    for number in sorted(news):
        order = lock_order(session, shop_id, number)
        assert order is not None
        order.unknown_since = clock.now() if number in unknown else None
        session.flush()
        book_order(session, order)
        orders.append(order)
    return orders


def _since() -> datetime:
    return clock.now() - _TOLD
