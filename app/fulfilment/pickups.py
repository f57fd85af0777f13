"""What vendors pack and the shop collects and sends: packed, collected, sent, or taken back.

Units that are packed are nobody else's to send or cancel (app/orders/left.py). What of them Shopify has refunded or
sent otherwise meanwhile is found when it is asked for, by `units_left_of`: no event has to arrive first. Sending goes
the way of every parcel (service.py), so it may be killed anywhere and makes no second one.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, events
from app.errors import Conflict, NotFound, ValidationErrors
from app.fulfilment import service
from app.fulfilment.service import Tracking
from app.languages import _
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.pickups import Pickup, PickupState
from app.models.vendors import Vendor
from app.orders.left import list_packed_units, lock_sending, units_to_send
from app.orders.packed import list_packed
from app.orders.senders import is_collected


def make_ready(
    session: Session, vendor: Vendor, part: VendorOrder, wanted: Mapping[int, int], place: str, *, actor: str
) -> Pickup:
    """Store that the vendor has packed `wanted` (units by the line's Shopify id). Raises ValidationErrors."""
    lock_sending(session, part)
    units = {line: count for line, count in wanted.items() if count}
    if problem := _check_packing(session, vendor, part, units):
        raise ValidationErrors({"items": problem})
    pickup = Pickup(
        shop_id=part.shop_id,
        vendor_id=vendor.id,
        part_id=part.id,
        order_shopify_id=part.order_shopify_id,
        quantities={str(line): count for line, count in units.items()},
        place=place.strip(),
        state=PickupState.READY,
        ready_at=clock.now(),
        ready_by=actor,
    )
    session.add(pickup)
    session.flush()
    _record(session, part, pickup, "order.packed", actor)
    events.publish(
        session,
        part.shop_id,
        "OrderReadyForPickup",
        vendor_id=part.vendor_id,
        order_id=part.order_id,
        pickup_id=pickup.id,
    )
    return pickup


def make_rest_ready(session: Session, vendor: Vendor, part: VendorOrder, place: str, *, actor: str) -> Pickup:
    """Store that all that was left of the order is packed. Raises ValidationErrors when nothing was."""
    lock_sending(session, part)
    left = units_to_send(session, part)
    if not any(left.values()):
        packed = list_packed(session, [part.id])
        raise ValidationErrors({"items": _("It is ready already.") if packed else _("Nothing of it is left to pack.")})
    return make_ready(session, vendor, part, left, place, actor=actor)


def take_back(session: Session, part: VendorOrder, pickup_id: int, *, actor: str) -> None:
    """The vendor takes back what nobody has collected. Raises NotFound, Conflict."""
    pickup = _lock(session, part, pickup_id)
    if pickup.state is not PickupState.READY:
        raise Conflict(_("The shop has collected this already. Ask the shop if something is wrong with it."))
    pickup.state, pickup.closed_at = PickupState.WITHDRAWN, clock.now()
    _record(session, part, pickup, "order.unpack", actor)
    events.publish(
        session,
        part.shop_id,
        "OrderPickupWithdrawn",
        vendor_id=part.vendor_id,
        order_id=part.order_id,
        pickup_id=pickup.id,
    )


def collect(session: Session, shop_id: int, pickup_id: int, *, actor: str) -> Pickup:
    """The shop has it now. Raises NotFound, Conflict when it is not there to collect."""
    part, pickup = _find(session, shop_id, pickup_id)
    if pickup.state is not PickupState.READY:
        raise Conflict(f"{part.name} is not waiting to be collected any more.")
    if not any(units_left_of(session, part, pickup).values()):
        raise Conflict(f"Nothing of {part.name} is left to send. Leave it with the vendor.")
    pickup.state, pickup.collected_at = PickupState.COLLECTED, clock.now()
    _record(session, part, pickup, "order.collect", actor)
    events.publish(
        session, part.shop_id, "OrderCollected", vendor_id=part.vendor_id, order_id=part.order_id, pickup_id=pickup.id
    )
    return pickup


def uncollect(session: Session, shop_id: int, pickup_id: int, *, actor: str) -> Pickup:
    """It was marked by mistake: the vendor still has it. Raises NotFound, Conflict."""
    part, pickup = _find(session, shop_id, pickup_id)
    if pickup.state is not PickupState.COLLECTED:
        raise Conflict(f"{part.name} is not here any more, so it cannot be put back.")
    pickup.state, pickup.collected_at = PickupState.READY, None
    _record(session, part, pickup, "order.uncollect", actor)
    return pickup


def ship(session: Session, shop_id: int, pickup_id: int, tracking: Tracking, *, actor: str) -> Fulfilment:
    """Store that the shop has sent what is left of it. Raises NotFound, Conflict, ValidationErrors."""
    part, pickup = _find(session, shop_id, pickup_id)
    wanted = units_left_of(session, part, pickup)
    if not any(wanted.values()):
        raise Conflict(f"Nothing of {part.name} is left to send: it was sent, refunded or taken back meanwhile.")
    refused = session.get(Fulfilment, pickup.fulfilment_id) if pickup.fulfilment_id else None
    now = clock.now()
    # Its units are free for its own parcel from here on; whatever is wrong with that rolls this back as well.
    with session.begin_nested():
        if refused is not None and refused.state is FulfilmentState.FAILED:
            refused.state = FulfilmentState.CANCELLED
        pickup.state, pickup.fulfilment_id, pickup.closed_at = PickupState.SHIPPED, None, now
        pickup.collected_at = pickup.collected_at or now
        session.flush()
        parcel = service.store_parcel(session, part, wanted, tracking, actor=actor)
        pickup.fulfilment_id = parcel.id
        session.flush()
    return parcel


def give_back(session: Session, shop_id: int, pickup_id: int, *, actor: str) -> Pickup:
    """Nothing of it is to be sent any more: the vendor has it again. Raises NotFound, Conflict while something is."""
    part, pickup = _find(session, shop_id, pickup_id)
    left = list_packed_units(session, [part]).get(pickup.id)
    if left is None or any(left.values()):
        raise Conflict(f"{part.name} is {'still to be sent' if left else 'settled already'}.")
    pickup.state, pickup.closed_at = PickupState.WITHDRAWN, clock.now()
    _record(session, part, pickup, "order.give_back", actor)
    return pickup


def units_left_of(session: Session, part: VendorOrder, pickup: Pickup) -> Mapping[int, int]:
    """Units by line that are still to be sent; empty for one that is sent or taken back."""
    return list_packed_units(session, [part]).get(pickup.id, {})


def find_place(session: Session, vendor: Vendor) -> str:
    """Where the vendor's last pickup stood, or the vendor's town: most likely the next one stands there, too."""
    last = select(Pickup.place).where(Pickup.vendor_id == vendor.id, Pickup.place != "").order_by(Pickup.id.desc())
    return session.scalar(last.limit(1)) or vendor.location


def _check_packing(session: Session, vendor: Vendor, part: VendorOrder, units: Mapping[int, int]) -> str | None:
    """What is wrong with packing these, in a sentence."""
    if not is_collected(session, vendor):
        return _("You send this yourself: the shop does not collect it.")
    if part.status == VendorOrderStatus.UNPAID:
        return _("The customer has not paid yet.")
    return service.check(session, part, units)


def _find(session: Session, shop_id: int, pickup_id: int) -> tuple[VendorOrder, Pickup]:
    known = session.get(Pickup, pickup_id)
    if known is None or known.shop_id != shop_id:
        raise NotFound("There is no such pickup.")
    part = session.get_one(VendorOrder, known.part_id)
    return part, _lock(session, part, pickup_id)


def _lock(session: Session, part: VendorOrder, pickup_id: int) -> Pickup:
    """As it is now, and nobody changes it meanwhile. Raises NotFound for another part's."""
    lock_sending(session, part)
    pickup = session.get(Pickup, pickup_id, populate_existing=True)
    if pickup is None or pickup.part_id != part.id:
        raise NotFound(_("There is no such pickup."))
    return pickup


def _record(session: Session, part: VendorOrder, pickup: Pickup, action: str, actor: str) -> None:
    subject = ("pickup", pickup.id)
    audit.record(session, part.shop_id, action, subject, actor=actor, vendor_id=part.vendor_id)
