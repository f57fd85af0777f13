"""What Shopify tells us of products: edits in the admin, deletions, stock. Events come twice, late and out of order."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.live.channels import announce
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.money import parse_minor
from app.products import (
    currencies,
    looks,
    option_rules,
    parts,
    places,
    prices,
    proposals,
    rules,
    service,
    takedowns,
    trail,
)
from app.products.descriptions import clean_description
from app.products.sync import is_being_aligned
from app.reservations.service import announce as announce_stock
from app.shopify import payloads
from app.shopify.webhook_bodies import number_of

_MOST_TOLD: Final = 100
"""Of a product with more variants, Shopify tells these."""


def take_over_product(session: Session, shop: Shop, seen: payloads.Product, body: bytes) -> None:
    """A product was made or changed. A submitted one goes on to its review; the merchant's edits become ours.

    `body` is the same as it came.
    """
    product = _find_product(session, shop, seen.admin_graphql_api_id)
    if product is None:
        return
    if product.shopify_updated_at is None or seen.updated_at >= product.shopify_updated_at:
        _follow_staff(session, product, seen)
        product.shopify_updated_at = seen.updated_at
        product.shopify_status, product.handle = seen.status.upper(), seen.handle
        if product.status == ProductStatus.PUBLISHED:
            _take_over_currency(session, shop, product, seen)
            _take_over_content(session, shop, product, seen)
            looks.note_news(session, product, body)
    service.begin_review(session, product)


def forget_product(session: Session, shop: Shop, gid: str) -> None:
    """A product was deleted in the admin: its row stays for the books, out of sight."""
    product = _find_product(session, shop, gid)
    if product is None or product.shopify_status is None:
        return
    product.shopify_status = None
    if product.status != ProductStatus.ARCHIVED:
        service.move(
            session, product, "archive", actor="shopify", reason="It was deleted in Shopify by the shop's staff."
        )


def take_over_stock(session: Session, shop: Shop, seen: payloads.InventoryLevel) -> None:
    """A stock level changed: sold, restocked, or corrected in the admin. Newer news than ours becomes ours."""
    place = f"gid://shopify/Location/{seen.location_id}"
    location = None if shop.location_gid == place else places.find_usable(session, shop, place)
    if (location is None and shop.location_gid != place) or seen.available is None:
        return
    gid = f"gid://shopify/InventoryItem/{seen.inventory_item_id}"
    query = select(Variant).where(Variant.shop_id == shop.id, Variant.inventory_item_gid == gid)
    variant = session.scalar(query.with_for_update())
    if variant is None:
        return
    if location is None:
        is_news = places.note_first(session, variant, seen.available, seen.updated_at)
    else:
        is_news = places.note_level(session, variant, location, seen.available, seen.updated_at)
    if not is_news:
        return
    product = session.get_one(Product, variant.product_id)
    announce(session, shop.id, "StockChanged", variant.vendor_id)
    if product.shopify_gid and variant.shopify_gid:
        session.flush()
        announce_stock(session, shop.id, number_of(product.shopify_gid))


def take_over_item(session: Session, shop: Shop, seen: payloads.InventoryItem) -> None:
    """An item's SKU changed in the admin. What a product's news said since is newer."""
    gid = f"gid://shopify/InventoryItem/{seen.id}"
    query = select(Variant, Product).join(Product, Product.id == Variant.product_id)
    mine = (Variant.shop_id == shop.id, Variant.inventory_item_gid == gid)
    found = session.execute(query.where(*mine).with_for_update()).one_or_none()
    if found is None:
        return
    variant, product = found
    if product.status == ProductStatus.PUBLISHED and (
        product.shopify_updated_at is None or seen.updated_at >= product.shopify_updated_at
    ):
        variant.sku = seen.sku or ""


def _follow_staff(session: Session, product: Product, seen: payloads.Product) -> None:
    """What the staff took off sale, and somebody has made active in the admin since, is back on sale."""
    off_since, noted_at = product.taken_down_at, product.shopify_updated_at
    is_shown = product.shopify_status == "DRAFT" and seen.status.upper() == "ACTIVE"
    # Shopify tells whole seconds. News from before we hid it, which come late, say nothing about that; nor does what
    # was written in the second in which we hid it, such as an edit.
    is_later = noted_at is None or seen.updated_at > noted_at
    is_theirs = is_shown and is_later and not is_being_aligned(product)
    if is_theirs and off_since and off_since.replace(microsecond=0) <= seen.updated_at:
        with suppress(Conflict):
            takedowns.put_back(session, product, actor="shopify")


def _find_product(session: Session, shop: Shop, gid: str) -> Product | None:
    query = select(Product).where(Product.shop_id == shop.id, Product.shopify_gid == gid)
    return session.scalar(query.with_for_update())


def _take_over_currency(session: Session, shop: Shop, product: Product, seen: payloads.Product) -> None:
    """All that comes after speaks of prices in the shop's currency."""
    if len(seen.variants) < _MOST_TOLD and prices.are_old(session, product):
        told = {item.admin_graphql_api_id: item.price for item in seen.variants}
        currencies.take_over(session, shop, product, told)


def _take_over_content(session: Session, shop: Shop, product: Product, seen: payloads.Product) -> None:
    description = clean_description(seen.body_html or "")
    on_its_way = proposals.find_on_its_way(session, product)
    ours = {field: on_its_way.changes[field][1] for field in on_its_way.taken} if on_its_way else {}
    changes: dict[str, list[Any]] = {
        field: [held, now]
        for field, held, now in (
            ("title", product.title, seen.title),
            ("description_html", product.description_html, description),
        )
        # What our own job has just written is no edit of somebody else's.
        if held != now and ours.get(field.removesuffix("_html")) != now
    }
    by_gid = {item.admin_graphql_api_id: item for item in seen.variants}
    for variant in service.list_variants(session, product):
        item = by_gid.get(variant.shopify_gid or "")
        if item is None:
            continue
        price = parse_minor(item.price, shop.currency)
        is_other = variant.currency == shop.currency and price != variant.price_minor
        if is_other and ours.get(f"price {variant.id}") != price:
            # Somebody of the shop set it: that is as good as a review.
            variant.reviewed_price_minor = None
            changes[f"price {' / '.join(variant.option_values)}"] = [variant.price_minor, price]
            variant.price_minor = price
        variant.sku = item.sku or ""
    changes |= _take_over_grid(session, product, seen, ours)
    if changes:
        product.title, product.description_html = seen.title, description
        trail.record(session, product, "edit_in_shopify", "shopify", changes=changes)


def _take_over_grid(
    session: Session, product: Product, seen: payloads.Product, on_their_way: Collection[str]
) -> dict[str, list[Any]]:
    """Options that the shop's staff renamed, moved, added or took away, with their variants. Returns what changed."""
    rows = service.list_variants(session, product)
    told = seen.options and len(seen.variants) < _MOST_TOLD and all(row.shopify_gid for row in rows)
    if not told or {"options", "variants"} & set(on_their_way):
        # What our own job is just writing it also notes.
        return {}
    options, wanted = _read_options(seen), _read_variants(seen, rows[0].currency)
    now = option_rules.used(options, [each["values"] for each in wanted])
    was = option_rules.on_sale(product.options, [row.option_values for row in rows])
    changes: dict[str, list[Any]] = {"options": [was, now]} if now != was else {}
    before, after = [row.option_values for row in rows], [each["values"] for each in wanted]
    if [(row.shopify_gid, row.option_values) for row in rows] != [(each["gid"], each["values"]) for each in wanted]:
        changes["variants"] = [[" / ".join(values) for values in side] for side in (before, after)]
    if changes:
        proposals.follow_variants(session, product, wanted, now)
        product.options = now
        parts.write_variants(session, product, rows, wanted, {})
    return changes


def _read_options(seen: payloads.Product) -> list[dict[str, Any]]:
    options = [
        {"name": each.name, "values": each.values} for each in sorted(seen.options, key=lambda each: each.position)
    ]
    return [] if options == [{"name": rules.DEFAULT_OPTION, "values": [rules.DEFAULT_VALUE]}] else options


def _read_variants(seen: payloads.Product, currency: str) -> list[dict[str, Any]]:
    """As a snapshot has them, in their order."""
    return [
        {
            "values": [value for value in (each.option1, each.option2, each.option3) if value is not None],
            "price": parse_minor(each.price, currency),
            "sku": each.sku or "",
            "stock": each.inventory_quantity or 0,
            "gid": each.admin_graphql_api_id,
            "item": f"gid://shopify/InventoryItem/{each.inventory_item_id}",
        }
        for each in sorted(seen.variants, key=lambda each: each.position)
    ]
