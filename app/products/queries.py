"""Reading products: lists for the vendor and the merchant, the review queue, one product with its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models.events import AuditEntry
from app.models.products import Product, ProductImage, ProductStatus, Variant
from app.models.shops import ShopSettings
from app.models.vendors import Vendor
from app.money import Money

PER_PAGE: Final = 50
_SORTS: Final[dict[str, tuple[Any, ...]]] = {
    "newest": (Product.id.desc(),),
    "updated": (Product.updated_at.desc(), Product.id.desc()),
    "title": (func.lower(Product.title), Product.id),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A product in a list: whose it is, its first picture, its prices from and to, and what is in stock."""

    product: Product
    vendor: Vendor
    picture: str | None
    price_from: Money | None
    price_to: Money | None
    stock: int
    variants: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row]
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, slots=True)
class Detail:
    """One product with everything that belongs to it."""

    product: Product
    vendor: Vendor
    variants: Sequence[Variant]
    images: Sequence[ProductImage]


def list_products(
    session: Session,
    shop_id: int,
    *,
    vendor_id: int | None = None,
    search: str = "",
    status: str = "",
    sort: str = "updated",
    page: int = 1,
) -> Page:
    """Products of a shop or of one vendor; `search` looks into titles, SKUs and vendor names.

    Archived ones only show when `status` asks for them.
    """
    where = matching(shop_id, vendor_id, search, status)
    total = session.scalar(select(func.count()).select_from(Product).join(Vendor).where(*where)) or 0
    query = _rows().where(*where).order_by(*_SORTS.get(sort, _SORTS["updated"]))
    return Page(_read_rows(session, query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)), total)


def list_queue(session: Session, shop_id: int, *, vendor_id: int | None = None) -> Sequence[Row]:
    """What waits for the merchant's decision, longest waiting first; at most 200."""
    where = [*matching(shop_id, vendor_id, "", ProductStatus.IN_REVIEW), Product.reviewed_at.is_(None)]
    return _read_rows(session, _rows().where(*where).order_by(Product.submitted_at, Product.id).limit(200))


def list_by_ids(session: Session, shop_id: int, ids: Sequence[int]) -> Sequence[Row]:
    """These products of the shop, as rows of a list."""
    return _read_rows(session, _rows().where(Product.shop_id == shop_id, Product.id.in_(ids))) if ids else ()


def count_queue(session: Session, shop_id: int) -> int:
    """How many products wait for the merchant's decision."""
    waiting = select(func.count()).where(
        Product.shop_id == shop_id, Product.status == ProductStatus.IN_REVIEW, Product.reviewed_at.is_(None)
    )
    return session.scalar(waiting) or 0


def count_by_status(session: Session, shop_id: int, vendor_id: int | None = None) -> dict[str, int]:
    """How many products there are in each status."""
    query = select(Product.status, func.count()).where(Product.shop_id == shop_id).group_by(Product.status)
    if vendor_id is not None:
        query = query.where(Product.vendor_id == vendor_id)
    return {str(status): count for status, count in session.execute(query)}


def get_detail(session: Session, shop_id: int, product_id: int, *, vendor_id: int | None = None) -> Detail:
    """Raises NotFound for another shop's or another vendor's product."""
    where = [Product.shop_id == shop_id, Product.id == product_id]
    if vendor_id is not None:
        where.append(Product.vendor_id == vendor_id)
    found = session.execute(select(Product, Vendor).join(Vendor).where(*where)).one_or_none()
    if found is None:
        raise NotFound("There is no such product.")
    product, vendor = found
    variants = select(Variant).where(Variant.product_id == product.id).order_by(Variant.position, Variant.id)
    images = select(ProductImage).where(ProductImage.product_id == product.id, ProductImage.live.is_(True))
    return Detail(
        product,
        vendor,
        session.scalars(variants).all(),
        session.scalars(images.order_by(ProductImage.position, ProductImage.id)).all(),
    )


def get_review_rules(session: Session, shop_id: int) -> ShopSettings:
    """What the merchant lets through without a review."""
    return session.get_one(ShopSettings, shop_id)


def list_history(session: Session, product: Product, limit: int = 20) -> Sequence[AuditEntry]:
    """What was done to a product, newest first."""
    query = select(AuditEntry).where(
        AuditEntry.shop_id == product.shop_id,
        AuditEntry.subject_type == "product",
        AuditEntry.subject_id == product.id,
    )
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()


def matching(shop_id: int, vendor_id: int | None, search: str, status: str) -> list[ColumnElement[bool]]:
    """Conditions on products joined with their vendors, as the lists' search and filter mean them."""
    where: list[ColumnElement[bool]] = [Product.shop_id == shop_id]
    if vendor_id is not None:
        where.append(Product.vendor_id == vendor_id)
    if search:
        with_sku = (
            select(Variant.product_id)
            .where(Variant.product_id == Product.id, Variant.sku.icontains(search, autoescape=True))
            .correlate(Product)
        )
        where.append(
            or_(
                Product.title.icontains(search, autoescape=True),
                Vendor.name.icontains(search, autoescape=True),
                with_sku.exists(),
            )
        )
    where.append(Product.status == status if status else Product.status != ProductStatus.ARCHIVED)
    return where


def _rows() -> Select[Any]:
    of_product = Variant.product_id == Product.id
    currency = select(func.min(Variant.currency)).where(of_product).correlate(Product).scalar_subquery()
    lowest = select(func.min(Variant.price_minor)).where(of_product).correlate(Product).scalar_subquery()
    highest = select(func.max(Variant.price_minor)).where(of_product).correlate(Product).scalar_subquery()
    stock = select(func.coalesce(func.sum(Variant.stock), 0)).where(of_product).correlate(Product).scalar_subquery()
    count = select(func.count()).where(of_product).correlate(Product).scalar_subquery()
    picture = (
        select(ProductImage.url)
        .where(ProductImage.product_id == Product.id, ProductImage.url.is_not(None), ProductImage.live)
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    return select(Product, Vendor, picture, currency, lowest, highest, stock, count).join(
        Vendor, Vendor.id == Product.vendor_id
    )


def _read_rows(session: Session, query: Select[Any]) -> Sequence[Row]:
    return [
        Row(
            product,
            vendor,
            picture,
            Money(lowest, currency) if lowest else None,
            Money(highest, currency) if highest else None,
            int(stock),
            count,
        )
        for product, vendor, picture, currency, lowest, highest, stock, count in session.execute(query)
    ]
