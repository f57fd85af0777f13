"""Finding fee invoices: by number, vendor and month of the shop's own calendar, on pages and as one table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, read_page, walk_parts
from app.models.payouts import FeeInvoice
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money

PER_PAGE: Final = 50
_AT_ONCE: Final = 1000
MOST_VENDORS: Final = 200
COLUMNS: Final = "number kind vendor issued from to net tax total currency takes_back_from".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which invoices. Every part that is given must hold."""

    words: str = ""
    """In the number or the vendor's name."""
    month: str = ""
    """Of issue, as "2026-11"."""
    vendor_id: int | None = None
    ids: tuple[int, ...] = ()
    """These alone."""
    oldest_first: bool = False


def list_invoices(
    session: Session, shop: Shop, wanted: Wanted, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[tuple[FeeInvoice, str]]:
    """Invoices with their vendors' names, newest first."""
    sort = Sort((FeeInvoice.sequence,), is_descending=not wanted.oldest_first)
    return read_page(session, _matching(shop, wanted), sort, place, limit=limit, make=lambda *found: found)


def walk(session: Session, shop: Shop, wanted: Wanted) -> Iterator[tuple[FeeInvoice, str]]:
    """Every one of them, in the list's order, a thousand at a time."""
    for part in walk_parts(lambda place: list_invoices(session, shop, wanted, place=place, limit=_AT_ONCE)):
        yield from part.rows


def list_ids(session: Session, shop: Shop, wanted: Wanted) -> Sequence[int]:
    """Of every one of them, in the order of their numbers."""
    return session.scalars(_matching(shop, wanted).with_only_columns(FeeInvoice.id).order_by(FeeInvoice.sequence)).all()


def _matching(shop: Shop, wanted: Wanted) -> Select[FeeInvoice, str]:
    query = select(FeeInvoice, Vendor.name).join(Vendor, Vendor.id == FeeInvoice.vendor_id)
    query = query.where(FeeInvoice.shop_id == shop.id)
    if wanted.vendor_id is not None:
        query = query.where(FeeInvoice.vendor_id == wanted.vendor_id)
    if wanted.ids:
        query = query.where(FeeInvoice.id.in_(wanted.ids))
    if wanted.words:
        said = (column.icontains(wanted.words, autoescape=True) for column in (FeeInvoice.number, Vendor.name))
        query = query.where(or_(*said))
    if wanted.month:
        query = query.where(_month(shop) == wanted.month)
    return query


def list_months(session: Session, shop: Shop, vendor_id: int | None = None) -> list[str]:
    """Months in which something was issued, to all or to one vendor, newest first, as "2026-11"."""
    months = select(_month(shop)).where(FeeInvoice.shop_id == shop.id).distinct()
    if vendor_id is not None:
        months = months.where(FeeInvoice.vendor_id == vendor_id)
    return sorted(session.scalars(months), reverse=True)


def list_vendors(session: Session, shop: Shop) -> list[tuple[int, str]]:
    """Vendors with invoices, by name; the first of them, when they are too many for a list."""
    query = select(Vendor.id, Vendor.name).where(Vendor.shop_id == shop.id)
    query = query.where(Vendor.id.in_(select(FeeInvoice.vendor_id).where(FeeInvoice.shop_id == shop.id)))
    return [(number, name) for number, name in session.execute(query.order_by(Vendor.name).limit(MOST_VENDORS))]


def name_file(session: Session, shop: Shop, wanted: Wanted) -> str:
    """What a file of them is called, such as "invoices-ada-2026-11" or "invoices-ticked"."""
    if wanted.ids:
        return "invoices-ticked"
    of_vendor = (Vendor.shop_id == shop.id, Vendor.id == wanted.vendor_id)
    vendor = session.scalar(select(Vendor.handle).where(*of_vendor)) if wanted.vendor_id is not None else ""
    parts = ("invoices", vendor or "", re.sub(r"[^a-z0-9]+", "-", wanted.words.lower()).strip("-"), wanted.month)
    return "-".join(filter(None, parts))


def cells_of(shop: Shop, invoice: FeeInvoice, vendor: str) -> list[object]:
    """An invoice's line in a file, by COLUMNS: amounts in major units, days of the shop's calendar."""
    issued_on = invoice.issued_at.astimezone(ZoneInfo(shop.timezone)).date()
    amounts = (invoice.net_minor, invoice.tax_minor, invoice.total.minor)
    return [
        *(invoice.number, invoice.kind, vendor, issued_on, invoice.period_from, invoice.period_to),
        *(Money(minor, invoice.currency).decimal for minor in amounts),
        *(invoice.currency, " ".join(invoice.corrects)),
    ]


def _month(shop: Shop) -> ColumnElement[str]:
    return func.to_char(func.timezone(shop.timezone, FeeInvoice.issued_at), "YYYY-MM")
