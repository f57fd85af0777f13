"""Who is told by e-mail what became of an order. Called by the outbox: once for each event, in its own time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.emails.service import queue_email
from app.models.events import DomainEvent
from app.models.fulfilments import Fulfilment
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.orders import facts
from app.orders.inscriptions import NOTHING, Inscriptions, read_inscriptions
from app.orders.returns import removed_units
from app.orders.senders import is_collected
from app.orders.service import read_facts


def tell_customer_of_order(session: Session, event: DomainEvent) -> None:
    """PaymentReceived: thank the customer, and say who sends what."""
    order = session.get_one(Order, event.subject["order_id"])
    if not order.customer_email:
        return
    known = read_facts(session, order)
    sold = _units_sold(known)
    bought = [line for line in _lines(session, order) if sold.get(line.shopify_id)]
    if not bought:  # an edit took everything off before
        return
    context = {
        "customer_name": order.customer_name,
        "order_name": order.name,
        "vendors": _by_sender(session, session.get_one(Shop, order.shop_id), bought, sold),
        # With what edits changed, whatever was given back since.
        "total": Money(known.current_total + known.known_returned, order.currency),
    }
    key = f"customer_order_received:{order.id}"
    _tell(session, order, "customer_order_received", context, key)


def tell_vendors_of_order(session: Session, event: DomainEvent) -> None:
    """PaymentReceived: each vendor hears of their own part, unless the order was cancelled."""
    order = session.get_one(Order, event.subject["order_id"])
    parts = _lock_parts(session, order)
    if _is_cancelled(session, order):
        return
    lines = _lines(session, order)
    for part in parts:
        _tell_of_new(session, part, lines)


def tell_vendors_of_edit(session: Session, event: DomainEvent) -> None:
    """OrderEdited: vendors of whose lines something was added or taken off. Whoever comes in by it has a new order.

    Before the payment nobody was told of the order: PaymentReceived will. So it does when both were heard of at once.
    """
    order = session.get_one(Order, event.subject["order_id"])
    parts = _lock_parts(session, order)
    if event.occurred_at == order.paid_seen_at or _is_cancelled(session, order):
        return
    lines = _lines(session, order)
    for part in parts:
        if part.vendor_id not in event.subject["vendor_ids"]:
            continue
        if part.told_at is not None:
            key = f"vendor_order_edited:{part.id}:{event.id}"
            _tell_vendor(session, part, "vendor_order_edited", {"lines": _left(lines, part)}, key)
        elif order.paid_seen_at is not None and part.items_to_ship:
            _tell_of_new(session, part, lines)


def tell_vendors_of_cancellation(session: Session, event: DomainEvent) -> None:
    """OrderCancelled: Shopify cancels only what was not sent, so all of it must stay.

    Who was never told of the order (it was not paid, or was cancelled first) has nothing to hear.
    """
    order = session.get_one(Order, event.subject["order_id"])
    lines = _lines(session, order)
    for part in _lock_parts(session, order):
        if part.told_at is not None:
            mine = _words(line for line in lines if line.vendor_id == part.vendor_id)
            key = f"vendor_order_cancelled:{part.id}"
            _tell_vendor(session, part, "vendor_order_cancelled", {"lines": mine}, key)


def _lock_parts(session: Session, order: Order) -> Sequence[VendorOrder]:
    """So that the news of a cancellation finds either who was told, or nobody."""
    parts = select(VendorOrder).where(VendorOrder.order_id == order.id).order_by(VendorOrder.id)
    return session.scalars(parts.with_for_update().execution_options(populate_existing=True)).all()


def _is_cancelled(session: Session, order: Order) -> bool:
    """By now, with the parts locked."""
    return session.scalar(select(Order.cancelled_at).where(Order.id == order.id)) is not None


def _tell_of_new(session: Session, part: VendorOrder, lines: Iterable[OrderLine]) -> None:
    order = session.get_one(Order, part.order_id)
    # The same as on the order's page: as long as the vendor may know who wrote it.
    written = read_inscriptions(order.snapshot) if part.buyer_removed_at is None else {}
    mine = _left(lines, part, written)
    if not any(line["quantity"] for line in mine):
        # Given back since: the news of the refund says so. What an edit took off before the payment was not sold.
        sold = _units_sold(read_facts(session, order))
        given_back = [line for line in lines if line.vendor_id == part.vendor_id and sold.get(line.shopify_id)]
        mine = [_word(line, sold[line.shopify_id], written) for line in given_back]
        if not mine:
            return
    more = {"lines": mine, "item_count": sum(line["quantity"] for line in mine)}
    collected = is_collected(session, session.get_one(Vendor, part.vendor_id))
    kind = "vendor_new_order_collected" if collected else "vendor_new_order"
    _tell_vendor(session, part, kind, more, f"vendor_new_order:{part.id}")
    part.told_at = part.told_at or clock.now()


def _tell_vendor(session: Session, part: VendorOrder, kind: str, more: dict[str, Any], key: str) -> None:
    vendor = session.get_one(Vendor, part.vendor_id)
    context = more | {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "earnings": part.earned,
        "link": f"{get_config().portal_url}/portal/orders/{part.id}",
    }
    queue_email(session, part.shop_id, kind, vendor.email, context, vendor_id=vendor.id, dedupe_key=key)


def tell_customer_of_parcel(session: Session, event: DomainEvent) -> None:
    """OrderFulfilled: only for parcels sent from the portal; of others Shopify itself tells the customer."""
    order = session.get_one(Order, event.subject["order_id"])
    parcel = session.get(Fulfilment, event.subject["fulfilment_id"])
    if parcel is None or parcel.vendor_id is None or not parcel.requested_by or not order.customer_email:
        return
    lines = {str(line.shopify_id): line for line in _lines(session, order)}
    context = {
        "customer_name": order.customer_name,
        "vendor_name": session.get_one(Vendor, parcel.vendor_id).name,
        "order_name": order.name,
        "lines": [
            {"quantity": units, "title": lines[line_id].title}
            for line_id, units in parcel.quantities.items()
            if line_id in lines
        ],
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
    }
    key = f"customer_shipped:{parcel.id}"
    _tell(session, order, "customer_shipped", context, key)


def _tell(session: Session, order: Order, kind: str, context: dict[str, Any], key: str) -> None:
    """The customer, in the language of the checkout."""
    bought_in, to = order.snapshot.get("customer_locale"), order.customer_email or ""
    queue_email(session, order.shop_id, kind, to, context, locale=bought_in, dedupe_key=key)


def _lines(session: Session, order: Order) -> Sequence[OrderLine]:
    return session.scalars(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position, OrderLine.id)
    ).all()


def _by_sender(
    session: Session, shop: Shop, lines: Iterable[OrderLine], units: Mapping[int, int]
) -> list[dict[str, Any]]:
    """The lines grouped by who sends them; the store's own go under its name."""
    groups: dict[int | None, list[OrderLine]] = {}
    for line in lines:
        groups.setdefault(line.vendor_id, []).append(line)
    return [
        {"name": session.get_one(Vendor, vendor_id).name if vendor_id else shop.name, "lines": _words(mine, units)}
        for vendor_id, mine in groups.items()
    ]


def _words(lines: Iterable[OrderLine], units: Mapping[int, int] | None = None) -> list[dict[str, Any]]:
    """With so many units by Shopify's number of the line, else as many as were ordered."""
    known = units or {}
    return [_word(line, known.get(line.shopify_id, line.quantity)) for line in lines]


def _word(line: OrderLine, units: int, written: Inscriptions = NOTHING) -> dict[str, Any]:
    said = [one.words for one in written.get(line.shopify_id, ())]
    return {"quantity": units, "title": line.title, "written": said}


def has_sold(session: Session, part: VendorOrder) -> bool:
    """Whether any unit of a vendor's part was sold, given back or not: not so when an edit took all off before."""
    if part.items_to_ship > 0:
        return True
    known = read_facts(session, session.get_one(Order, part.order_id))
    sold = _units_sold(known)
    return any(sold[line.id] for line in known.lines if line.terms.vendor_id == part.vendor_id)


def _units_sold(known: facts.Order) -> dict[int, int]:
    """By Shopify's number of the line."""
    return {line.id: line.quantity - removed_units(line, known) for line in known.lines}


def _left(lines: Iterable[OrderLine], part: VendorOrder, written: Inscriptions = NOTHING) -> list[dict[str, Any]]:
    """A vendor's lines with the units that are left of them. One that was taken off whole shows only among such."""
    mine = [_word(line, line.current_quantity, written) for line in lines if line.vendor_id == part.vendor_id]
    return [line for line in mine if line["quantity"]] or mine
