"""What the rest of the program should hear of an order, once each: the rows themselves remember what was told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.events import Event
from app.orders.edits import find_edited_lines, takes_off_only
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
    if _find_edited(one):
        yield "OrderEdited", order
    if order.cancelled_at and order.cancelled_seen_at is None:
        order.cancelled_seen_at = now
        yield "OrderCancelled", order
    for refund in one.refunds.values():
        # For units that an edit or a cancellation takes off nothing is given back: OrderEdited, OrderCancelled tell.
        if refund.announced_at is None and not takes_off_only(refund.body):
            refund.announced_at = now
            yield "RefundProcessed", refund
    for dispute in one.disputes.values():
        if dispute.told_state != dispute.state:
            dispute.told_state = dispute.state
            yield "DisputeOpened" if dispute.state == DisputeState.OPEN else "DisputeEnded", dispute
    for parcel in one.live_parcels:
        yield from _of_parcel(parcel, now)


def to_event(one: Held, announcement: Announcement) -> Event:
    """The event, once its row is stored."""
    assert one.order is not None
    kind, row = announcement
    subject: dict[str, int | list[int]] = {"order_id": one.order.id}
    if kind == "OrderEdited":
        owners = {one.lines[number].vendor_id for number in _find_edited(one) if number in one.lines}
        subject["vendor_ids"] = sorted(owner for owner in owners if owner is not None)
    if isinstance(row, RefundRow):
        subject["refund_id"] = row.id
    if isinstance(row, DisputeRow):
        subject["dispute_id"] = row.id
    if isinstance(row, ParcelRow):
        subject["fulfilment_id"] = row.id
    return Event(kind, subject)


def _find_edited(one: Held) -> frozenset[int]:
    """Nothing of an order that is new: who hears of it reads it as it is by now."""
    if one.body is None or one.body_before is None:
        return frozenset()
    return find_edited_lines(one.body_before, one.body)


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
