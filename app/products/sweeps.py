"""Finding, in the rows alone, every job that a lost ring or a died worker left undone."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import system
from app.models.products import (
    ImportStatus,
    Product,
    ProductImage,
    ProductImport,
    ProductProposal,
    ProductStatus,
    ProposalStatus,
    StockCall,
    StockLevel,
    Variant,
)
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.products import channels
from app.products.sync import out_of_line
from app.queue import enqueue

_PATIENCE: Final = timedelta(seconds=45)
"""How long a job may take before it is rung for again."""
_LIMIT: Final = 200


def sweep() -> int:
    """Ring for what waits in installed shops. Returns how many rings."""
    with system() as session:
        waiting = (*_list_products(), *_list_around_products())
        found = [(job, shop_id, row_id) for job, query in waiting for shop_id, row_id in _read(session, query)]
    for job, shop_id, row_id in found:
        enqueue(f"jobs.catalogue.{job}", shop_id, row_id, queue="catalogue")
    return len(found)


def _read(session: Session, query: Select[int, int]) -> list[tuple[int, int]]:
    return [(shop_id, row_id) for shop_id, row_id in session.execute(query.limit(_LIMIT))]


def _list_products() -> list[tuple[str, Select[int, int]]]:
    before = clock.now() - _PATIENCE
    products = select(Product.shop_id, Product.id).join(
        Shop, (Shop.id == Product.shop_id) & (Shop.status == ShopStatus.INSTALLED)
    )
    settled = Product.updated_at < before
    with_call = products.join(StockCall, StockCall.product_id == Product.id)
    with_vendor = products.join(Vendor, Vendor.id == Product.vendor_id).where(settled, Vendor.updated_at < before)
    return [
        ("push_product", products.where(Product.status == ProductStatus.SUBMITTED, settled)),
        ("publish_product", products.where(Product.status == ProductStatus.IN_REVIEW, Product.reviewed_at < before)),
        ("align_product", with_vendor.where(out_of_line())),
        ("follow_in_channels", products.where(channels.behind(), settled)),
        ("push_stock", _counted(products, Variant.stock_requested_at < before)),
        ("push_stock", _counted(products, StockLevel.stock_requested_at < before)),
        ("push_stock", with_call.where(StockCall.has_news, _is_due())),
        ("push_attributes", products.where(Product.attributes_wanted_at < before, Product.shopify_gid.is_not(None))),
        ("look_at_product", products.where(Product.look_wanted_at < before)),
    ]


def _list_around_products() -> list[tuple[str, Select[int, int]]]:
    """Their edits, files and pictures."""
    before = clock.now() - _PATIENCE
    return [
        (
            "apply_proposal",
            select(ProductProposal.shop_id, ProductProposal.id)
            .join(Shop, (Shop.id == ProductProposal.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(ProductProposal.status == ProposalStatus.ACCEPTED, ProductProposal.decided_at < before),
        ),
        (
            "carry_on_import",
            select(ProductImport.shop_id, ProductImport.id).where(
                ProductImport.status.in_((ImportStatus.RUNNING, ImportStatus.UNDOING)),
                ProductImport.touched_at < before,
            ),
        ),
        (
            "register_picture",
            select(ProductImage.shop_id, ProductImage.id)
            .join(Shop, (Shop.id == ProductImage.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(
                or_(ProductImage.url.is_(None), ProductImage.wanted.is_not(None)),
                ProductImage.error.is_(None),
                ProductImage.created_at < before,
            ),
        ),
    ]


def _counted(products: Select[int, int], which: ColumnElement[bool]) -> Select[int, int]:
    """Whose count Shopify has not been told, and has not refused just now."""
    query = products.join(Variant, Variant.product_id == Product.id)
    query = query.outerjoin(StockLevel, StockLevel.variant_id == Variant.id)
    query = query.outerjoin(StockCall, StockCall.product_id == Product.id)
    return query.where(which, Variant.inventory_item_gid.is_not(None), _is_due()).distinct()


def _is_due() -> ColumnElement[bool]:
    return or_(StockCall.again_at.is_(None), StockCall.again_at <= clock.now())
