"""/orders and /holds"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import defer

from app.api.operations import operation
from app.api.order_lines import Line, write_lines
from app.api.paging import Order as Sorting
from app.api.paging import read_page
from app.api.shapes import Amount, Currency, Id, Listing, Moment, Page, Reason, amount, amount_of
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound, ValidationErrors
from app.ledger.queries import Movement, list_order_movements
from app.models.orders import Order as Row
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.vendors import Vendor
from app.orders import holds, queries
from app.orders.packed import count_packed, has_packed

_OF_SHOP: Final = {
    "ordered_at": Sorting((Row.ordered_at, Row.id)),
    "-ordered_at": Sorting((Row.ordered_at, Row.id), is_descending=True),
}
_OF_VENDOR: Final = {
    "ordered_at": Sorting((VendorOrder.ordered_at, VendorOrder.order_id)),
    "-ordered_at": Sorting((VendorOrder.ordered_at, VendorOrder.order_id), is_descending=True),
}
_PACKED: Final = (VendorOrder.status.in_(queries.WAITING), has_packed())
_SOONEST: Final = Sorting((VendorOrder.next_release_at, VendorOrder.id))
ShopifyId = Annotated[int, Meta(ge=1, le=2**63 - 1, description="Shopify's number of the order.")]


class OrderPart(msgspec.Struct, frozen=True):
    """One vendor's part of an order."""

    id: Id
    vendor_id: Id
    vendor_name: str
    status: VendorOrderStatus
    items: int
    items_to_ship: int
    items_on_hold: Annotated[int, Meta(description="Of those to ship, how many the shop holds back for now.")]
    items_ready_for_pickup: Annotated[
        int, Meta(description="Packed by the vendor for the shop to collect and send, or collected and not sent yet.")
    ]
    earned: Annotated[Amount, Meta(description="What the vendor has of it after refunds, at whichever stage.")]
    next_release_at: Annotated[Moment, Meta(description="When the next of its money becomes available.")] | None


class Order(msgspec.Struct, frozen=True):
    """An order with the parts that the token may see. `total` and `flags` are the merchant's."""

    shopify_id: ShopifyId
    name: Annotated[str, Meta(examples=["#1001"])]
    ordered_at: Moment
    currency: Currency
    is_test: bool
    total: Amount | None
    financial_status: str | None
    fulfillment_status: str | None
    cancelled_at: Moment | None
    flags: Annotated[list[str], Meta(description="Why its amounts do not add up; vendors' money waits meanwhile.")]
    parts: list[OrderPart]


class Standing(msgspec.Struct, frozen=True):
    """Where a vendor's money of the order stands, and why it is not available yet."""

    vendor_id: Id
    pending: Amount
    held: Amount
    reserve: Amount
    available: Amount
    total: Amount
    hold_reason: str | None
    release_at: Moment | None


class Booking(msgspec.Struct, frozen=True):
    """One entry of the ledger about this order."""

    id: Id
    vendor_id: int | None
    account: str
    kind: str
    component: str
    amount: Amount
    happened_at: Moment


class OrderDetail(msgspec.Struct, frozen=True):
    """An order down to the cent: lines, where each vendor's money stands, and every entry behind it."""

    order: Order
    lines: list[Line]
    standing: list[Standing]
    entries: list[Booking]


class Detail(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    short: Annotated[bool, Meta(description="Leave `lines` and `entries` empty.")] = False


class OrderList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None
    search: Annotated[str, Meta(max_length=100, description="In the order's number.")] = ""
    financial_status: Annotated[str, Meta(max_length=40, description="For the merchant's tokens.")] | None = None
    flagged: Annotated[bool, Meta(description="Only those that do not add up. For the merchant's tokens.")] = False
    ready_for_pickup: Annotated[bool, Meta(description="Only those of which something is packed and not sent.")] = False
    ordered_after: Moment | None = None
    ordered_before: Moment | None = None
    sort: Literal["ordered_at", "-ordered_at"] = "-ordered_at"


class Hold(msgspec.Struct, frozen=True):
    """A vendor's money of one order that waits for its return window to pass."""

    id: Id
    vendor_id: Id
    vendor_name: str
    order_shopify_id: ShopifyId
    order_name: str
    earned: Annotated[Amount, Meta(description="What the vendor has of the order in all.")]
    next_release_at: Moment


class HoldList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None


@operation("GET", "/orders", tag="Orders", scope=Scope.ORDERS_READ, for_vendors=True)
def list_orders(query: OrderList) -> Page[Order]:
    """List orders with their parts."""
    if g.vendor is not None:
        return _list_of_vendor(query)
    wanted = select(Row).where(Row.shop_id == g.shop.id, *_period(Row.ordered_at, query))
    if query.search:
        wanted = wanted.where(Row.name.icontains(query.search, autoescape=True))
    if query.financial_status:
        wanted = wanted.where(Row.financial_status == query.financial_status)
    if query.flagged:
        wanted = wanted.where(Row.flags != [])
    if query.ready_for_pickup:
        wanted = wanted.where(select(VendorOrder.id).where(VendorOrder.order_id == Row.id, *_PACKED).exists())
    if query.vendor_id:
        part = select(VendorOrder.id).where(VendorOrder.order_id == Row.id, VendorOrder.vendor_id == query.vendor_id)
        wanted = wanted.where(part.exists())
    # Shopify's whole payload is long, and no list shows it.
    rows, cursor = read_page(g.session, wanted.options(defer(Row.snapshot)), _OF_SHOP[query.sort], query)
    parts = _list_parts([row[0].id for row in rows])
    return Page([_write(row[0], parts.get(row[0].id, ())) for row in rows], cursor)


@operation("GET", "/orders/<int:shopify_id>", tag="Orders", scope=Scope.ORDERS_READ, for_vendors=True)
def get_order(shopify_id: int, query: Detail) -> OrderDetail:
    """Get one order with its split, by Shopify's id.

    A vendor's token gets that vendor's lines and entries only. An order may have thousands of them: then read it with
    `short`, and page `/orders/{shopify_id}/lines` and, with the scope ledger:read,
    `/ledger-entries?order_shopify_id=…`.
    """
    if g.vendor is None:
        row = g.session.scalars(select(Row).where(Row.shop_id == g.shop.id, Row.shopify_id == shopify_id)).one_or_none()
        if row is None:
            raise NotFound("There is no such order.")
        parts, order_id = queries.list_parts(g.session, row), row.id
        order = _write(row, _list_parts([row.id]).get(row.id, ()))
    else:
        mine = _select_parts().where(VendorOrder.order_shopify_id == shopify_id)
        found = g.session.execute(mine).one_or_none()
        if found is None:
            raise NotFound("There is no such order.")
        parts, order_id = [queries.get_part(g.session, g.vendor.id, found[0].id)], found[0].order_id
        order = _write_part_of_vendor(*found)
    lines = [] if query.short else queries.list_lines(g.session, order_id)
    entries = [] if query.short else list_order_movements(g.session, order_id)
    return OrderDetail(
        order=order,
        lines=write_lines(
            [line for line in lines if g.vendor is None or line.vendor_id],
            order.currency,
            [each.part for each in parts],
        ),
        standing=[_write_standing(part) for part in parts],
        entries=[_write_booking(movement) for movement in entries],
    )


@operation("GET", "/holds", tag="Ledger", scope=Scope.LEDGER_READ, for_vendors=True)
def list_holds(query: HoldList) -> Page[Hold]:
    """List money that waits for its return window to pass, soonest first."""
    wanted = _select_parts().where(VendorOrder.next_release_at.is_not(None))
    if query.vendor_id:
        wanted = wanted.where(VendorOrder.vendor_id == query.vendor_id)
    rows, cursor = read_page(g.session, wanted, _SOONEST, query)
    return Page([_write_hold(row[0], row[1]) for row in rows], cursor)


@operation("POST", "/holds/<int:hold_id>/release", tag="Ledger", scope=Scope.PAYOUTS_WRITE)
def release_hold(hold_id: int, body: Reason) -> OrderPart:
    """Release a hold before its time.

    Needs a reason, which stays in the log. What is still to be sent becomes available as soon as it is sent.
    """
    holds.release_hold(g.session, g.shop.id, hold_id, reason=body.reason or "", actor=api.actor())
    return _write_part(*g.session.execute(_select_parts().where(VendorOrder.id == hold_id)).one())


def _list_of_vendor(query: OrderList) -> Page[Order]:
    if query.flagged or query.financial_status is not None:
        name = "flagged" if query.flagged else "financial_status"
        raise ValidationErrors({f"?{name}": "Only a merchant's token can ask for this. Leave it out."})
    wanted = _select_parts().where(*_period(VendorOrder.ordered_at, query))
    if query.vendor_id:
        wanted = wanted.where(VendorOrder.vendor_id == query.vendor_id)
    if query.search:
        wanted = wanted.where(VendorOrder.name.icontains(query.search, autoescape=True))
    if query.ready_for_pickup:
        wanted = wanted.where(*_PACKED)
    rows, cursor = read_page(g.session, wanted, _OF_VENDOR[query.sort], query)
    return Page([_write_part_of_vendor(*row[:3]) for row in rows], cursor)


def _select_parts() -> Any:
    query = select(VendorOrder, Vendor.name, count_packed()).join(Vendor, Vendor.id == VendorOrder.vendor_id)
    query = query.where(VendorOrder.shop_id == g.shop.id)
    return query if g.vendor is None else query.where(VendorOrder.vendor_id == g.vendor.id)


def _list_parts(order_ids: Sequence[int]) -> Mapping[int, list[tuple[VendorOrder, str, int]]]:
    found: dict[int, list[tuple[VendorOrder, str, int]]] = {}
    query = _select_parts().where(VendorOrder.order_id.in_(order_ids)).order_by(VendorOrder.id)
    for part, name, packed in g.session.execute(query):
        found.setdefault(part.order_id, []).append((part, name, packed))
    return found


def _period(column: Any, query: OrderList) -> list[Any]:
    after = [column >= query.ordered_after] if query.ordered_after else []
    return [*after, *([column < query.ordered_before] if query.ordered_before else [])]


def _write(row: Row, parts: Sequence[tuple[VendorOrder, str, int]]) -> Order:
    return Order(
        shopify_id=row.shopify_id,
        name=row.name,
        ordered_at=row.ordered_at,
        currency=row.currency,
        is_test=row.test,
        total=amount(row.total_minor, row.currency),
        financial_status=row.financial_status,
        fulfillment_status=row.fulfillment_status,
        cancelled_at=row.cancelled_at,
        flags=list(row.flags),
        parts=[_write_part(*part) for part in parts],
    )


def _write_part_of_vendor(part: VendorOrder, name: str, packed: int) -> Order:
    return Order(
        shopify_id=part.order_shopify_id,
        name=part.name,
        ordered_at=part.ordered_at,
        currency=part.currency,
        is_test=part.is_test,
        total=None,
        financial_status=None,
        fulfillment_status=None,
        cancelled_at=None,
        flags=[],
        parts=[_write_part(part, name, packed)],
    )


def _write_part(part: VendorOrder, vendor_name: str, packed: int) -> OrderPart:
    return OrderPart(
        id=part.id,
        vendor_id=part.vendor_id,
        vendor_name=vendor_name,
        status=part.status,
        items=part.items_total,
        items_to_ship=part.items_to_ship,
        items_on_hold=part.items_held,
        items_ready_for_pickup=min(part.items_to_ship, packed),
        earned=amount(part.earned_minor, part.currency),
        next_release_at=part.next_release_at,
    )


def _write_standing(part: queries.VendorPart) -> Standing:
    at = part.standing
    return Standing(
        vendor_id=part.part.vendor_id,
        pending=amount_of(at.pending),
        held=amount_of(at.held),
        reserve=amount_of(at.reserve),
        available=amount_of(at.available),
        total=amount_of(at.total),
        hold_reason=at.reason.value if at.reason else None,
        release_at=at.release_at,
    )


def _write_booking(movement: Movement) -> Booking:
    entry, booking = movement.entry, movement.transaction
    return Booking(
        id=entry.id,
        vendor_id=entry.vendor_id,
        account=entry.account,
        kind=booking.kind,
        component=booking.component,
        amount=amount(entry.amount_minor, entry.currency),
        happened_at=booking.happened_at,
    )


def _write_hold(part: VendorOrder, vendor_name: str) -> Hold:
    assert part.next_release_at
    return Hold(
        id=part.id,
        vendor_id=part.vendor_id,
        vendor_name=vendor_name,
        order_shopify_id=part.order_shopify_id,
        order_name=part.name,
        earned=amount(part.earned_minor, part.currency),
        next_release_at=part.next_release_at,
    )
