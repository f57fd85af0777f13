"""Reading vendors for the merchant's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Text, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.events import AuditEntry
from app.models.products import Product, is_on_sale
from app.models.vendors import Vendor, VendorStatus

PER_PAGE: Final = 50
_MOST_OFFERED: Final = 200
CASES: Final = {
    "unpayable": "No payout details",
    "behind": "Page not up to date",
    "away": "On holiday",
}
"""What else vendors are looked for by, in the merchant's words."""
_SORTS: Final[dict[str, Sort]] = {
    "newest": Sort((Vendor.applied_at, Vendor.id), is_descending=True),
    "oldest": Sort((Vendor.applied_at, Vendor.id)),
    "name": Sort((func.lower(Vendor.name, type_=Text()), Vendor.id)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A vendor in the list and how many of its products are on sale."""

    vendor: Vendor
    published: int


def list_vendors(
    session: Session,
    shop_id: int,
    *,
    search: str = "",
    status: str = "",
    case: str = "",
    sort: str = "newest",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Row]:
    """Vendors of a shop; `search` looks into name, e-mail and town, `case` is one of CASES.

    Unknown `sort` means newest first.
    """
    where = [Vendor.shop_id == shop_id]
    if search:
        where.append(
            or_(*(column.icontains(search, autoescape=True) for column in (Vendor.name, Vendor.email, Vendor.location)))
        )
    if status:
        where.append(Vendor.status == status)
    if case in CASES:
        where.append(_of_case(case))
    sells = Vendor.status == VendorStatus.APPROVED
    published = select(func.count()).where(Product.vendor_id == Vendor.id, is_on_sale(), sells)
    order = _SORTS.get(sort, _SORTS["newest"])
    return read_page(
        session,
        select(Vendor, published.correlate(Vendor).scalar_subquery()).where(*where),
        order,
        place,
        limit=limit,
        make=Row,
    )


def _of_case(case: str) -> ColumnElement[bool]:
    if case == "unpayable":
        return Vendor.payout_account.is_(None) & (Vendor.status == VendorStatus.APPROVED)
    if case == "behind":
        return Vendor.sync_error.is_not(None)
    now = clock.now()
    return (Vendor.away_from <= now) & (Vendor.away_until > now)


def list_public(session: Session, shop_id: int, search: str = "", limit: int = 50) -> Sequence[Vendor]:
    """Vendors whose page is public, by name."""
    where = [Vendor.shop_id == shop_id, Vendor.status == VendorStatus.APPROVED, Vendor.metaobject_gid.is_not(None)]
    if search:
        where.append(
            or_(Vendor.name.icontains(search, autoescape=True), Vendor.tagline.icontains(search, autoescape=True))
        )
    return session.scalars(select(Vendor).where(*where).order_by(func.lower(Vendor.name)).limit(limit)).all()


def count_pending(session: Session, shop_id: int) -> int:
    """Applications that wait for a decision."""
    waiting = select(func.count()).where(Vendor.shop_id == shop_id, Vendor.status == VendorStatus.PENDING)
    return session.scalar(waiting) or 0


def offer_vendors(session: Session, shop_id: int, chosen: int | None) -> list[tuple[str, str]]:
    """Choices of a list's filter, by name. Of very many only the chosen one: the others are found by searching."""
    query = select(Vendor.id, Vendor.name).where(Vendor.shop_id == shop_id).order_by(func.lower(Vendor.name), Vendor.id)
    rows = session.execute(query.limit(_MOST_OFFERED + 1)).all()
    if len(rows) > _MOST_OFFERED:
        rows = session.execute(query.where(Vendor.id == chosen)).all()
    return [("", "All vendors"), *((str(number), name) for number, name in rows)]


def get_vendor(session: Session, shop_id: int, vendor_id: int) -> Vendor:
    vendor = session.scalar(select(Vendor).where(Vendor.shop_id == shop_id, Vendor.id == vendor_id))
    if vendor is None:
        raise NotFound("There is no such vendor.")
    return vendor


def list_history(session: Session, vendor: Vendor, limit: int = 20) -> Sequence[AuditEntry]:
    """What was done to a vendor, newest first."""
    return session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.shop_id == vendor.shop_id,
            AuditEntry.subject_type == "vendor",
            AuditEntry.subject_id == vendor.id,
        )
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).all()


def count_products(session: Session, vendor: Vendor) -> dict[str, int]:
    """The vendor's products by status."""
    found = session.execute(
        select(Product.status, func.count()).where(Product.vendor_id == vendor.id).group_by(Product.status)
    )
    return {str(status): count for status, count in found}
