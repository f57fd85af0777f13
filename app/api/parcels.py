"""/orders/…/parcels: what a warehouse has to send, and what it has sent. The same as in the vendor portal."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.api.operations import operation
from app.api.orders import ShopifyId
from app.api.shapes import Id, Moment
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound, ValidationErrors
from app.fulfilment import service
from app.fulfilment.forms import ShipForm
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import Order, OrderLine, VendorOrder, VendorOrderStatus
from app.models.vendors import Vendor
from app.orders.left import units_held, units_left
from app.orders.senders import address_for

_DELIVER_TO = (
    "Name and address, line by line; empty when nothing is left, and for a vendor from whom the shop collects."
)
Units = Annotated[int, Meta(ge=1, le=1_000_000)]


class ParcelLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many units of a line."""

    line_id: Annotated[int, Meta(ge=1, le=2**63 - 1, description="Shopify's id of the line.")]
    quantity: Units


class LineToSend(msgspec.Struct, frozen=True):
    line_id: Annotated[int, Meta(description="Shopify's id of the line.")]
    title: str
    sku: str
    quantity: Annotated[int, Meta(description="Units that are neither sent, refunded nor cancelled.")]
    on_hold: Annotated[int, Meta(description="Of those, how many the shop holds back for now.")]


class PartToSend(msgspec.Struct, frozen=True):
    """What a vendor has still to send of the order, and where to."""

    vendor_id: Id
    status: VendorOrderStatus
    deliver_to: Annotated[list[str], Meta(description=_DELIVER_TO)]
    lines: list[LineToSend]


class Parcel(msgspec.Struct, frozen=True):
    """A parcel. `requested` until Shopify has it, then `created`; `failed` when Shopify refused it: see `error`."""

    id: Id
    order_shopify_id: ShopifyId
    vendor_id: Annotated[int, Meta(description="Null when it holds several vendors' goods.")] | None
    shopify_id: Annotated[int, Meta(description="Shopify's id of the fulfillment.")] | None
    state: FulfilmentState
    lines: list[ParcelLine]
    carrier: str
    tracking_number: str
    tracking_url: str
    shipment_status: Annotated[str, Meta(description="As the carrier tells it.", examples=["in_transit"])]
    error: str | None
    sent_at: Moment


class OrderParcels(msgspec.Struct, frozen=True):
    """What is left to send of an order, and its parcels, oldest first. A vendor's token gets that vendor's."""

    order_shopify_id: ShopifyId
    order_name: str
    parts: list[PartToSend]
    parcels: list[Parcel]


class Tracked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a parcel travels."""

    carrier: Annotated[str, Meta(description="As Shopify spells it, then it makes the link.", examples=["UPS"])] = ""
    tracking_number: str = ""
    tracking_url: Annotated[str, Meta(description="https://, for carriers that Shopify does not know.")] = ""


class ParcelWanted(Tracked, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A parcel that has left."""

    lines: Annotated[list[ParcelLine], Meta(min_length=1, description="Left out: everything that is left.")] | None = (
        None
    )
    vendor_id: Annotated[int, Meta(description="Whose part, for a merchant's token.")] | None = None


@operation("GET", "/orders/<int:shopify_id>/parcels", tag="Orders", scope=Scope.PARCELS_READ, for_vendors=True)
def list_parcels(shopify_id: int) -> OrderParcels:
    """See what is left to send of an order, where to, and what was sent."""
    parts = g.session.scalars(_parts_of(shopify_id).order_by(VendorOrder.id)).all()
    if not parts:
        raise NotFound("There is no such order.")
    wanted = select(Fulfilment).where(Fulfilment.shop_id == g.shop.id, Fulfilment.order_shopify_id == shopify_id)
    if g.vendor is not None:
        wanted = wanted.where(Fulfilment.vendor_id == g.vendor.id)
    parcels = g.session.scalars(wanted.order_by(Fulfilment.fulfilled_at, Fulfilment.id))
    return OrderParcels(shopify_id, parts[0].name, [_write_part(part) for part in parts], [_write(p) for p in parcels])


@operation(
    "POST",
    "/orders/<int:shopify_id>/parcels",
    tag="Orders",
    scope=Scope.PARCELS_WRITE,
    for_vendors=True,
    located="/orders/{0.order_shopify_id}/parcels",
)
def send_parcel(shopify_id: int, body: ParcelWanted) -> Parcel:
    """Tell that a parcel has left.

    It is stored at once and told to Shopify, which then tells the customer. Look at `state` afterwards.
    """
    vendor = _find_vendor(body.vendor_id)
    part = g.session.scalars(_parts_of(shopify_id).where(VendorOrder.vendor_id == vendor.id)).one_or_none()
    if part is None:
        raise NotFound("There is no such order.")
    units, tracking, actor = _count(body.lines), check_tracking(body), api.actor()
    try:
        if units is None:
            parcel = service.request_rest(g.session, vendor, part, tracking, actor=actor)
        else:
            parcel = service.request_shipment(g.session, vendor, part, units, tracking, actor=actor)
    except ValidationErrors as refused:
        raise ValidationErrors({"lines": refused.errors["items"]}) from None
    return _write(parcel)


def _find_vendor(named: int | None) -> Vendor:
    """Whose parcel it is: the token's vendor, or whom the merchant's token names."""
    if g.vendor is not None:
        if named not in {None, g.vendor.id}:
            raise NotFound("There is no such vendor.")
        vendor: Vendor = g.vendor
        return vendor
    if named is None:
        raise ValidationErrors({"vendor_id": "Say whose part of the order was sent."})
    found: Vendor | None = g.session.get(Vendor, named)
    if found is None or found.shop_id != g.shop.id:
        raise NotFound("There is no such vendor.")
    return found


def check_tracking(body: Tracked) -> service.Tracking:
    """By the rules of the portal's form. Raises ValidationErrors."""
    typed = {name: getattr(body, name).strip() for name in ("carrier", "tracking_number", "tracking_url")}
    form = ShipForm(MultiDict(typed))
    if not form.validate():
        raise ValidationErrors({field.name: str(field.errors[0]) for field in form if field.errors})
    return service.Tracking(*typed.values())


def _count(lines: Sequence[ParcelLine] | None) -> dict[int, int] | None:
    """Units by line; None for everything that is left."""
    units = None if lines is None else {line.line_id: line.quantity for line in lines}
    if lines and units and len(units) < len(lines):
        raise ValidationErrors({"lines": "Name each line once."})
    return units


def _parts_of(shopify_id: int) -> Any:
    if g.vendor is not None:  # who sees no orders, only parts
        return select(VendorOrder).where(
            VendorOrder.vendor_id == g.vendor.id, VendorOrder.order_shopify_id == shopify_id
        )
    order = (Order.shop_id == g.shop.id, Order.shopify_id == shopify_id)
    return select(VendorOrder).join(Order, Order.id == VendorOrder.order_id).where(*order)


def _write_part(part: VendorOrder) -> PartToSend:
    left, held = units_left(g.session, part), units_held(part)
    mine = (OrderLine.order_id == part.order_id, OrderLine.vendor_id == part.vendor_id)
    rows = g.session.scalars(select(OrderLine).where(*mine).order_by(OrderLine.position, OrderLine.id))
    lines = [
        LineToSend(row.shopify_id, row.title, row.sku, units, min(units, held.get(row.shopify_id, 0)))
        for row in rows
        if (units := left.get(row.shopify_id, 0))
    ]
    deliver_to = list(part.ship_to) if g.vendor is None else address_for(g.session, g.vendor, part)
    return PartToSend(part.vendor_id, part.status, deliver_to if lines else [], lines)


def _write(parcel: Fulfilment) -> Parcel:
    return Parcel(
        id=parcel.id,
        order_shopify_id=parcel.order_shopify_id,
        vendor_id=parcel.vendor_id,
        shopify_id=parcel.shopify_id,
        state=parcel.state,
        lines=[ParcelLine(int(line), int(units)) for line, units in parcel.quantities.items() if units],
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        tracking_url=parcel.tracking_url,
        shipment_status=parcel.shipment_status,
        error=parcel.error,
        sent_at=parcel.fulfilled_at,
    )
