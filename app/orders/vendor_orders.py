"""Each vendor's part of an order, kept as the vendor may see it: what to send, where to, what it earns."""

from typing import Any

from app.models.orders import VendorOrderStatus
from app.orders import facts
from app.orders.cells import LineShare, share_line
from app.orders.dispute_parts import update_disputes
from app.orders.held import Held, LineRow, OrderRow, PartRow
from app.orders.intake import address_lines, customer_name
from app.orders.returns import refunded_units, removed_units, returned_units, units_to_ship
from app.orders.rules import Books
from app.orders.shipping import reckon_part
from app.orders.stages import hold_reason, next_release_at


def update_parts(one: Held, books: Books) -> None:
    """Bring the vendors' parts and the lines' shares up to date."""
    order, known, body = one.order, one.known, one.body
    assert order is not None
    assert known is not None
    assert body is not None
    lines = {line.id: line for line in known.lines}
    for number, row in one.lines.items():
        if line := lines.get(number):
            _update_line(row, line, known, books.shares.get(number) or share_line(line, known))
    to, address = customer_name(body), address_lines(body)
    for vendor_id in dict.fromkeys(row.vendor_id for row in one.lines.values() if row.vendor_id is not None):
        part = one.parts.get(vendor_id) or _add_part(one, order, vendor_id)
        part.name, part.is_test, part.is_checked = order.name, order.test, not books.flags
        mine = [line for line in known.lines if line.terms.vendor_id == vendor_id]
        part.items_total = sum(line.quantity for line in mine)
        part.items_to_ship = sum(units_to_ship(line, known) for line in mine)
        if part.items_to_ship:
            # Added to the order since, or its parcel was called off: it has to be sent somewhere.
            part.buyer_removed_at = None
        part.customer_name, part.ship_to = ("", []) if part.buyer_removed_at else (to, address)
        part.items_returned = sum(returned_units(line, known) for line in mine)
        sold = {line.id for line in mine}
        part.status = _status(part, known, sold)
        _follow_parcels(one, part, sold)
        buckets = books.of_vendor(vendor_id)
        part.earned_minor = sum([bucket.amount for bucket in buckets])
        part.next_release_at, part.hold_reason = next_release_at(buckets), hold_reason(buckets)
        if one.disputes or part.disputes:
            update_disputes(one, books, part)
        goods = books.shipping_goods
        part.shipping = [_reckon(line, goods[line.id], vendor_id) for line in known.shipping if line.id in goods]


def assign_parcels(one: Held) -> None:
    """A parcel with one vendor's goods only is that vendor's."""
    owners = {number: line.vendor_id for number, line in one.lines.items()}
    for parcel in one.live_parcels:
        if parcel.vendor_id is None:
            inside = {owners.get(int(line_id)) for line_id in parcel.quantities}
            parcel.vendor_id = inside.pop() if len(inside) == 1 else None


def _add_part(one: Held, order: OrderRow, vendor_id: int) -> PartRow:
    part = one.parts[vendor_id] = PartRow(
        vendor_id=vendor_id,
        order_shopify_id=order.shopify_id,
        name=order.name,
        ordered_at=order.ordered_at,
        currency=order.currency,
    )
    return part


def _reckon(line: facts.ShippingLine, goods: facts.Order, vendor_id: int) -> dict[str, Any]:
    way, bps, whole = reckon_part(line, goods, vendor_id)
    return {"line": line.id, "way": way, "bps": bps, "whole_minor": whole}


def _update_line(row: LineRow, line: facts.Line, known: facts.Order, share: LineShare) -> None:
    row.quantity = line.quantity
    row.current_quantity = line.quantity - refunded_units(line, known) - removed_units(line, known)
    row.to_ship = units_to_ship(line, known)
    row.gross_minor, row.tax_minor = share.gross, line.tax
    row.vendor_discount_minor, row.market_discount_minor = share.vendor_discount, share.market_discount
    row.included_tax_minor, row.base_minor = share.included_tax, share.base
    row.fee_minor, row.fee_tax_minor, row.vendor_minor = share.fee, share.fee_tax, share.vendor


def _follow_parcels(one: Held, part: PartRow, mine: set[int]) -> None:
    """When the last of it was sent, and when all of it had arrived."""
    part.shipped_at = part.delivered_at = None
    if part.status is not VendorOrderStatus.SHIPPED:
        return
    parcels = [parcel for parcel in one.live_parcels if any(int(line_id) in mine for line_id in parcel.quantities)]
    if not parcels:
        return
    part.shipped_at = max(parcel.fulfilled_at for parcel in parcels)
    arrived = [p.delivered_seen_at for p in parcels if p.delivered_seen_at and p.shipment_status == "delivered"]
    if len(arrived) == len(parcels):
        part.delivered_at = max(arrived)


def _status(part: PartRow, known: facts.Order, mine: set[int]) -> VendorOrderStatus:
    if known.cancelled_at:
        return VendorOrderStatus.CANCELLED
    sent = sum(units for parcel in known.fulfilments for line, units in parcel.quantities.items() if line in mine)
    if part.items_to_ship == 0:
        return VendorOrderStatus.SHIPPED if sent else VendorOrderStatus.CANCELLED
    if sent:
        return VendorOrderStatus.PARTLY_SHIPPED
    unpaid = known.payment is facts.Payment.NOTHING
    return VendorOrderStatus.UNPAID if unpaid else VendorOrderStatus.TO_SHIP
