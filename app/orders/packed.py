"""What of orders is packed for the shop to collect, or already with it. Read beside what is left to send."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Text, and_, cast, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import OrderLine, VendorOrder
from app.models.pickups import Pickup, PickupState

_WAITS: Final = (PickupState.READY, PickupState.COLLECTED)
_CAME_BACK: Final = (FulfilmentState.FAILED, FulfilmentState.CANCELLED)


def is_open() -> ColumnElement[bool]:
    """Of a Pickup: packed and not sent, or sent in a parcel that Shopify refused or that was called off."""
    its = aliased(Fulfilment)
    parcel = select(its.id).where(its.id == Pickup.fulfilment_id, its.state.in_(_CAME_BACK)).correlate(Pickup)
    return or_(Pickup.state.in_(_WAITS), and_(Pickup.state == PickupState.SHIPPED, parcel.exists()))


def is_open_in(shop_id: int) -> ColumnElement[bool]:
    """The same of a Pickup among all of a shop's: found from what waits and from the few parcels that came back, so
    that years of sent ones cost nothing.
    """
    one = aliased(Pickup)
    waits = select(one.id).where(one.shop_id == shop_id, one.state.in_(_WAITS))
    back = (
        select(one.id)
        .join(Fulfilment, Fulfilment.id == one.fulfilment_id)
        .where(Fulfilment.shop_id == shop_id, Fulfilment.state.in_(_CAME_BACK), one.state == PickupState.SHIPPED)
    )
    return Pickup.id.in_(waits.union_all(back))


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


def list_wholly_packed(session: Session, part_ids: Sequence[int]) -> Mapping[int, bool]:
    """Those parts of orders of which nothing is left to pack, and whether any of it has yet to be collected."""
    ready = select(Pickup.id).where(Pickup.part_id == VendorOrder.id, Pickup.state == PickupState.READY)
    query = select(VendorOrder.id, ready.exists().label("has_ready")).where(VendorOrder.id.in_(part_ids), ~is_to_pack())
    return {row.id: row.has_ready for row in session.execute(query)}


def count_packed() -> ScalarSelect[int]:
    """Of a VendorOrder: units that are packed and not sent."""
    packed = func.jsonb_each_text(Pickup.quantities).table_valued("line", "units").render_derived()
    query = select(func.coalesce(func.sum(cast(packed.c.units, Integer)), 0)).select_from(Pickup).join(packed, true())
    return query.where(Pickup.part_id == VendorOrder.id, is_open()).correlate(VendorOrder).scalar_subquery()
