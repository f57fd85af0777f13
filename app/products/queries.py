"""Reading products: what waits for a decision, one product with its parts. The long lists: app/products/listing.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models.events import AuditEntry
from app.models.products import Product, ProductImage, ProductStatus, StockCall, Variant
from app.models.vendors import Vendor
from app.products.listing import Row, read_rows


@dataclass(frozen=True, slots=True)
class Detail:
    """One product with everything that belongs to it."""

    product: Product
    vendor: Vendor
    variants: Sequence[Variant]
    images: Sequence[ProductImage]
    stock_error: str | None
    """Why Shopify did not take the last count."""


def list_by_ids(session: Session, shop_id: int, ids: Sequence[int]) -> Sequence[Row]:
    """These products of the shop, as rows of a list."""
    return read_rows(session, Product.shop_id == shop_id, Product.id.in_(ids), limit=len(ids)) if ids else ()


def count_queue(session: Session, shop_id: int) -> int:
    """How many products wait for the merchant's decision."""
    waiting = select(func.count()).where(
        Product.shop_id == shop_id, Product.status == ProductStatus.IN_REVIEW, Product.reviewed_at.is_(None)
    )
    return session.scalar(waiting) or 0


def count_by_status(session: Session, shop_id: int, vendor_id: int | None = None) -> dict[str, int]:
    """How many products there are in each status; what the staff keep off sale counts as "taken_down"."""
    is_off = (Product.status == ProductStatus.PUBLISHED) & Product.taken_down_at.is_not(None)
    standing = case((is_off, "taken_down"), else_=Product.status).label("standing")
    query = select(standing, func.count()).where(Product.shop_id == shop_id).group_by(standing)
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
        session.scalar(select(StockCall.error).where(StockCall.product_id == product.id)),
    )


def list_history(session: Session, product: Product, limit: int = 20) -> Sequence[AuditEntry]:
    """What was done to a product, newest first."""
    query = select(AuditEntry).where(
        AuditEntry.shop_id == product.shop_id,
        AuditEntry.subject_type == "product",
        AuditEntry.subject_id == product.id,
    )
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()
