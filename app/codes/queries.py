"""Reading codes and how often they were scanned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.languages import _
from app.models.codes import QrCode, QrScans
from app.models.products import Product, ProductStatus
from app.models.vendors import Vendor

DAYS = 30


@dataclass(frozen=True, slots=True)
class Row:
    code: QrCode
    vendor: Vendor
    product: Product | None
    scans: int
    lately: int
    """In the last 30 days."""


def list_codes(
    session: Session, shop_id: int, today: date, *, vendor_id: int | None = None, search: str = ""
) -> list[Row]:
    """What is in use first, newest first; a vendor's or all of the shop."""
    since = today - timedelta(days=DAYS - 1)
    counted = (
        select(
            QrScans.code_id,
            func.sum(QrScans.scans).label("scans"),
            func.coalesce(func.sum(QrScans.scans).filter(QrScans.day >= since), 0).label("lately"),
        )
        .where(QrScans.shop_id == shop_id)
        .group_by(QrScans.code_id)
        .subquery()
    )
    query = (
        select(QrCode, Vendor, Product, func.coalesce(counted.c.scans, 0), func.coalesce(counted.c.lately, 0))
        .join(Vendor, Vendor.id == QrCode.vendor_id)
        .outerjoin(Product, Product.id == QrCode.product_id)
        .outerjoin(counted, counted.c.code_id == QrCode.id)
        .where(QrCode.shop_id == shop_id)
        .order_by(QrCode.archived_at.is_not(None), QrCode.id.desc())
        .limit(500)
    )
    if vendor_id is not None:
        query = query.where(QrCode.vendor_id == vendor_id)
    for word in search.split()[:8]:
        query = query.where((QrCode.name + " " + QrCode.caption + " " + Vendor.name).icontains(word, autoescape=True))
    return [Row(code, vendor, product, int(n), int(m)) for code, vendor, product, n, m in session.execute(query).all()]


def get_code(session: Session, vendor_id: int, code_id: int) -> QrCode:
    """Raises NotFound."""
    code = session.get(QrCode, code_id)
    if code is None or code.vendor_id != vendor_id:
        raise NotFound(_("There is no such code."))
    return code


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
    on_sale = (Product.vendor_id == vendor_id, Product.status == ProductStatus.PUBLISHED, Product.handle.is_not(None))
    return session.scalars(select(Product).where(*on_sale).order_by(Product.title, Product.id).limit(1000)).all()
