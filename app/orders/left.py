"""What is left of a vendor's orders to send: neither on its way to Shopify or packed for the shop, nor about to be
cancelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from app.models.cancellations import Cancellation, CancellationState
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import OrderLine, VendorOrder
from app.models.pickups import Pickup
from app.orders.packed import is_open, list_packed

Units = Mapping[tuple[int, int], int]
"""Units by Shopify's numbers of order and line."""

OPEN_CANCELLATIONS: Final = (CancellationState.ASKED, CancellationState.APPROVED)


def lock_sending(session: Session, part: VendorOrder) -> None:
    """Two clicks must not take the same unit twice; the row itself is the staff's to lock."""
    name = f"ship:{part.shop_id}:{part.order_shopify_id}:{part.vendor_id}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def units_left(session: Session, part: VendorOrder) -> dict[int, int]:
    """Units by line that may still be sent or cancelled."""
    mine = (OrderLine.order_id == part.order_id, OrderLine.vendor_id == part.vendor_id)
    taken = list_taken(session, part.vendor_id, [part.order_shopify_id])
    return {
        line: max(0, units - taken.get((part.order_shopify_id, line), 0))
        for line, units in session.execute(select(OrderLine.shopify_id, OrderLine.to_ship).where(*mine))
    }


def units_to_send(session: Session, part: VendorOrder) -> dict[int, int]:
    """Units by line that may be sent now: what is left, without what the shop holds back."""
    held = units_held(part)
    return {line: max(0, units - held.get(line, 0)) for line, units in units_left(session, part).items()}


def units_held(part: VendorOrder) -> dict[int, int]:
    """Units by line that may not be sent yet, as Shopify said when it was last read."""
    held: dict[int, int] = {}
    for one in part.holds:
        held[one["line"]] = held.get(one["line"], 0) + int(one["units"])
    return held


@dataclass(frozen=True, slots=True)
class HeldItems:
    """What may not be sent for one reason, with units and titles; `until`: the day from which it may."""

    reason: str
    until: datetime | None
    lines: Sequence[tuple[int, str]]


def held_items(lines: Sequence[OrderLine], holds: Sequence[Mapping[str, Any]]) -> list[HeldItems]:
    """Why which of a part's lines may not be sent yet, each reason once."""
    left = {line.shopify_id: line for line in lines if line.to_ship}
    found: dict[tuple[str, str | None], list[tuple[int, str]]] = {}
    for one in holds:
        if line := left.get(one["line"]):
            units = min(int(one["units"]), line.to_ship)
            found.setdefault((one["reason"], one["until"]), []).append((units, line.title))
    return [
        HeldItems(reason, datetime.fromisoformat(until) if until else None, items)
        for (reason, until), items in found.items()
    ]


def list_packed_units(session: Session, parts: Sequence[VendorOrder]) -> Mapping[int, Mapping[int, int]]:
    """Of each pickup of these parts that is open: units by line that are still to be sent, by the pickup's id.

    Some of what was packed may have been refunded or sent otherwise since; what was packed first is sent first.
    """
    pickups = [one for packed in list_packed(session, [part.id for part in parts]).values() for one in packed]
    if not pickups:
        return {}
    mine = (OrderLine.order_id.in_([part.order_id for part in parts]), OrderLine.to_ship > 0)
    left = dict(session.execute(select(OrderLine.shopify_id, OrderLine.to_ship).where(*mine)).all())
    for (_, line), units in list_taken(session, None, [part.order_shopify_id for part in parts]).items():
        left[line] = left.get(line, 0) - units
    for pickup in pickups:
        for line, units in pickup.units.items():
            left[line] = left.get(line, 0) + units
    found: dict[int, dict[int, int]] = {}
    for pickup in pickups:
        found[pickup.id] = {line: max(0, min(units, left[line])) for line, units in pickup.units.items()}
        for line, units in found[pickup.id].items():
            left[line] -= units
    return found


def list_taken(session: Session, vendor_id: int | None, order_numbers: Sequence[int]) -> Units:
    """Units of the vendor's (None: of anybody's) that a parcel being told to Shopify holds, that are packed for the
    shop, or that somebody wants to cancel.
    """
    parcels = select(Fulfilment.order_shopify_id, Fulfilment.quantities).where(
        *_of(Fulfilment, vendor_id, order_numbers), Fulfilment.state == FulfilmentState.REQUESTED
    )
    cancelled = select(Cancellation.order_shopify_id, Cancellation.quantities).where(
        *_of(Cancellation, vendor_id, order_numbers), Cancellation.state.in_(OPEN_CANCELLATIONS)
    )
    packed = select(Pickup.order_shopify_id, Pickup.quantities).where(*_of(Pickup, vendor_id, order_numbers), is_open())
    taken: dict[tuple[int, int], int] = {}
    for order_number, quantities in session.execute(parcels.union_all(cancelled, packed)):
        for line_id, units in quantities.items():
            key = (order_number, int(line_id))
            taken[key] = taken.get(key, 0) + int(units)
    return taken


def _of(
    model: type[Fulfilment | Cancellation | Pickup], vendor_id: int | None, order_numbers: Sequence[int]
) -> list[ColumnElement[bool]]:
    whose = [model.vendor_id == vendor_id] if vendor_id is not None else []
    return [model.order_shopify_id.in_(order_numbers), *whose]
