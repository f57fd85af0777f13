"""Finding what a file speaks of: products of its vendor, and Shopify's categories."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models.products import OPEN_PROPOSAL, Product, ProductImage, ProductProposal, ProductStatus, Variant
from app.models.shops import Shop
from app.products import places, proposals, rules
from app.products.imports.columns import stock_at
from app.products.imports.items import Item
from app.products.imports.plans import Held
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from app.typed import read_number

_LOOK_UPS: Final = 20
"""So many categories that no product has yet are looked up for one file; each is a call that a page waits for."""
_ARCHIVED_LAST: Final = (Product.status == ProductStatus.ARCHIVED, Product.id)


def match_products(
    session: Session, shop_id: int, vendor_id: int, items: Sequence[Item]
) -> tuple[list[int | None], list[int]]:
    """For each item the vendor's product that it is about, and the places of items that fit several products.

    By number, then by handle, then by title; archived products only when nothing else fits.
    """
    numbers = [number for item in items if (number := read_number(item.number)) is not None]
    handles = [item.handle for item in items if item.handle]
    titles = [item.title.casefold() for item in items if item.title]
    found = session.execute(
        select(Product.id, Product.handle, Product.title, Product.status)
        .where(
            Product.shop_id == shop_id,
            Product.vendor_id == vendor_id,
            or_(Product.id.in_(numbers), Product.handle.in_(handles), func.lower(Product.title).in_(titles)),
        )
        .order_by(*_ARCHIVED_LAST)
    ).all()
    by_number = {str(row.id): row.id for row in found}
    by_handle = {row.handle: row.id for row in found if row.handle}
    by_title: dict[str, list[int]] = {}
    for row in found:
        held = by_title.setdefault(row.title.casefold(), [])
        if row.status != ProductStatus.ARCHIVED or not held:
            held.append(row.id)
    matched: list[int | None] = []
    unsure: list[int] = []
    for place, item in enumerate(items):
        if item.number:
            matched.append(by_number.get(item.number))
            continue
        same_title = by_title.get(item.title.casefold(), [])
        if item.handle not in by_handle and len(same_title) > 1:
            unsure.append(place)
        matched.append(by_handle.get(item.handle) or next(iter(same_title), None))
    return matched, unsure


def hold(session: Session, product_ids: Iterable[int]) -> dict[int, Held]:
    """These products as their vendor wants them now, by id: a few statements, however many there are."""
    ids = list(product_ids)
    products = session.scalars(select(Product).where(Product.id.in_(ids))).all()
    variants: dict[int, list[Variant]] = {}
    for row in session.scalars(select(Variant).where(Variant.product_id.in_(ids)).order_by(Variant.position)).all():
        variants.setdefault(row.product_id, []).append(row)
    open_edits = select(ProductProposal).where(
        ProductProposal.product_id.in_(ids), ProductProposal.status.in_(OPEN_PROPOSAL)
    )
    edits = {edit.product_id: edit.changes for edit in session.scalars(open_edits).all()}
    pictures: dict[int, list[ProductImage]] = {}
    # What an edit would add is known, too: a file that is sent twice does not add it twice.
    for image in session.scalars(select(ProductImage).where(ProductImage.product_id.in_(ids))):
        pictures.setdefault(image.product_id, []).append(image)
    found = {p.id: _held(p, variants.get(p.id, []), edits.get(p.id, {}), pictures.get(p.id, [])) for p in products}
    if products:
        shop = session.get_one(Shop, products[0].shop_id)
        _add_levels(session, shop, found, variants)
    return found


def known_categories(session: Session, shop_id: int, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Categories that products of the shop have, by name in lower case."""
    wanted = [name.casefold() for name in names]
    query = select(Product.category_gid, Product.category_name).where(
        Product.shop_id == shop_id, Product.category_gid.is_not(None), func.lower(Product.category_name).in_(wanted)
    )
    return {name.casefold(): {"gid": gid, "name": name} for gid, name in session.execute(query.distinct()) if name}


def look_up_categories(shop: ShopCredentials, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Shopify's categories with exactly these names ("Home & Garden > Decor > Vases"). No transaction may be open."""
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(set(names))[:_LOOK_UPS]:
        asked = {"search": name.rpartition(">")[2].strip(), "first": 50}
        try:
            nodes = graphql(shop, "taxonomy", asked, patience_seconds=PAGE_SECONDS)["categories"]["nodes"]
        except ShopifyError:
            break
        for node in nodes:
            if name.casefold() in {node["fullName"].casefold(), node["name"].casefold()}:
                found.setdefault(name.casefold(), {"gid": node["id"], "name": node["fullName"]})
    return found


def _add_levels(
    session: Session, shop: Shop, found: Mapping[int, Held], variants: Mapping[int, Sequence[Variant]]
) -> None:
    others = places.get_places(session, shop).others
    levels = places.list_levels(session, [row for rows in variants.values() for row in rows])
    for product_id, rows in variants.items():
        for row in rows:
            here = levels[row.id]
            found[product_id].content[f"stock {row.id}"] = places.at_first(row, here)
            for key in others:
                number = here[key].quantity if key in here else 0
                found[product_id].content[f"{stock_at(key)} {row.id}"] = number


def _held(
    product: Product, variants: Sequence[Variant], edits: Mapping[str, Any], images: Sequence[ProductImage]
) -> Held:
    content = proposals.content_of(product, variants)
    content["variants"] = [{"values": list(variant.option_values)} for variant in variants]
    proposed = [picture["gid"] for picture in (edits["pictures"][1] if "pictures" in edits else ())]
    ready = {image.id: image for image in images if image.url and (image.live or image.shopify_gid in proposed)}
    made = {key: proposals.picture_of(image) for key, image in ready.items()}
    content |= {f"picture {variant.id}": made.get(variant.image_id or 0) for variant in variants}
    content |= {name: change[1] for name, change in edits.items() if name in content}
    options = tuple(rules.Option(option["name"], tuple(option["values"])) for option in product.options)
    by_values = {tuple(v.option_values): v.id for v in variants}
    named = {image.id: frozenset(filter(None, (image.url, image.fetched_from))) for image in images}
    by_address = {address: made[key] for key in made for address in named[key]}
    return Held(product.status.value, content, options, by_values, list(named.values()), by_address)
