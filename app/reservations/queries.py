"""What product pages say about stock, and carts that nobody paid for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, distinct, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app import clock
from app.models.products import Product, ProductStatus, Variant
from app.models.reservations import Reservation
from app.models.storefront import CustomerItem
from app.money import Money
from app.queue import get_redis
from app.reservations import rules
from app.reservations.rules import Stock

CACHED_SECONDS: Final = 10
log = structlog.get_logger()


def _cache_key(shop_id: int, product_number: int) -> str:
    return f"stock:{shop_id}:{product_number}"


def read_stock(session: Session, shop_id: int, product_number: int) -> list[Stock]:
    """Every variant of a published product of a vendor's; empty when there is no such product."""
    gid = f"gid://shopify/Product/{product_number}"
    variants = session.execute(
        select(Variant.shopify_gid, Variant.stock)
        .join(Product, Product.id == Variant.product_id)
        .where(Product.shop_id == shop_id, Product.shopify_gid == gid, Product.status == ProductStatus.PUBLISHED)
        .where(Variant.shopify_gid.is_not(None))
        .order_by(Variant.position, Variant.id)
    ).all()
    if not variants:
        return []
    carts = {number: int(count) for number, count in session.execute(ask_carts(shop_id, product_number))}
    found = ((int(str(gid).rpartition("/")[2]), stock) for gid, stock in variants)
    return [rules.describe(number, stock, carts.get(number, 0)) for number, stock in found]


def ask_carts(shop_id: int, product_number: int) -> Select[int, int]:
    """In how many carts each variant is now. Carts of one account, on several devices, are one."""
    held = (Reservation.product_number == product_number, *_holding(shop_id))
    whose = _find_owners(shop_id, select(Reservation.cart_key).where(*held))
    owner = whose.op("->>", return_type=Text())(Reservation.cart_key)
    holders = func.count(distinct(func.coalesce(owner, Reservation.cart_key)))
    return select(Reservation.variant_number, holders).where(*held).group_by(Reservation.variant_number)


def _find_owners(shop_id: int, carts: Select[str]) -> ScalarSelect[Any]:
    """Customers by the keys of their carts, as their browsers told us; the last one where several shared a cart.

    One value, read by one scan of an index: a join would be left to what statistics say of a busy quarter of an hour.
    """
    last = aggregate_order_by(CustomerItem.customer_id, CustomerItem.clock)
    return (
        select(func.jsonb_object_agg(CustomerItem.key, last))
        .where(
            CustomerItem.shop_id == shop_id,
            CustomerItem.kind == literal("own_cart", literal_execute=True),  # as in the index
            CustomerItem.key == func.any(func.array(carts.scalar_subquery())),
            CustomerItem.value.is_not(None),
        )
        .scalar_subquery()
    )


def list_products_in(session: Session, shop_id: int, cart_keys: Sequence[str]) -> Sequence[int]:
    """Of which products these carts hold units."""
    query = select(Reservation.product_number).where(Reservation.cart_key.in_(cart_keys), *_holding(shop_id))
    return session.scalars(query.distinct()).all()


def _holding(shop_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Reservation.shop_id == shop_id,
        Reservation.state.in_(rules.HOLDING),
        Reservation.expires_at > clock.now(),
    )


def read_stock_lately(session: Session, shop_id: int, product_number: int) -> list[dict[str, Any]]:
    """As it was a few seconds ago, or is: a page that many look at asks the database once. News are kept at once."""
    try:
        if held := get_redis().get(_cache_key(shop_id, product_number)):
            known: list[dict[str, Any]] = json.loads(held)
            return known
    except RedisError as error:
        log.warning("stock_cache_unreachable", error=str(error))
    found = [asdict(each) for each in read_stock(session, shop_id, product_number)]
    # News that were kept meanwhile are newer.
    keep_stock(shop_id, product_number, found, only_new=True)
    return found


def keep_stock(
    shop_id: int, product_number: int, variants: Sequence[Mapping[str, Any]], *, only_new: bool = False
) -> None:
    """For whoever asks in the next seconds; `only_new`: unless something is kept already."""
    try:
        get_redis().set(_cache_key(shop_id, product_number), json.dumps(variants), ex=CACHED_SECONDS, nx=only_new)
    except RedisError as error:
        log.warning("stock_cache_unreachable", error=str(error))


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Carts with vendors' products that were touched in a period and not paid for, at today's prices."""

    carts: int
    value: Money
    all_carts: int


def count_abandoned(session: Session, shop_id: int, currency: str, since: datetime, until: datetime) -> Abandoned:
    """Of carts first seen from `since` up to `until`. Carts are forgotten after 30 days."""
    now = clock.now()
    is_sold = func.bool_or(Reservation.state == rules.ReservationState.SOLD).label("is_sold")
    touched = func.max(Reservation.seen_at).label("touched")
    # What was taken out again by its owner has no units any more; what ran out of time still has them.
    worth = func.sum(Reservation.quantity * Variant.price_minor).label("worth")
    carts = (
        select(Reservation.cart_key, is_sold, touched, worth)
        .join(
            Variant,
            (Variant.shop_id == Reservation.shop_id)
            & (Variant.shopify_gid == func.concat("gid://shopify/ProductVariant/", Reservation.variant_number)),
        )
        .where(
            Reservation.shop_id == shop_id,
            Reservation.created_at >= since,
            Reservation.created_at < until,
            Variant.currency == currency,
        )
        .group_by(Reservation.cart_key)
        .subquery()
    )
    left = ~carts.c.is_sold & (carts.c.touched < now - rules.ABANDONED_AFTER) & (carts.c.worth > 0)
    row = session.execute(
        select(
            func.count().filter(left),
            func.coalesce(func.sum(carts.c.worth).filter(left), 0),
            func.count().filter(carts.c.is_sold | (carts.c.worth > 0)),
        ).select_from(carts)
    ).one()
    return Abandoned(int(row[0]), Money(int(row[1]), currency), int(row[2]))


def list_held(session: Session, shop_id: int, cart_keys: Sequence[str]) -> Sequence[Reservation]:
    query = select(Reservation).where(Reservation.shop_id == shop_id, Reservation.cart_key.in_(cart_keys))
    return session.scalars(query.with_for_update()).all()
