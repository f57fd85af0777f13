"""Products as lists, for the vendor and for the merchant: searched, sorted, in parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Select, Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, read_page, walk_parts
from app.models.products import (
    Product,
    ProductImage,
    ProductProposal,
    ProductStatus,
    ProposalStatus,
    StockCall,
    Variant,
    is_on_sale,
)
from app.models.vendors import Vendor
from app.money import Money

PER_PAGE: Final = 50
_AT_ONCE: Final = 1_000
_EDITS: Final = {"edit_waiting": ProposalStatus.WAITING, "edit_changes": ProposalStatus.CHANGES_REQUESTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to list. `search` looks into titles, SKUs and vendor names; archived products only show when asked for.

    `status`: a product's, "taken_down" for what the staff keep off sale, "edit_waiting" and "edit_changes" for what has
    an edit that waits for the shop or for the vendor.
    """

    vendor_id: int | None = None
    search: str = ""
    status: str = ""
    sort: str = "updated"


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
    stock_error: str | None
    """Why Shopify did not take the last count."""


def list_products(
    session: Session, shop_id: int, wanted: Wanted, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[Row]:
    """The products of a shop or of one vendor."""
    query = _rows().where(*matching(shop_id, wanted.vendor_id, wanted.search, wanted.status))
    return read_page(session, query, _SORTS.get(wanted.sort, _SORTS["updated"]), place, limit=limit, make=_row)


def walk(session: Session, shop_id: int, wanted: Wanted) -> Iterator[Row]:
    """All that the list shows, a thousand at a time."""
    parts = walk_parts(lambda place: list_products(session, shop_id, wanted, place, limit=_AT_ONCE))
    for part in parts:
        yield from part.rows
        session.expunge_all()


def read_rows(session: Session, *where: ColumnElement[bool], order: Sequence[Any] = (), limit: int) -> Sequence[Row]:
    """Products as rows of a list, whichever conditions chose them."""
    return [_row(*found) for found in session.execute(_rows().where(*where).order_by(*order).limit(limit))]


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
    where.append(_stands_at(status) if status else Product.status != ProductStatus.ARCHIVED)
    return where


def _stands_at(status: str) -> ColumnElement[bool]:
    if status == "taken_down":
        return and_(Product.status == ProductStatus.PUBLISHED, Product.taken_down_at.is_not(None))
    if status in _EDITS:
        edits = select(ProductProposal.id).where(
            ProductProposal.product_id == Product.id, ProductProposal.status == _EDITS[status]
        )
        return edits.correlate(Product).exists()
    return is_on_sale() if status == ProductStatus.PUBLISHED else Product.status == status


def _of_variants(what: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(what).where(Variant.product_id == Product.id).correlate(Product).scalar_subquery()


_LOWEST: Final = _of_variants(func.min(Variant.price_minor))
_STOCK: Final = _of_variants(cast(func.coalesce(func.sum(Variant.stock), 0), BigInteger))
_PRICE_KEYS: Final = (func.coalesce(_LOWEST, 0), Product.id)
_SORTS: Final[dict[str, Sort]] = {
    "updated": Sort((Product.updated_at, Product.id), is_descending=True),
    "newest": Sort((Product.id,), is_descending=True),
    "title": Sort((func.lower(Product.title, type_=Text()), Product.id)),
    "cheapest": Sort(_PRICE_KEYS),
    "dearest": Sort(_PRICE_KEYS, is_descending=True),
    "least_stock": Sort((_STOCK, Product.id)),
    "most_stock": Sort((_STOCK, Product.id), is_descending=True),
}


def _rows() -> Select[Any]:
    picture = (
        select(ProductImage.url)
        .where(ProductImage.product_id == Product.id, ProductImage.url.is_not(None), ProductImage.live)
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    highest, count = _of_variants(func.max(Variant.price_minor)), _of_variants(func.count())
    currency = _of_variants(func.min(Variant.currency))
    refused = select(StockCall.error).where(StockCall.product_id == Product.id).correlate(Product).scalar_subquery()
    return select(Product, Vendor, picture, currency, _LOWEST, highest, _STOCK, count, refused).join(
        Vendor, Vendor.id == Product.vendor_id
    )


def _row(*found: Any) -> Row:
    """Of what `_rows` selects."""
    product, vendor, picture, currency, lowest, highest, stock, count, refused = found
    cheapest, dearest = (Money(price, currency) if price else None for price in (lowest, highest))
    return Row(product, vendor, picture, cheapest, dearest, stock, count, refused)
