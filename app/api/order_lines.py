"""/orders/{Shopify's id}/lines"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import select

from app.api.operations import operation
from app.api.paging import Order as Sorting
from app.api.paging import read_page
from app.api.shapes import Amount, Id, Listing, Page, amount
from app.auth.scopes import Scope
from app.errors import NotFound
from app.models.orders import Order, OrderLine, VendorOrder
from app.orders.inscriptions import Inscriptions, list_for_vendor, list_inscriptions
from app.orders.reasons import say_reason

_IN_TURN: Final = Sorting((OrderLine.position, OrderLine.id))


class Property(msgspec.Struct, frozen=True):
    name: str
    value: str


class Line(msgspec.Struct, frozen=True):
    """A line, and how its money is shared: gross less the vendor's discount is the base of the commission."""

    shopify_id: Id
    vendor_id: Annotated[int, Meta(description="Null: the store's own goods.")] | None
    title: str
    sku: str
    quantity: int
    current_quantity: int
    gross: Amount
    vendor_discount: Amount
    market_discount: Amount
    tax: Amount
    commission_base: Amount
    commission: Amount
    tax_on_commission: Amount
    vendor_gets: Amount
    rule_number: int | None
    rule_version: int | None
    reason: Annotated[str, Meta(description="Why that rule fired.")]
    hold_days: Annotated[int, Meta(description="For how many days after its parcel the vendor's money waits.")]
    properties: Annotated[
        list[Property], Meta(description="What the customer wrote; for a vendor while they see the name.")
    ]


@operation("GET", "/orders/<int:shopify_id>/lines", tag="Orders", scope=Scope.ORDERS_READ, for_vendors=True)
def list_order_lines(shopify_id: int, query: Listing) -> Page[Line]:
    """List the lines of one order, as the order has them.

    A vendor's token gets that vendor's only.
    """
    wanted, parts = select(OrderLine).where(OrderLine.shop_id == g.shop.id), list[VendorOrder]()
    if g.vendor is None:
        of_shop = (Order.shop_id == g.shop.id, Order.shopify_id == shopify_id)
        found = g.session.execute(select(Order.id, Order.currency).where(*of_shop)).one_or_none()
    else:
        of_vendor = (VendorOrder.vendor_id == g.vendor.id, VendorOrder.order_shopify_id == shopify_id)
        parts = list(g.session.scalars(select(VendorOrder).where(*of_vendor)))
        found = (parts[0].order_id, parts[0].currency) if parts else None
        wanted = wanted.where(OrderLine.vendor_id == g.vendor.id)
    if found is None:
        raise NotFound("There is no such order.")
    order_id, currency = found
    rows, cursor = read_page(g.session, wanted.where(OrderLine.order_id == order_id), _IN_TURN, query)
    return Page(write_lines([row[0] for row in rows], currency, parts), cursor)


def write_lines(lines: Sequence[OrderLine], currency: str, parts: Iterable[VendorOrder]) -> list[Line]:
    """With what the customer wrote on them; for a vendor, of the own `parts` and while they may know who."""
    written = list_for_vendor(parts, lines) if g.vendor else list_inscriptions(g.shop.id, lines)
    return [_write(line, currency, written) for line in lines]


def _write(line: OrderLine, currency: str, written: Inscriptions) -> Line:
    return Line(
        shopify_id=line.shopify_id,
        vendor_id=line.vendor_id,
        title=line.title,
        sku=line.sku,
        quantity=line.quantity,
        current_quantity=line.current_quantity,
        gross=amount(line.gross_minor, currency),
        vendor_discount=amount(line.vendor_discount_minor, currency),
        market_discount=amount(line.market_discount_minor, currency),
        tax=amount(line.tax_minor, currency),
        commission_base=amount(line.base_minor, currency),
        commission=amount(line.fee_minor, currency),
        tax_on_commission=amount(line.fee_tax_minor, currency),
        vendor_gets=amount(line.vendor_minor, currency),
        rule_number=line.rule["id"] if line.rule else None,
        rule_version=line.rule["version"] if line.rule else None,
        reason=say_reason(line),
        hold_days=line.hold_days,
        properties=[Property(one.name, one.value) for one in written.get(line.shopify_id, ())],
    )
