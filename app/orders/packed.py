"""What of orders is packed for the shop to collect, or already with it. Read beside what is left to send."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Text, and_, cast, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import OrderLine, VendorOrder
from app.models.pickups import Pickup, PickupState


def is_open() -> ColumnElement[bool]:
    """Of a Pickup: packed and not sent, or sent in a parcel that Shopify refused or that was called off."""
    back = (FulfilmentState.FAILED, FulfilmentState.CANCELLED)
    its = aliased(Fulfilment)
    parcel = select(its.id).where(its.id == Pickup.fulfilment_id, its.state.in_(back)).correlate(Pickup)
    waits = Pickup.state.in_((PickupState.READY, PickupState.COLLECTED))
    return or_(waits, and_(Pickup.state == PickupState.SHIPPED, parcel.exists()))


def has_packed() -> ColumnElement[bool]:
    """Of a VendorOrder: something of it is packed and not sent."""
    return select(Pickup.id).where(Pickup.part_id == VendorOrder.id, is_open()).exists()


def is_to_pack() -> ColumnElement[bool]:
    """Of a VendorOrder that waits to be sent: not everything of it is packed for the shop."""
    units = cast(Pickup.quantities[cast(OrderLine.shopify_id, Text)].astext, Integer)
    sums = select(func.coalesce(func.sum(units), 0)).where(Pickup.part_id == VendorOrder.id, is_open())
    packed = sums.correlate(VendorOrder, OrderLine).scalar_subquery()
    mine = (OrderLine.order_id == VendorOrder.order_id, OrderLine.vendor_id == VendorOrder.vendor_id)
    lines = select(OrderLine.id).where(*mine, OrderLine.to_ship > packed)
    return or_(~has_packed(), lines.exists())


def list_packed(session: Session, part_ids: Iterable[int]) -> Mapping[int, Sequence[Pickup]]:
    """What is packed and not sent, oldest first, by the vendor's part."""
    query = select(Pickup).where(Pickup.part_id.in_(list(part_ids)), is_open()).order_by(Pickup.id)
    found: dict[int, list[Pickup]] = {}
    for pickup in session.scalars(query):
        found.setdefault(pickup.part_id, []).append(pickup)
    return found


def list_wholly_packed(session: Session, part_ids: Sequence[int]) -> frozenset[int]:
    """Those parts of orders of which nothing is left to pack."""
    return frozenset(session.scalars(select(VendorOrder.id).where(VendorOrder.id.in_(part_ids), ~is_to_pack())))


def count_packed() -> ScalarSelect[int]:
    """Of a VendorOrder: units that are packed and not sent."""
    packed = func.jsonb_each_text(Pickup.quantities).table_valued("line", "units").render_derived()
    query = select(func.coalesce(func.sum(cast(packed.c.units, Integer)), 0)).select_from(Pickup).join(packed, true())
    return query.where(Pickup.part_id == VendorOrder.id, is_open()).correlate(VendorOrder).scalar_subquery()
