"""What may not be sent yet, kept as Shopify has it: a webhook says that a fulfilment order changed, a job reads.

A body names fulfilment orders, sometimes several, and never the order they belong to. What was read last stands, by
when its reading began: so the end is right whatever the sequence in which news arrive and readings end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import events
from app.db import scoped, system
from app.fulfilment import rules
from app.fulfilment.reading import read_order
from app.models.fulfilments import FulfilmentOrderNews
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue, enqueue_after_commit
from app.shopify.client import graphql
from app.shopify.errors import ShopifyAccessLost, ShopifyError
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of

_READ_NEWS: Final = "jobs.fulfilment.read_news"
_READ_ORDER: Final = "jobs.fulfilment.read_holds"
_SWEEP_AFTER: Final = timedelta(seconds=10)
_TRY_AGAIN_AFTER: Final = timedelta(minutes=5)
_GIVE_UP_AFTER: Final = timedelta(days=1)
_DOUBT_AFTER: Final = timedelta(hours=1)
"""A hold whose release nobody told us of must not keep a vendor from sending for longer."""


def note_news(session: Session, shop_id: int, numbers: Sequence[int]) -> None:
    """These fulfilment orders, by Shopify's numbers, have changed: have their order read."""
    told = {"told_at": func.clock_timestamp(), "tried_at": None}
    for number in sorted(numbers):
        row = insert(FulfilmentOrderNews).values(shop_id=shop_id, shopify_id=number, **told)
        session.execute(row.on_conflict_do_update(index_elements=["shop_id", "shopify_id"], set_=told))
        enqueue_after_commit(session, _READ_NEWS, shop_id, number, queue="calls")


def read_news(shop_id: int, number: int) -> None:
    """Read the order that a fulfilment order belongs to, unless that was done. Raises ShopifyError: see `sweep`."""
    mine = (FulfilmentOrderNews.shop_id == shop_id, FulfilmentOrderNews.shopify_id == number)
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED:
            return
        tried = update(FulfilmentOrderNews).where(*mine).values(tried_at=func.clock_timestamp())
        known = session.execute(tried.returning(FulfilmentOrderNews.order_shopify_id)).scalars().all()
        if not known:
            return
        order_number = known[0]
    if order_number is None:
        gid = {"id": f"gid://shopify/FulfillmentOrder/{number}"}
        found = graphql(ShopCredentials(shop.id, shop.domain), "fulfillmentOrderOrder", gid)
        if not found:
            # Deleted, or given to a fulfilment service, whose orders are not for us to see.
            with scoped(shop_id) as session:
                session.execute(delete(FulfilmentOrderNews).where(*mine))
            return
        order_number = number_of(found["orderId"])
    read_holds(shop_id, order_number)


def read_holds(shop_id: int, order_number: int) -> None:
    """Read what may not be sent of an order, and keep it on its vendors' parts. Raises ShopifyError."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED:
            return
        began: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    try:
        order = read_order(ShopCredentials(shop.id, shop.domain), order_number)
    except ShopifyError as error:
        is_final = error.permanent and not isinstance(error, ShopifyAccessLost)
        with scoped(shop_id) as session:
            _put_off(session, shop_id, order_number, began, is_final=is_final)
        if not is_final:
            raise
        return
    with scoped(shop_id) as session:
        keep(session, shop_id, order, began)


def ask(session: Session, shop_id: int, order_number: int) -> None:
    """Have an order read after this transaction."""
    enqueue_after_commit(session, _READ_ORDER, shop_id, order_number, queue="calls")


def keep(session: Session, shop_id: int, order: Mapping[str, Any], began: datetime) -> None:
    """Write what was read, unless a reading that began later was quicker. An order not known yet is read again."""
    order_number = number_of(order["id"])
    news = (
        FulfilmentOrderNews.shop_id == shop_id,
        FulfilmentOrderNews.shopify_id.in_([number_of(part["id"]) for part in order["fulfillmentOrders"]["nodes"]]),
    )
    wanted = select(Order.id).where(Order.shop_id == shop_id, Order.shopify_id == order_number)
    order_id = session.scalar(wanted)
    if order_id is None:
        session.execute(update(FulfilmentOrderNews).where(*news).values(order_shopify_id=order_number))
        return
    held = rules.list_held(order["fulfillmentOrders"]["nodes"])
    lines = select(OrderLine.shopify_id, OrderLine.vendor_id).where(OrderLine.order_id == order_id)
    vendors = {row.shopify_id: row.vendor_id for row in session.execute(lines)}
    parts = select(VendorOrder).where(VendorOrder.order_id == order_id).order_by(VendorOrder.id)
    for part in session.scalars(parts.with_for_update(of=VendorOrder)).all():
        if part.holds_read_at is None or part.holds_read_at <= began:
            part.holds_read_at = began
            _write(session, part, [one for one in held if vendors.get(one["line"]) == part.vendor_id])
    session.execute(delete(FulfilmentOrderNews).where(*news, FulfilmentOrderNews.told_at <= began))


def sweep() -> int:
    """Ring again for news that nobody read, whose order came meanwhile, and for holds that may be over."""
    now = func.clock_timestamp()
    known = select(Order.id).where(
        Order.shop_id == FulfilmentOrderNews.shop_id, Order.shopify_id == FulfilmentOrderNews.order_shopify_id
    )
    unread = (FulfilmentOrderNews.order_shopify_id.is_(None)) & (
        func.coalesce(FulfilmentOrderNews.tried_at, FulfilmentOrderNews.told_at) < now - _TRY_AGAIN_AFTER
    )
    lost = FulfilmentOrderNews.tried_at.is_(None) & (FulfilmentOrderNews.told_at < now - _SWEEP_AFTER)
    doubted = (VendorOrder.holds != [], VendorOrder.holds_read_at < now - _DOUBT_AFTER)
    here = Shop.status == ShopStatus.INSTALLED
    with system() as session:
        session.execute(delete(FulfilmentOrderNews).where(FulfilmentOrderNews.told_at < now - _GIVE_UP_AFTER))
        waiting = select(FulfilmentOrderNews.shop_id, FulfilmentOrderNews.shopify_id).join(
            Shop, Shop.id == FulfilmentOrderNews.shop_id
        )
        due = session.execute(waiting.where(here, lost | unread | known.exists()).limit(200)).all()
        held = select(VendorOrder.shop_id, VendorOrder.order_shopify_id).join(Shop, Shop.id == VendorOrder.shop_id)
        old = session.execute(held.where(here, *doubted).distinct().limit(200)).all()
    for shop_id, number in due:
        enqueue(_READ_NEWS, shop_id, number, queue="calls")
    for shop_id, order_number in old:
        enqueue(_READ_ORDER, shop_id, order_number, queue="calls")
    return len(due) + len(old)


def _put_off(session: Session, shop_id: int, order_number: int, began: datetime, *, is_final: bool) -> None:
    """An order that cannot be read now, or ever, is not asked for again every few seconds."""
    again = began if is_final else began - _DOUBT_AFTER + _TRY_AGAIN_AFTER
    doubted = (VendorOrder.holds != [], VendorOrder.holds_read_at < began - _DOUBT_AFTER)
    parts = (VendorOrder.shop_id == shop_id, VendorOrder.order_shopify_id == order_number, *doubted)
    session.execute(update(VendorOrder).where(*parts).values(holds_read_at=again))
    if is_final:
        news = (FulfilmentOrderNews.shop_id == shop_id, FulfilmentOrderNews.order_shopify_id == order_number)
        session.execute(delete(FulfilmentOrderNews).where(*news))


def _write(session: Session, part: VendorOrder, held: list[dict[str, Any]]) -> None:
    before = part.holds
    if held == before:
        return
    part.holds = held
    if not before:
        events.publish(session, part.shop_id, "OrderHeld", vendor_id=part.vendor_id, order_id=part.order_id)
    elif not held:
        events.publish(session, part.shop_id, "OrderHoldReleased", vendor_id=part.vendor_id, order_id=part.order_id)
