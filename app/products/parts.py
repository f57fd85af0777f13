"""A product's words as Shopify names them; its pictures and variants, written into its rows as a snapshot has them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.models.products import Product, ProductImage, Variant
from app.products import option_rules, places, proposal_rules


def words_of(product: Product) -> dict[str, Any]:
    """A product's words, named as in Shopify."""
    return {
        "title": product.title,
        "descriptionHtml": product.description_html,
        "seo": {"title": product.seo_title, "description": product.seo_description},
        "category": product.category_gid,
    }


def write_pictures(
    session: Session, product: Product, rows: Sequence[ProductImage], wanted: Sequence[dict[str, Any]]
) -> None:
    """Make these the pictures. What somebody added in Shopify gets a row; live ones that are not among them go."""
    held = {row.shopify_gid: row for row in rows if row.shopify_gid}
    for position, picture in enumerate(wanted, start=1):
        row = held.pop(picture["gid"], None)
        if row is None:
            name = picture["url"].partition("?")[0].rpartition("/")[2]
            named = {"filename": name, "source_url": picture["url"], "shopify_gid": picture["gid"]}
            row = ProductImage(**_owner(product), **named)
            session.add(row)
        row.position, row.alt, row.url, row.live = position, picture["alt"], picture["url"], True
    for row in held.values():
        if row.live:
            session.delete(row)


def drop_staged_pictures(session: Session, product_id: int, *, added_before: datetime | None = None) -> None:
    """Forget pictures that were added to an edit which came to nothing, or went without them.

    Those of a file that are being fetched become an edit of their own. `added_before` leaves those of an edit that its
    vendor is still writing, and those of a file that could not be fetched: only the form tells of them.
    """
    staged = delete(ProductImage).where(ProductImage.product_id == product_id, ProductImage.live.is_(False))
    if added_before is None:
        staged = staged.where(ProductImage.wanted.is_(None) | ProductImage.error.is_not(None))
    else:
        staged = staged.where(ProductImage.wanted.is_(None), ProductImage.created_at < added_before)
    session.execute(staged)


def end_staged_pictures(session: Session, product_id: int, *, keep: bool) -> None:
    """No edit of a product that is off sale takes pictures. With `keep` those of a file become the draft's own."""
    if keep:
        fetched = (
            ProductImage.product_id == product_id,
            ProductImage.wanted.is_not(None),
            ProductImage.error.is_(None),
        )
        for image in session.scalars(select(ProductImage).where(*fetched)).all():
            shows = [each for each in (image.wanted or {})["for"] if isinstance(each, int)]
            session.execute(update(Variant).where(Variant.id.in_(shows)).values(image_id=image.id))
            image.live, image.wanted = True, None
        session.flush()
    session.execute(delete(ProductImage).where(ProductImage.product_id == product_id, ProductImage.live.is_(False)))


def write_variants(
    session: Session,
    product: Product,
    rows: Sequence[Variant],
    wanted: Sequence[dict[str, Any]],
    image_ids: Mapping[str, int],
) -> None:
    """Make these the variants: known ones keep their row, and so their stock; what is not among them goes."""
    # What Shopify's staff renamed is told by its id, what a vendor wants by its values.
    by_gid = {row.shopify_gid: row for row in rows}
    told = {each["gid"] for each in wanted if "gid" in each}
    held = {tuple(row.option_values): row for row in rows if row.shopify_gid not in told}
    kept: set[int] = set()
    if product.options:
        product.options = option_rules.used(product.options, [each["values"] for each in wanted])
    for position, each in enumerate(wanted, start=1):
        row = (by_gid.get(each["gid"]) if "gid" in each else None) or held.get(tuple(each["values"]))
        if row is None and "price" in each:
            # What lies where of one that staff made is still to be read.
            said = {"price_minor": each["price"], "sku": each["sku"], "stock": 0 if "gid" in each else each["stock"]}
            ids = {"shopify_gid": each.get("gid"), "inventory_item_gid": each.get("item")}
            ids["image_id"] = image_ids.get((each.get("picture") or {}).get("gid", ""))
            row = Variant(**_owner(product), **said, **ids, currency=rows[0].currency, option_values=each["values"])
            session.add(row)
        elif row is not None:
            row.option_values = list(each["values"])
            if each.get("gid", row.shopify_gid) != row.shopify_gid:
                # Staff took it away and made it anew.
                row.shopify_gid, row.inventory_item_gid, row.picture_told = each["gid"], each["item"], None
                row.price_minor, row.reviewed_price_minor, row.sku = each["price"], None, each["sku"]
            kept.add(row.id)
        if row is not None:
            row.position = position
    for row in rows:
        if row.id not in kept:
            session.delete(row)
    session.flush()
    if told - by_gid.keys():
        places.read_again(session, product)


def write_grid(
    session: Session,
    product: Product,
    rows: Sequence[Variant],
    options: option_rules.Options | None,
    variants: Sequence[dict[str, Any]] | None,
    image_ids: Mapping[str, int],
) -> None:
    """Write an edit of options, of variants or of both: its variants speak the names that the rows have now.

    `image_ids`: our pictures of the product by Shopify's names for them.
    """
    live = option_rules.on_sale(product.options, [row.option_values for row in rows])
    if variants is not None and not all("gid" in each for each in variants):
        there = {"options": live, "variants": [{"values": row.option_values} for row in rows]}
        variants = proposal_rules.still_fit(variants, there) or None
    if options is not None and option_rules.fits(live, options):
        write_options(product, rows, options)
        variants = variants and [
            {**each, "values": option_rules.translate(each["values"], live, options)} for each in variants
        ]
    if variants is not None:
        write_variants(session, product, rows, variants, image_ids)


def write_options(product: Product, rows: Sequence[Variant], wanted: option_rules.Options) -> None:
    """Make these the names and the order of a product's options; its variants follow, each in its own row.

    An edit that does not fit what is on sale any more changes nothing.
    """
    live = option_rules.on_sale(product.options, [row.option_values for row in rows])
    if not option_rules.fits(live, wanted):
        return
    for row in rows:
        row.option_values = option_rules.translate(row.option_values, live, wanted)
    ranked = sorted(rows, key=lambda row: option_rules.rank(row.option_values, wanted))
    for position, row in enumerate(ranked, start=1):
        row.position = position
    product.options = [{"name": option["name"], "values": list(option["values"])} for option in wanted]


def note_variants(rows: Sequence[Variant], made: dict[str, Any]) -> None:
    """Keep Shopify's names for variants that it has just made from these rows, stock included."""
    nodes = made["variants"]["nodes"]
    by_values = {tuple(option["value"] for option in node["selectedOptions"]): node for node in nodes}
    for variant in rows:
        node = by_values.get(tuple(variant.option_values))
        if node is not None:
            if variant.shopify_gid != node["id"]:
                variant.picture_told = None
            variant.shopify_gid, variant.inventory_item_gid = node["id"], node["inventoryItem"]["id"]
            variant.stock_requested_at = variant.stock_before = None
            variant.stock_updated_at = datetime.fromisoformat(made["updatedAt"])


def _owner(product: Product) -> dict[str, int]:
    return {"shop_id": product.shop_id, "vendor_id": product.vendor_id, "product_id": product.id}
