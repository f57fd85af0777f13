"""What a customer's account page shows: their orders by who sends them, what comes back, and what they keep."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import Order, OrderLine, OrderReturn, VendorOrder
from app.models.reviews import VendorReview
from app.models.storefront import CustomerItem
from app.models.vendors import Vendor, VendorStatus
from app.money import Money
from app.orders.queries import by_customer
from app.orders.return_requests import GONE
from app.reviews import queries as reviews
from app.reviews import requests, rules
from app.reviews.rules import Parcel

_ORDERS: Final = 30
_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class _Around:
    """What belongs to the orders that are shown."""

    lines: Sequence[OrderLine]
    parts: Sequence[VendorOrder]
    parcels: Sequence[Fulfilment]
    returns: Sequence[OrderReturn]
    vendors: Mapping[int, Vendor]
    reviewed: Collection[int | None]
    """Ids of vendors' parts."""


def list_orders(session: Session, shop_id: int, customer_id: int, now: datetime) -> list[dict[str, Any]]:
    """The newest orders, each with the vendors' parts: state, items, parcels, and where to review; and its returns.

    `returnable`: something was sent, so that Shopify can be asked what may come back. JSON types.
    """
    query = select(Order).where(by_customer(shop_id, customer_id))
    orders = session.scalars(query.order_by(Order.ordered_at.desc(), Order.id.desc()).limit(_ORDERS)).all()
    around = _read_around(session, shop_id, orders)
    return [_order(order, around, now) for order in orders]


def _read_around(session: Session, shop_id: int, orders: Sequence[Order]) -> _Around:
    ids, numbers = [order.id for order in orders], [order.shopify_id for order in orders]
    lines = select(OrderLine).where(OrderLine.order_id.in_(ids)).order_by(OrderLine.position)
    parts = session.scalars(select(VendorOrder).where(VendorOrder.order_id.in_(ids)).order_by(VendorOrder.id)).all()
    sent = (
        Fulfilment.shop_id == shop_id,
        Fulfilment.order_shopify_id.in_(numbers),
        Fulfilment.state == FulfilmentState.CREATED,
    )
    asked = (OrderReturn.shop_id == shop_id, OrderReturn.order_shopify_id.in_(numbers), OrderReturn.status != GONE)
    sellers = select(Vendor).where(Vendor.id.in_({part.vendor_id for part in parts}))
    written = select(VendorReview.vendor_order_id).where(VendorReview.vendor_order_id.in_([part.id for part in parts]))
    return _Around(
        lines=session.scalars(lines).all(),
        parts=parts,
        parcels=session.scalars(select(Fulfilment).where(*sent).order_by(Fulfilment.fulfilled_at)).all(),
        returns=session.scalars(select(OrderReturn).where(*asked).order_by(OrderReturn.opened_at)).all(),
        vendors={vendor.id: vendor for vendor in session.scalars(sellers)},
        reviewed=set(session.scalars(written)),
    )


def _order(order: Order, around: _Around, now: datetime) -> dict[str, Any]:
    lines = [line for line in around.lines if line.order_id == order.id]
    parcels = [parcel for parcel in around.parcels if parcel.order_shopify_id == order.shopify_id]
    return {
        "id": str(order.shopify_id),
        "name": order.name,
        "on": order.ordered_at.isoformat(),
        "total": str(Money(order.total_minor, order.currency).decimal),
        "currency": order.currency,
        "parts": [
            _part(
                part,
                around.vendors[part.vendor_id],
                [line for line in lines if line.vendor_id == part.vendor_id],
                parcels,
                now,
                is_reviewed=part.id in around.reviewed,
            )
            for part in around.parts
            if part.order_id == order.id
        ],
        "others": [_item(line) for line in lines if line.vendor_id is None],
        "returnable": bool(parcels),
        "returns": [_return(back, lines) for back in around.returns if back.order_shopify_id == order.shopify_id],
    }


def find_titles(session: Session, shop_id: int, customer_id: int, order_number: int) -> dict[int, str] | None:
    """What the lines of the customer's order are called, by Shopify's number; None when it is no order of theirs."""
    mine = (by_customer(shop_id, customer_id), Order.shopify_id == order_number)
    order_id = session.scalar(select(Order.id).where(*mine))
    if order_id is None:
        return None
    lines = select(OrderLine.shopify_id, OrderLine.title).where(OrderLine.order_id == order_id)
    return dict(session.execute(lines).all())


def list_kept(session: Session, shop_id: int, customer_id: int, kind: str) -> list[dict[str, Any]]:
    """Items of one kind as the customer's devices keep them, last edited first."""
    query = select(CustomerItem.key, CustomerItem.value).where(
        CustomerItem.shop_id == shop_id,
        CustomerItem.customer_id == customer_id,
        CustomerItem.kind == kind,
        CustomerItem.value.is_not(None),
    )
    found = session.execute(query.order_by(CustomerItem.clock.desc()).limit(_KEPT)).all()
    return [{"key": key, **(value or {})} for key, value in found]


def _part(
    part: VendorOrder,
    vendor: Vendor,
    lines: Sequence[OrderLine],
    parcels: Iterable[Fulfilment],
    now: datetime,
    *,
    is_reviewed: bool,
) -> dict[str, Any]:
    mine = {str(line.shopify_id) for line in lines}
    inside = [parcel for parcel in parcels if mine & parcel.quantities.keys()]
    arrived = rules.has_arrived([Parcel(one.fulfilled_at, one.delivered_seen_at) for one in inside], now)
    may_review = arrived and (is_reviewed or not reviews.is_returned(lines))
    is_here = vendor.status is VendorStatus.APPROVED
    return {
        "vendor": vendor.name,
        "page": f"/pages/vendors/{vendor.handle}" if is_here else None,
        "state": "delivered" if any(one.delivered_seen_at for one in inside) else part.status.value,
        "items": [_item(line) for line in lines],
        "parcels": [
            {"carrier": one.carrier, "number": one.tracking_number, "url": _web_address(one.tracking_url)}
            for one in inside
            if one.tracking_number
        ],
        "review": requests.link_for(part) if may_review else None,
        "reviewed": is_reviewed,
    }


def _return(back: OrderReturn, lines: Sequence[OrderLine]) -> dict[str, Any]:
    titles = {line.shopify_id: line.title for line in lines}
    return {
        "name": back.name,
        "state": back.status,
        "reason": back.decline_reason,
        "items": [{"title": titles.get(one["line"], ""), "quantity": one["quantity"]} for one in back.lines],
    }


def _item(line: OrderLine) -> dict[str, Any]:
    return {"title": line.title, "quantity": line.quantity}


def _web_address(url: str) -> str:
    """A vendor typed it: nothing but an address of the web becomes a link."""
    return url if url.startswith(("https://", "http://")) else ""
