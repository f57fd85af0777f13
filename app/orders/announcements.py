"""What the rest of the program should hear of an order, once each: the rows themselves remember what was told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.events import Event
from app.orders.facts import DisputeState, Payment
from app.orders.held import DisputeRow, Held, ParcelRow, RefundRow
from app.rows import Row

_ON_ITS_WAY: Final = frozenset({"in_transit", "out_for_delivery", "attempted_delivery", "delivered"})

Announcement = tuple[str, Row]
"""The event's kind, and the row that it is about."""


def find_announcements(one: Held, now: datetime) -> Iterator[Announcement]:
    """What happened to the order and was not told yet; its facts must have been read."""
    order = one.order
    assert order is not None
    assert one.known is not None
    if one.is_new:
        yield "OrderCreated", order
    if one.known.payment is not Payment.NOTHING and order.paid_seen_at is None:
        order.paid_seen_at = now
        yield "PaymentReceived", order
    if order.cancelled_at and order.cancelled_seen_at is None:
        order.cancelled_seen_at = now
        yield "OrderCancelled", order
    for refund in one.refunds.values():
        if refund.announced_at is None:
            refund.announced_at = now
            yield "RefundProcessed", refund
    for dispute in one.disputes.values():
        if dispute.told_state != dispute.state:
            dispute.told_state = dispute.state
            if dispute.state == DisputeState.OPEN:
                yield "DisputeOpened", dispute
            else:
                yield "DisputeEnded", dispute
    for parcel in one.live_parcels:
        yield from _of_parcel(parcel, now)


def to_event(order_id: int, announcement: Announcement) -> Event:
    """The event, once its row is stored."""
    kind, row = announcement
    subject = {"order_id": order_id}
    if isinstance(row, RefundRow):
        subject["refund_id"] = row.id
    if isinstance(row, DisputeRow):
        subject["dispute_id"] = row.id
    if isinstance(row, ParcelRow):
        subject["fulfilment_id"] = row.id
    return Event(kind, subject)


def _of_parcel(parcel: ParcelRow, now: datetime) -> Iterator[Announcement]:
    """Handed over, on its way, arrived: each once, also when the carrier leaves one out."""
    if parcel.announced_at is None:
        parcel.announced_at = now
        yield "OrderFulfilled", parcel
    if parcel.shipped_seen_at is None and parcel.shipment_status in _ON_ITS_WAY:
        parcel.shipped_seen_at = now
        yield "OrderShipped", parcel
    if parcel.delivered_seen_at is None and parcel.shipment_status == "delivered":
        parcel.delivered_seen_at = now
        yield "OrderDelivered", parcel
