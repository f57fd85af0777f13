"""/vendors"""

from typing import Annotated, Any, Final, Literal

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import Select, Text, func, or_, select

from app.api.operations import operation
from app.api.paging import Order, read_page
from app.api.shapes import Id, Listing, Moment, Page, Reason
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound
from app.models.products import Product, is_on_sale
from app.models.vendors import Vendor as Row
from app.models.vendors import VendorStatus
from app.vendors import service

_ORDERS: Final = {
    "applied_at": Order((Row.applied_at, Row.id)),
    "-applied_at": Order((Row.applied_at, Row.id), is_descending=True),
    "name": Order((func.lower(Row.name, type_=Text()), Row.id)),
    "-name": Order((func.lower(Row.name, type_=Text()), Row.id), is_descending=True),
}
Action = Literal["approve", "reject", "suspend", "reinstate", "close"]


class Vendor(msgspec.Struct, frozen=True):
    """Somebody who sells in the shop."""

    id: Id
    handle: str
    name: str
    status: VendorStatus
    status_reason: str | None
    email: str
    contact_name: str
    location: str
    country: Annotated[str, Meta(description="ISO 3166-1 alpha-2, or empty.")]
    website: str
    has_payout_details: bool
    published_products: int
    shopify_metaobject_gid: Annotated[str, Meta(description="Its public page in Shopify.")] | None
    applied_at: Moment
    approved_at: Moment | None
    updated_at: Moment


class VendorList(Listing, kw_only=True, frozen=True):
    status: VendorStatus | None = None
    search: Annotated[str, Meta(max_length=100, description="In name, e-mail and town.")] = ""
    sort: Literal["applied_at", "-applied_at", "name", "-name"] = "-applied_at"


@operation("GET", "/vendors", tag="Vendors", scope=Scope.VENDORS_READ, for_vendors=True)
def list_vendors(query: VendorList) -> Page[Vendor]:
    """List vendors.

    A vendor's token sees its own vendor only.
    """
    wanted = _select()
    if query.status:
        wanted = wanted.where(Row.status == query.status)
    if query.search:
        columns = (Row.name, Row.email, Row.location)
        wanted = wanted.where(or_(*(column.icontains(query.search, autoescape=True) for column in columns)))
    rows, cursor = read_page(g.session, wanted, _ORDERS[query.sort], query)
    return Page([_write(vendor, published) for vendor, published, *_ in rows], cursor)


@operation("GET", "/vendors/<int:vendor_id>", tag="Vendors", scope=Scope.VENDORS_READ, for_vendors=True)
def get_vendor(vendor_id: int) -> Vendor:
    """Get one vendor."""
    found = g.session.execute(_select().where(Row.id == vendor_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such vendor.")
    return _write(*found)


@operation(
    "POST",
    "/vendors/<int:vendor_id>/<any(approve, reject, suspend, reinstate, close):action>",
    tag="Vendors",
    scope=Scope.VENDORS_WRITE,
)
def decide_about_vendor(vendor_id: int, action: Action, body: Reason) -> Vendor:
    """Approve, reject, suspend, reinstate or close a vendor.

    Rejecting and suspending need a reason. The vendor is told by e-mail.
    """
    service.move(g.session, g.shop.id, vendor_id, action, actor=api.actor(), reason=body.reason)
    g.session.flush()
    return get_vendor(vendor_id)


def _select() -> Select[Any]:
    published = select(func.count()).where(Product.vendor_id == Row.id, is_on_sale()).correlate(Row).scalar_subquery()
    where = [Row.shop_id == g.shop.id]
    if g.vendor is not None:
        where.append(Row.id == g.vendor.id)
    return select(Row, published).where(*where)


def _write(row: Row, published: int) -> Vendor:
    return Vendor(
        id=row.id,
        handle=row.handle,
        name=row.name,
        status=row.status,
        status_reason=row.status_reason,
        email=row.email,
        contact_name=row.contact_name,
        location=row.location,
        country=row.country,
        website=row.website,
        has_payout_details=row.payout_account is not None,
        published_products=published,
        shopify_metaobject_gid=row.metaobject_gid,
        applied_at=row.applied_at,
        approved_at=row.approved_at,
        updated_at=row.updated_at,
    )
