"""Asking customers by e-mail how it was: once for each vendor's part of an order, some days after it arrived."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.auth import letters
from app.db import scoped, system
from app.emails.service import queue_email
from app.models.events import DomainEvent
from app.models.fulfilments import Fulfilment
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.reviews import ReviewRequest
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.reviews import queries, rules

PURPOSE: Final = "review"
_LOOK_AGAIN: Final = timedelta(days=3)
_AT_ONCE: Final = 200

log = structlog.get_logger()


def schedule(session: Session, event: DomainEvent) -> None:
    """OrderFulfilled, OrderDelivered: note when to ask. The first news that a parcel arrived counts; until one comes,
    the day on which it must have.
    """
    parcel = session.get(Fulfilment, event.subject["fulfilment_id"])
    if parcel is None:
        return
    days = timedelta(days=queries.get_settings(session, event.shop_id).ask_after_days)
    arrives = parcel.delivered_seen_at or parcel.fulfilled_at + rules.NO_NEWS
    for part in _parts_inside(session, event.subject["order_id"], parcel):
        new = {"vendor_order_id": part.id, "shop_id": part.shop_id, "due_at": arrives + days}
        adding = insert(ReviewRequest).values(new)
        earlier = {"due_at": func.least(ReviewRequest.due_at, adding.excluded.due_at)}
        session.execute(
            adding.on_conflict_do_update(
                index_elements=[ReviewRequest.vendor_order_id], set_=earlier, where=ReviewRequest.asked_at.is_(None)
            )
        )


def ask_where_due() -> int:
    """Send what is due in every shop. Returns how many were sent."""
    now = clock.now()
    with system() as session:
        waiting = (
            select(ReviewRequest.shop_id, ReviewRequest.vendor_order_id)
            .join(Shop, (Shop.id == ReviewRequest.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(ReviewRequest.asked_at.is_(None), ReviewRequest.closed_at.is_(None), ReviewRequest.due_at <= now)
        )
        due = session.execute(waiting.order_by(ReviewRequest.due_at).limit(_AT_ONCE)).all()
    return sum(_ask_or_put_off(shop_id, part_id, now) for shop_id, part_id in due)


def link_for(part: VendorOrder) -> str:
    """Where this order's customer writes their review; whoever holds the link is taken for them."""
    return letters.link(part.shop_id, PURPOSE, part.id, seconds=int(rules.LINK_LASTS.total_seconds()))


def stop(session: Session, part: VendorOrder) -> None:
    """The customer does not want to be asked any more."""
    now = clock.now()
    new = {"vendor_order_id": part.id, "shop_id": part.shop_id, "due_at": now, "closed_at": now, "stopped_at": now}
    adding = insert(ReviewRequest).values(new)
    session.execute(
        adding.on_conflict_do_update(index_elements=[ReviewRequest.vendor_order_id], set_={"stopped_at": now})
    )


def _ask_or_put_off(shop_id: int, part_id: int, now: datetime) -> bool:
    """What fails for one order is no reason not to ask about the others."""
    try:
        return _ask(shop_id, part_id, now)
    except Exception:
        log.exception("review_request_failed", shop=shop_id, part=part_id)
    with scoped(shop_id) as session:
        mine = update(ReviewRequest).where(ReviewRequest.vendor_order_id == part_id, ReviewRequest.asked_at.is_(None))
        session.execute(mine.values(due_at=now + _LOOK_AGAIN))
    return False


def _ask(shop_id: int, part_id: int, now: datetime) -> bool:
    with scoped(shop_id) as session:
        request = session.get(ReviewRequest, part_id, with_for_update={"skip_locked": True})
        if request is None or request.asked_at or request.closed_at:
            return False
        part = session.get_one(VendorOrder, part_id)
        order, lines = session.get_one(Order, part.order_id), queries.list_lines(session, part)
        if not queries.get_settings(session, shop_id).is_asking or not _is_to_be_asked(session, request, order, lines):
            request.closed_at = now
            return False
        if part.items_to_ship:
            request.due_at = now + _LOOK_AGAIN
            return False
        request.asked_at = now
        vendor = session.get_one(Vendor, part.vendor_id)
        context = {
            "customer_name": order.customer_name,
            "vendor_name": vendor.name,
            "order_name": order.name,
            "lines": [{"quantity": line.current_quantity, "title": line.title} for line in lines],
            "link": link_for(part),
        }
        key = f"customer_review_request:{part.id}"
        assert order.customer_email
        bought_in, to = order.snapshot.get("customer_locale"), order.customer_email
        queue_email(session, shop_id, "customer_review_request", to, context, locale=bought_in, dedupe_key=key)
        return True


def _is_to_be_asked(session: Session, request: ReviewRequest, order: Order, lines: Sequence[OrderLine]) -> bool:
    if order.test or not order.customer_email or request.due_at + rules.ASK_AT_MOST < clock.now():
        return False
    if queries.is_returned(lines) or queries.find_review(session, request.vendor_order_id) is not None:
        return False
    stopped = (
        select(ReviewRequest.vendor_order_id)
        .join(VendorOrder, VendorOrder.id == ReviewRequest.vendor_order_id)
        .join(Order, Order.id == VendorOrder.order_id)
        .where(ReviewRequest.shop_id == order.shop_id, ReviewRequest.stopped_at.is_not(None))
        .where(Order.customer_email == order.customer_email)
    )
    return session.scalar(stopped.limit(1)) is None


def _parts_inside(session: Session, order_id: int, parcel: Fulfilment) -> Sequence[VendorOrder]:
    """The vendors' parts of the order of which something is in the parcel."""
    inside = [int(number) for number in parcel.quantities]
    query = select(OrderLine.vendor_id).where(OrderLine.order_id == order_id, OrderLine.shopify_id.in_(inside))
    mine = (VendorOrder.order_id == order_id, VendorOrder.vendor_id.in_(query))
    return session.scalars(select(VendorOrder).where(*mine).order_by(VendorOrder.id)).all()
