"""/products"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import Select, Text, func, or_, select

from app.api.operations import operation
from app.api.paging import Order, read_page
from app.api.shapes import Amount, Id, Listing, Moment, Page, Reason, amount
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound, ValidationErrors
from app.models.products import Product as Row
from app.models.products import ProductStatus, StockLevel, Variant
from app.models.vendors import Vendor
from app.products import desk, places, queries, service
from app.products.forms import MAX_STOCK

_ORDERS: Final = {
    "created_at": Order((Row.id,)),
    "-created_at": Order((Row.id,), is_descending=True),
    "updated_at": Order((Row.updated_at, Row.id)),
    "-updated_at": Order((Row.updated_at, Row.id), is_descending=True),
    "title": Order((func.lower(Row.title, type_=Text()), Row.id)),
}


class Product(msgspec.Struct, frozen=True):
    """What a vendor sells."""

    id: Id
    vendor_id: Id
    vendor_name: str
    title: str
    status: ProductStatus
    status_reason: str | None
    product_type: str
    category: str | None
    tags: list[str]
    stock: Annotated[int, Meta(description="Of all variants together.")]
    variants: Annotated[int, Meta(description="How many there are.")]
    shopify_gid: str | None
    handle: str | None
    submitted_at: Moment | None
    published_at: Moment | None
    taken_down_at: Annotated[Moment, Meta(description="Since when the shop keeps it off sale.")] | None
    taken_down_reason: Annotated[str, Meta(description="What the vendor was told.")] | None
    updated_at: Moment


class StockAt(msgspec.Struct, frozen=True):
    """What lies at one location."""

    location_id: Annotated[int, Meta(description="Null: the shop's first location.")] | None
    location: str
    stock: int


class ProductVariant(msgspec.Struct, frozen=True):
    id: Id
    option_values: list[str]
    sku: str
    price: Amount
    stock: Annotated[int, Meta(description="At all locations together.")]
    stock_at: Annotated[list[StockAt], Meta(description="By location, the shop's first one first.")]
    shopify_gid: str | None


class ProductDetail(msgspec.Struct, frozen=True):
    """A product with its variants."""

    product: Product
    variants: list[ProductVariant]


class StockCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many units of a variant lie at a location."""

    variant_id: Id
    stock: Annotated[int, Meta(ge=0, le=MAX_STOCK)]
    location_id: Annotated[Id, Meta(description="Left out: the shop's first location.")] | None = None


class StockWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was counted. What is not named stays as it is."""

    counts: Annotated[list[StockCount], Meta(min_length=1, max_length=2000)]


class ProductList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None
    status: ProductStatus | None = None
    taken_down: (
        Annotated[bool, Meta(description="True: only what the shop keeps off sale. False: only what it does not.")]
        | None
    ) = None
    search: Annotated[str, Meta(max_length=100, description="In titles and SKUs.")] = ""
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at", "title"] = "-created_at"


@operation("GET", "/products", tag="Products", scope=Scope.PRODUCTS_READ, for_vendors=True)
def list_products(query: ProductList) -> Page[Product]:
    """List products."""
    wanted = _select()
    if query.vendor_id:
        wanted = wanted.where(Row.vendor_id == query.vendor_id)
    if query.status:
        wanted = wanted.where(Row.status == query.status)
    if query.taken_down is not None:
        is_off = Row.taken_down_at.is_not(None)
        wanted = wanted.where(is_off if query.taken_down else ~is_off)
    if query.search:
        with_sku = select(Variant.id).where(
            Variant.product_id == Row.id, Variant.sku.icontains(query.search, autoescape=True)
        )
        wanted = wanted.where(or_(Row.title.icontains(query.search, autoescape=True), with_sku.exists()))
    rows, cursor = read_page(g.session, wanted, _ORDERS[query.sort], query)
    return Page([_write(*row[:4]) for row in rows], cursor)


@operation("GET", "/products/<int:product_id>", tag="Products", scope=Scope.PRODUCTS_READ, for_vendors=True)
def get_product(product_id: int) -> ProductDetail:
    """Get one product with its variants."""
    found = g.session.execute(_select().where(Row.id == product_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such product.")
    detail = queries.get_detail(g.session, g.shop.id, product_id, vendor_id=g.token.vendor_id)
    at, levels = places.get_places(g.session, g.shop), places.list_levels(g.session, detail.variants)
    return ProductDetail(_write(*found), [_write_variant(v, at, levels[v.id]) for v in detail.variants])


@operation("PUT", "/products/<int:product_id>/stock", tag="Products", scope=Scope.STOCK_WRITE, for_vendors=True)
def count_stock(product_id: int, body: StockWanted) -> ProductDetail:
    """Tell what was counted.

    It is on its way to Shopify at once. What is sold meanwhile is kept: two more on the shelf are two more than there
    are then.
    """
    product = service.lock_product(g.session, g.shop.id, product_id, vendor_id=g.token.vendor_id)
    known = {variant.id for variant in service.list_variants(g.session, product)}
    others = places.get_places(g.session, g.shop).others
    counted: dict[tuple[int, int | None], int] = {}
    for at, count in enumerate(body.counts):
        if count.variant_id not in known:
            raise ValidationErrors({f"#/counts/{at}/variant_id": "The product has no such variant."})
        if count.location_id is not None and count.location_id not in others:
            raise ValidationErrors({f"#/counts/{at}/location_id": "Vendors keep no stock at this location."})
        if (count.variant_id, count.location_id) in counted:
            raise ValidationErrors({f"#/counts/{at}": "Count a variant once at each location."})
        counted[count.variant_id, count.location_id] = count.stock
    first = {variant: stock for (variant, place), stock in counted.items() if place is None}
    elsewhere = {(variant, place): stock for (variant, place), stock in counted.items() if place is not None}
    service.set_stock(g.session, product, first, actor=api.actor(), elsewhere=elsewhere)
    return get_product(product_id)


@operation(
    "POST",
    "/products/<int:product_id>/<any(approve, ask_for_changes, reject, take_down, put_back):action>",
    tag="Products",
    scope=Scope.PRODUCTS_WRITE,
)
def decide_about_product(product_id: int, action: str, body: Reason) -> ProductDetail:
    """Approve a product, ask for changes, or reject it; take it off sale, or put it back.

    All but approving and putting back need a reason. An approved product is on sale as soon as Shopify shows it: look
    at `status`. One that you take off sale stays `published`, with `taken_down_at`, until you put it back.
    """
    product = service.lock_product(g.session, g.shop.id, product_id)
    desk.ACTIONS[action](g.session, product, body.reason or "", api.actor())
    g.session.flush()
    return get_product(product_id)


def _select() -> Select[Any]:
    of_product = Variant.product_id == Row.id
    stock = select(func.coalesce(func.sum(Variant.stock), 0)).where(of_product).correlate(Row).scalar_subquery()
    count = select(func.count()).where(of_product).correlate(Row).scalar_subquery()
    query = select(Row, Vendor.name, stock, count).join(Vendor, Vendor.id == Row.vendor_id)
    query = query.where(Row.shop_id == g.shop.id)
    return query if g.vendor is None else query.where(Row.vendor_id == g.vendor.id)


def _write_variant(variant: Variant, at: places.Places, levels: Mapping[int, StockLevel]) -> ProductVariant:
    elsewhere = [
        StockAt(number, name, levels[number].quantity if number in levels else 0) for number, name in at.others.items()
    ]
    return ProductVariant(
        id=variant.id,
        option_values=variant.option_values,
        sku=variant.sku,
        price=amount(variant.price_minor, variant.currency),
        stock=variant.stock,
        stock_at=[StockAt(None, at.main, places.at_first(variant, levels)), *elsewhere],
        shopify_gid=variant.shopify_gid,
    )


def _write(row: Row, vendor_name: str, stock: int, variants: int) -> Product:
    return Product(
        id=row.id,
        vendor_id=row.vendor_id,
        vendor_name=vendor_name,
        title=row.title,
        status=row.status,
        status_reason=row.status_reason,
        product_type=row.product_type,
        category=row.category_name,
        tags=row.tags,
        stock=int(stock),
        variants=variants,
        shopify_gid=row.shopify_gid,
        handle=row.handle,
        submitted_at=row.submitted_at,
        published_at=row.published_at,
        taken_down_at=row.taken_down_at,
        taken_down_reason=row.taken_down_reason,
        updated_at=row.updated_at,
    )
