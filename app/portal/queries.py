"""What the home page needs to know of one vendor."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.products import Product, ProductStatus, Variant
from app.models.shops import ShopSettings
from app.models.vendors import Vendor
from app.portal.rules import Facts


def get_facts(session: Session, vendor: Vendor, *, orders_to_ship: int = 0) -> Facts:
    """Counts and yes-or-no for `rules.choose_task` and `rules.list_steps`."""
    rows = session.execute(
        select(Product.status, func.count()).where(Product.vendor_id == vendor.id).group_by(Product.status)
    )
    by_status = {str(status): count for status, count in rows}
    return Facts(
        status=vendor.status,
        terms_accepted=has_accepted_terms(vendor, session.get(ShopSettings, vendor.shop_id)),
        has_profile=bool(vendor.tagline and vendor.about),
        has_payout_details=vendor.payout_iban is not None,
        orders_to_ship=orders_to_ship,
        changes_requested=by_status.get(ProductStatus.CHANGES_REQUESTED, 0),
        drafts=by_status.get(ProductStatus.DRAFT, 0),
        in_review=by_status.get(ProductStatus.SUBMITTED, 0) + by_status.get(ProductStatus.IN_REVIEW, 0),
        published=by_status.get(ProductStatus.PUBLISHED, 0),
        sold_out=count_sold_out(session, vendor.id),
    )


def has_accepted_terms(vendor: Vendor, settings: ShopSettings | None) -> bool:
    """Whether nothing is left to accept: no terms at all, or the current version was accepted."""
    if settings is None or not settings.terms_text.strip():
        return True
    return vendor.terms_accepted_at is not None and vendor.terms_version == settings.terms_version


def count_sold_out(session: Session, vendor_id: int) -> int:
    """Products on sale of which nothing is left."""
    left = (select(Variant.product_id).where(Variant.vendor_id == vendor_id).group_by(Variant.product_id)).having(
        func.sum(Variant.stock) <= 0
    )
    query = select(func.count()).where(
        Product.vendor_id == vendor_id, Product.status == ProductStatus.PUBLISHED, Product.id.in_(left)
    )
    return session.scalar(query) or 0
