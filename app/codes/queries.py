"""Reading codes and how often they were scanned."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, Subquery, Text, cast, func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.keyset import BEGINNING, Page, Place, Sort, read_page, walk_parts
from app.languages import _
from app.models.codes import QrCode, QrScans
from app.models.products import Product, is_on_sale
from app.models.shops import Shop
from app.models.vendors import Vendor

DAYS: Final = 30
PER_PAGE: Final = 50
_AT_ONCE: Final = 1_000
STATES: Final = ("", "in_use", "away")
SORTS: Final = ("newest", "lately", "scans", "name")


@dataclass(frozen=True, slots=True)
class Row:
    code: QrCode
    vendor: Vendor
    product: Product | None
    scans: int
    lately: int
    """In the last 30 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A vendor's codes or all of the shop; each word of `search` is in the name, the caption or the vendor's name."""

    vendor_id: int | None = None
    search: str = ""
    state: str = ""
    """One of STATES; all without one."""
    sort: str = "newest"
    """One of SORTS."""


def list_codes(
    session: Session, shop: Shop, wanted: Wanted, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[Row]:
    """One part of the list; newest first means what is in use before what is put away."""
    counted = _count_scans(shop.id, clock.today(shop.timezone))
    names = ("scans", "lately", "scans_before", "lately_before")
    number = {name: cast(func.coalesce(counted.c[name], 0), BigInteger) for name in names}
    query = (
        select(QrCode, Vendor, Product, number["scans"], number["lately"])
        .join(Vendor, Vendor.id == QrCode.vendor_id)
        .outerjoin(Product, Product.id == QrCode.product_id)
        .outerjoin(counted, counted.c.code_id == QrCode.id)
        .where(*_matching(shop.id, wanted))
    )
    sorts = {
        "name": Sort((func.lower(QrCode.name, type_=Text()), QrCode.id)),
        "scans": Sort((number["scans_before"], QrCode.id), is_descending=True),
        "lately": Sort((number["lately_before"], QrCode.id), is_descending=True),
    }
    in_use_first = Sort((cast(QrCode.archived_at.is_(None), Integer), QrCode.id), is_descending=True)
    return read_page(session, query, sorts.get(wanted.sort, in_use_first), place, limit=limit, make=Row)


def _count_scans(shop_id: int, today: date) -> Subquery:
    is_late, is_over = QrScans.day >= today - timedelta(days=DAYS - 1), QrScans.day < today
    return (
        select(
            QrScans.code_id,
            func.sum(QrScans.scans).label("scans"),
            func.sum(QrScans.scans).filter(is_late).label("lately"),
            # Of days that change no more: no row moves from part to part because its code is scanned meanwhile.
            func.sum(QrScans.scans).filter(is_over).label("scans_before"),
            func.sum(QrScans.scans).filter(is_late, is_over).label("lately_before"),
        )
        .where(QrScans.shop_id == shop_id)
        .group_by(QrScans.code_id)
        .subquery()
    )


def walk(session: Session, shop: Shop, wanted: Wanted) -> Iterator[Row]:
    """All of the list, a thousand at a time."""
    for part in walk_parts(lambda place: list_codes(session, shop, wanted, place=place, limit=_AT_ONCE)):
        yield from part.rows


def _matching(shop_id: int, wanted: Wanted) -> list[ColumnElement[Any]]:
    said = QrCode.name + " " + QrCode.caption + " " + Vendor.name
    where: list[ColumnElement[Any]] = [QrCode.shop_id == shop_id]
    if wanted.vendor_id is not None:
        where.append(QrCode.vendor_id == wanted.vendor_id)
    if wanted.state in {"in_use", "away"}:
        is_away = QrCode.archived_at.is_not(None)
        where.append(is_away if wanted.state == "away" else ~is_away)
    return where + [said.icontains(word, autoescape=True) for word in wanted.search.split()[:8]]


def get_code(session: Session, vendor_id: int, code_id: int) -> QrCode:
    """Raises NotFound."""
    code = session.get(QrCode, code_id)
    if code is None or code.vendor_id != vendor_id:
        raise NotFound(_("There is no such code."))
    return code


def list_chosen(
    session: Session, shop_id: int, code_ids: Collection[int], vendor_id: int | None = None
) -> Sequence[tuple[QrCode, Vendor]]:
    """The shop's codes among these, or one vendor's, newest first."""
    query = select(QrCode, Vendor).join(Vendor, Vendor.id == QrCode.vendor_id)
    query = query.where(QrCode.shop_id == shop_id, QrCode.id.in_(code_ids))
    if vendor_id is not None:
        query = query.where(QrCode.vendor_id == vendor_id)
    return [(code, vendor) for code, vendor in session.execute(query.order_by(QrCode.id.desc()))]


def count_by_day(session: Session, code_id: int, today: date) -> list[tuple[date, int]]:
    """The last 30 days, days without a scan too."""
    first = today - timedelta(days=DAYS - 1)
    query = select(QrScans.day, QrScans.scans).where(QrScans.code_id == code_id, QrScans.day >= first)
    scans = {day: int(number) for day, number in session.execute(query)}
    return [(day, scans.get(day, 0)) for day in (first + timedelta(days=n) for n in range(DAYS))]


def count_all(session: Session, code_id: int) -> int:
    return int(session.scalar(select(func.sum(QrScans.scans)).where(QrScans.code_id == code_id)) or 0)


def list_products(session: Session, vendor_id: int) -> Sequence[Product]:
    """On sale, by title."""
    on_sale = (Product.vendor_id == vendor_id, is_on_sale(), Product.handle.is_not(None))
    return session.scalars(select(Product).where(*on_sale).order_by(Product.title, Product.id).limit(1000)).all()
