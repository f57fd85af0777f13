"""A vendor's products as a file: what it says can be changed in a spreadsheet and read in again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.models.products import Product, ProductImage, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import places
from app.products.listing import matching
from app.sheets import write_line

_AT_ONCE: Final = 1_000
HEADINGS: Final = (
    "Product",
    "Status",
    "Category",
    *(f"Option {n} {part}" for n in (1, 2, 3) for part in ("name", "value")),
    "SKU",
    "Price",
    "Currency",
    "Stock",
    "Description",
    "SEO title",
    "SEO description",
    "Picture addresses",
    "Variant picture address",
    "Product number",
)


def write_csv(session: Session, shop_id: int, vendor_id: int, *, search: str = "", status: str = "") -> Iterable[str]:
    """One line per variant of the vendor's products, as the list shows them, for a spreadsheet."""
    others = places.get_places(session, session.get_one(Shop, shop_id)).others
    yield write_line([*HEADINGS, *(f"Stock at {name}" for name in others.values())])
    levels = places.list_of_vendor(session, vendor_id) if others else {}
    pictures = _pictures_of(session, vendor_id)
    wanted = select(Product.id).join(Vendor, Vendor.id == Product.vendor_id)
    for product, variant in _walk(session, wanted.where(*matching(shop_id, vendor_id, search, status))):
        here = levels.get(variant.id, {})
        shown = pictures.get(product.id, {})
        cells = _cells(product, variant, variant.stock - sum(here.values()), shown)
        yield write_line([*cells, *(here.get(key, 0) for key in others)])


def _walk(session: Session, wanted: Select[int]) -> Iterator[tuple[Product, Variant]]:
    """The variants of all products of which these are the ids, some products at a time."""
    last = 0
    while ids := session.scalars(wanted.where(Product.id > last).order_by(Product.id).limit(_AT_ONCE)).all():
        query = select(Product, Variant).join(Variant, Variant.product_id == Product.id).where(Product.id.in_(ids))
        rows = session.execute(query.order_by(Product.id, Variant.position)).all()
        yield from ((product, variant) for product, variant in rows)
        if len(ids) < _AT_ONCE:
            return
        last = ids[-1]


def _pictures_of(session: Session, vendor_id: int) -> dict[int, dict[int, str]]:
    """Addresses at which the shop serves them, by product and number."""
    query = select(ProductImage.product_id, ProductImage.id, ProductImage.url).where(
        ProductImage.vendor_id == vendor_id, ProductImage.live, ProductImage.url.is_not(None)
    )
    found: dict[int, dict[int, str]] = {}
    for product_id, image_id, address in session.execute(query.order_by(ProductImage.position, ProductImage.id)):
        found.setdefault(product_id, {})[image_id] = str(address)
    return found


def _cells(product: Product, variant: Variant, stock: int, pictures: Mapping[int, str]) -> tuple[object, ...]:
    options = [""] * 6
    for place, (option, value) in enumerate(zip(product.options, variant.option_values, strict=False)):
        options[2 * place : 2 * place + 2] = [option["name"], value]
    return (
        product.title,
        product.status.value,
        product.category_name or "",
        *options,
        variant.sku,
        # Nobody has said a price yet: an empty cell says so, too.
        str(variant.price.decimal) if variant.price_minor else "",
        variant.currency,
        stock,
        product.description_html,
        product.seo_title,
        product.seo_description,
        " ".join(pictures.values()),
        pictures.get(variant.image_id or 0, ""),
        product.id,
    )
