"""/pickups: what vendors have packed for the shop, and what becomes of it. The same as on the merchant's pages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal

import msgspec
from flask import g
from msgspec import Meta

from app.api.operations import operation
from app.api.orders import ShopifyId
from app.api.paging import Order, read_page
from app.api.parcels import ParcelLine, Tracked, check_tracking
from app.api.shapes import Id, Listing, Moment, Page
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound, ValidationErrors
from app.fulfilment import pickups
from app.fulfilment.pickup_list import Row, Wanted, matching, select_rows, units_of
from app.models.pickups import Pickup as Stored
from app.orders.left import list_packed_units

State = Literal["ready", "collected", "refused", "gone", "sending", "sent", "withdrawn"]
_STATES: Final = (
    "`ready` at the vendor's, `collected` by the shop, `sending` while Shopify is being told, then `sent` or `refused`;"
    " `gone` when nothing of it is left to send, `withdrawn` when the vendor has it again."
)
_OLDEST: Final = Order((Stored.ready_at, Stored.id))
_MOVES: Final = {"collect": pickups.collect, "uncollect": pickups.uncollect, "give_back": pickups.give_back}


class Pickup(msgspec.Struct, frozen=True):
    """What a vendor has packed of one order for the shop to collect."""

    id: Id
    order_shopify_id: ShopifyId
    order_name: str
    vendor_id: Id
    vendor_name: str
    state: Annotated[State, Meta(description=_STATES)]
    lines: Annotated[list[ParcelLine], Meta(description="What is still to be sent of it, else what was packed.")]
    place: Annotated[str, Meta(description="Where it stands, in the vendor's words.")]
    ready_at: Moment
    collected_at: Moment | None
    parcel_id: Annotated[int, Meta(description="Its parcel, once it is sent.")] | None


class PickupList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None
    state: (
        Annotated[
            Literal["ready", "collected", "refused", "gone", "sent", "withdrawn"],
            Meta(description="Left out: all open."),
        ]
        | None
    ) = None
    search: Annotated[str, Meta(max_length=100, description="In numbers, names, places, titles and SKUs.")] = ""


@operation("GET", "/pickups", tag="Orders", scope=Scope.PARCELS_READ)
def list_pickups(query: PickupList) -> Page[Pickup]:
    """List what is packed for the shop, the oldest first."""
    wanted = Wanted(search=query.search, state=query.state or "", vendor_id=query.vendor_id)
    found = select_rows(g.shop.id).where(*matching(g.shop.id, wanted))
    rows, cursor = read_page(g.session, found, _OLDEST, query)
    return Page(_write([Row(*row[:4]) for row in rows]), cursor)


@operation("GET", "/pickups/<int:pickup_id>", tag="Orders", scope=Scope.PARCELS_READ)
def get_pickup(pickup_id: int) -> Pickup:
    """Get one pickup."""
    found = g.session.execute(select_rows(g.shop.id).where(Stored.id == pickup_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such pickup.")
    return _write([Row(*found)])[0]


@operation(
    "POST",
    "/pickups/<int:pickup_id>/<any(collect, uncollect, give_back):action>",
    tag="Orders",
    scope=Scope.PARCELS_WRITE,
)
def change_pickup(pickup_id: int, action: str) -> Pickup:
    """Say that a pickup is collected, that it is not after all, or that the vendor has it again.

    Only that of which nothing is left to send is given back; what is ready the vendor takes back.
    """
    _MOVES[action](g.session, g.shop.id, pickup_id, actor=api.actor())
    g.session.flush()
    return get_pickup(pickup_id)


@operation("POST", "/pickups/<int:pickup_id>/ship", tag="Orders", scope=Scope.PARCELS_WRITE)
def ship_pickup(pickup_id: int, body: Tracked) -> Pickup:
    """Tell that what is left of a pickup has left, collected before or not.

    It is stored at once and told to Shopify, which then tells the customer. Look at `state` afterwards.
    """
    tracking = check_tracking(body)
    try:
        pickups.ship(g.session, g.shop.id, pickup_id, tracking, actor=api.actor())
    except ValidationErrors as refused:
        raise ValidationErrors({"#": refused.errors["items"]}) from None
    return get_pickup(pickup_id)


def _write(rows: Sequence[Row]) -> list[Pickup]:
    left = list_packed_units(g.session, [row.part for row in rows])
    return [_write_one(row, left.get(row.pickup.id)) for row in rows]


def _write_one(row: Row, left: Mapping[int, int] | None) -> Pickup:
    pickup = row.pickup
    units, is_gone = units_of(pickup, left)
    return Pickup(
        id=pickup.id,
        order_shopify_id=pickup.order_shopify_id,
        order_name=row.part.name,
        vendor_id=pickup.vendor_id,
        vendor_name=row.vendor_name,
        state=replace(row, is_gone=is_gone).state,  # type: ignore[arg-type]
        lines=[ParcelLine(line, count) for line, count in units.items() if count],
        place=pickup.place,
        ready_at=pickup.ready_at,
        collected_at=pickup.collected_at,
        parcel_id=pickup.fulfilment_id,
    )
