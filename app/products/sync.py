"""Products in Shopify: made from our rows, published, taken down, restocked.

A product is named in Shopify by our own unique metafield (`$app.listing`, a random key made with the row), not by its
handle, which a merchant may already use for another product, and not by its gid, which a job that died after the call
never learnt. So a repeated job changes the product that its first run made and never makes a second one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.money import Money
from app.products import channels, parts, places, prices, rules, service, variant_pictures
from app.queue import enqueue_after_commit
from app.shopify.client import graphql
from app.shopify.definitions import LISTING_KEY, PRODUCT_KEY
from app.shopify.definitions import PRODUCT_NAMESPACE as NAMESPACE
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.tokens import ShopCredentials
from app.vendors.holidays import hidden_now, is_hidden_now

_LONGEST_CALL: Final = timedelta(minutes=3)
"""Of a job that has told Shopify for longer, nothing more comes."""
_WORDS: Final = ("title", "descriptionHtml", "seo", "category", "metafields")
"""What is told again only when it is another than was told: what staff made of it meanwhile stays."""


def push_product(shop_id: int, product_id: int) -> None:
    """Make a submitted product in Shopify, or bring it up to date there, as a draft; then its review begins.

    Raises ShopifyError when trying again later may help. What Shopify refuses goes back to the vendor with its words.
    """
    with scoped(shop_id) as session:
        product, shop = session.get(Product, product_id), session.get_one(Shop, shop_id)
        if product is None or product.status != ProductStatus.SUBMITTED or prices.are_old(session, product):
            return
        vendor = session.get_one(Vendor, product.vendor_id)
        if vendor.metaobject_gid is None or shop.location_gid is None:
            # The sweep comes back: the vendor's page and the shop's location are being made by jobs of their own.
            return
        credentials = ShopCredentials(shop.id, shop.domain)
        content = _content(session, shop, vendor, product)
        asked = {"identifier": _identifier(product), "input": _untold(product, content)}
    try:
        made = graphql(credentials, "productSet", asked)["product"]
        shown = _note_made(shop_id, product_id, made, content)
        variant_pictures.write_variant_pictures(credentials, made["id"], made["variants"]["nodes"], shown)
    except ShopifyUserErrors as refusal:
        _give_back(shop_id, product_id, refusal)
        return
    except ShopifyError as error:
        if error.permanent:
            _note_failure(shop_id, product_id, error)
        raise
    with scoped(shop_id) as session:
        product = service.lock_product(session, shop_id, product_id)
        variant_pictures.note_told(service.list_variants(session, product), service.list_images(session, product))
        service.tell_attributes(session, product)
        service.tell_stock(session, product)
        service.begin_review(session, product)


def _identifier(product: Product) -> dict[str, Any]:
    if product.shopify_status is not None:
        return {"id": product.shopify_gid}
    return {"customId": {"namespace": NAMESPACE, "key": LISTING_KEY, "value": product.listing_key}}


def _untold(product: Product, content: dict[str, Any]) -> dict[str, Any]:
    told = product.content_told if product.shopify_status is not None else {}
    return {key: value for key, value in content.items() if told.get(key) != value}


def _note_made(shop_id: int, product_id: int, made: dict[str, Any], content: dict[str, Any]) -> dict[str, str | None]:
    """Keep what Shopify answered. Returns the pictures that its variants are to show, by gid."""
    with scoped(shop_id) as session:
        product = service.lock_product(session, shop_id, product_id)
        _note(product, made)
        product.vendor_told, product.content_told = content["vendor"], {key: content[key] for key in _WORDS}
        variants = service.list_variants(session, product)
        parts.note_variants(variants, made)
        return variant_pictures.of_rows(variants, service.list_images(session, product))


def publish_product(shop_id: int, product_id: int) -> None:
    """Put an approved product on sale: active, and in the shop's sales channels. Raises ShopifyError."""
    with scoped(shop_id) as session:
        product, shop = session.get(Product, product_id), session.get_one(Shop, shop_id)
        if product is None or product.status != ProductStatus.IN_REVIEW or product.reviewed_at is None:
            return
        if prices.are_old(session, product):
            return
        if product.shopify_gid is None or shop.publication_gid is None:
            return
        credentials, gid, version = ShopCredentials(shop.id, shop.domain), product.shopify_gid, shop.channels_version
        targets = channels.list_targets(shop)
    try:
        made = graphql(credentials, "productUpdate", {"product": {"id": gid, "status": "ACTIVE"}})["product"]
        graphql(credentials, "publishablePublish", {"id": gid, "input": targets})
    except ShopifyError as error:
        if error.permanent:
            _undo_approval(shop_id, product_id, error)
        raise
    with scoped(shop_id) as session:
        product = service.lock_product(session, shop_id, product_id)
        _note(product, made)
        product.channels_version = version
        service.finish_publishing(session, product)


def align_product(shop_id: int, product_id: int) -> None:
    """Bring what Shopify shows in line with our rows: hidden or shown, and under its vendor's present name.

    Raises ShopifyError. One job at a time is at it: of two calls that overlap the earlier one may arrive last. Whoever
    finds another at work leaves it to that one, which looks again as soon as Shopify has answered.
    """
    told: dict[str, Any] = {}
    made: dict[str, Any] = {}
    while True:
        with scoped(shop_id) as session:
            product, shop = session.get(Product, product_id, with_for_update=True), session.get_one(Shop, shop_id)
            if product is None or product.shopify_gid is None or product.shopify_status is None:
                return
            if told:
                _note_aligned(product, made, told)
            elif is_being_aligned(product):
                return
            changes = _find_changes(session, product)
            if not changes or changes == told:  # the same again: Shopify would not, and the sweep asks once more
                product.aligning_since = None
                return
            # Noted beforehand: if this job dies of its call, the product is still shown when its vendor is back.
            product.hidden_with_vendor |= _hides(product, changes)
            product.aligning_since, told = clock.now(), changes
            credentials, gid = ShopCredentials(shop.id, shop.domain), product.shopify_gid
        try:
            made = graphql(credentials, "productUpdate", {"product": {"id": gid, **told}})["product"]
        except ShopifyError as error:
            if error.permanent:  # of any other, the call may still arrive
                _let_others(shop_id, product_id)
            raise


def _let_others(shop_id: int, product_id: int) -> None:
    with scoped(shop_id) as session:
        service.lock_product(session, shop_id, product_id).aligning_since = None


def is_being_aligned(product: Product) -> bool:
    """Whether a job is telling Shopify to show or hide it: what news say of that meanwhile may be our own doing."""
    since = product.aligning_since
    # A clock that was set back meanwhile makes it no longer.
    return since is not None and abs(clock.now() - since) < _LONGEST_CALL


def _find_changes(session: Session, product: Product) -> dict[str, Any]:
    """What Shopify has to be told of a product in it, so that it shows what it should."""
    vendor = session.get_one(Vendor, product.vendor_id)
    sells = vendor.status == VendorStatus.APPROVED and not is_hidden_now(vendor, clock.now())
    status = rules.wanted_visibility(
        product.status,
        product.shopify_status or "",
        may_sell=sells and product.taken_down_at is None,
        hidden=product.hidden_with_vendor,
    )
    renamed = product.vendor_told != vendor.name
    return ({"status": status} if status else {}) | ({"vendor": vendor.name} if renamed else {})


def _hides(product: Product, changes: dict[str, Any]) -> bool:
    return product.status == ProductStatus.PUBLISHED and changes.get("status") == "DRAFT"


def _note_aligned(product: Product, made: dict[str, Any], told: dict[str, Any]) -> None:
    _note(product, made)
    product.vendor_told = told.get("vendor", product.vendor_told)
    if "status" in told:
        product.hidden_with_vendor = _hides(product, told)


def follow_vendor(shop_id: int, vendor_id: int) -> None:
    """A vendor was paused, closed, renamed, left on holiday, or is back: so are the products. Raises ShopifyError."""
    with scoped(shop_id) as session:
        waiting = select(Product.id).join(Vendor, Vendor.id == Product.vendor_id)
        ids = session.scalars(waiting.where(Vendor.id == vendor_id, out_of_line())).all()
    for product_id in ids:
        align_product(shop_id, product_id)


def out_of_line() -> ColumnElement[bool]:
    """Of products joined with their vendors: those that Shopify shows otherwise than they should be shown."""
    on_sale = Product.status == ProductStatus.PUBLISHED
    may_sell = and_(Vendor.status == VendorStatus.APPROVED, ~hidden_now(clock.now()), Product.taken_down_at.is_(None))
    return and_(
        Product.shopify_status.is_not(None),
        or_(
            and_(Product.shopify_status == "ACTIVE", ~and_(on_sale, may_sell)),
            and_(Product.hidden_with_vendor, on_sale, may_sell),
            Product.vendor_told.is_distinct_from(Vendor.name),
        ),
    )


def _content(session: Session, shop: Shop, vendor: Vendor, product: Product) -> dict[str, Any]:
    """ProductSetInput. Lists replace what Shopify holds."""
    variants = service.list_variants(session, product)
    elsewhere = places.list_levels(session, variants)
    options = product.options or [{"name": rules.DEFAULT_OPTION, "values": [rules.DEFAULT_VALUE]}]
    return {
        **parts.words_of(product),
        "vendor": vendor.name,
        "status": "DRAFT",
        "productOptions": [
            {"name": option["name"], "position": place, "values": [{"name": value} for value in option["values"]]}
            for place, option in enumerate(options, start=1)
        ],
        "variants": [
            _variant_content(shop, options, variant, places.at_first(variant, elsewhere[variant.id]))
            for variant in variants
        ],
        "files": [
            {"id": image.shopify_gid, "alt": image.alt}
            for image in service.list_images(session, product)
            if image.shopify_gid and image.url
        ],
        "metafields": [
            {
                "namespace": NAMESPACE,
                "key": PRODUCT_KEY,
                "type": "metaobject_reference",
                "value": vendor.metaobject_gid,
            },
            {"namespace": NAMESPACE, "key": LISTING_KEY, "type": "id", "value": product.listing_key},
        ],
    }


def _variant_content(shop: Shop, options: Sequence[dict[str, Any]], variant: Variant, first: int) -> dict[str, Any]:
    return {
        "position": variant.position,
        "optionValues": [
            {"optionName": option["name"], "name": value}
            for option, value in zip(options, variant.option_values, strict=True)
        ],
        "price": str(Money(variant.price_minor, variant.currency).decimal),
        "inventoryItem": {"sku": variant.sku, "tracked": True},
        "inventoryPolicy": "DENY",
        "inventoryQuantities": [{"locationId": shop.location_gid, "name": "available", "quantity": first}],
    }


def _note(product: Product, made: dict[str, Any]) -> None:
    """Keep what Shopify answered about a product."""
    product.shopify_gid, product.handle, product.shopify_status = made["id"], made["handle"], made["status"]
    seen_at = datetime.fromisoformat(made["updatedAt"])
    product.shopify_updated_at = max(product.shopify_updated_at or seen_at, seen_at)
    product.sync_error = None


def _give_back(shop_id: int, product_id: int, refusal: ShopifyUserErrors) -> None:
    words = " ".join(error.message for error in refusal.errors)
    with scoped(shop_id) as session:
        product = service.lock_product(session, shop_id, product_id)
        if refusal.has_code("PRODUCT_DOES_NOT_EXIST"):
            # Deleted in the admin, and the news of it is still on its way: it is made anew.
            product.shopify_status = None
            enqueue_after_commit(session, "jobs.catalogue.push_product", shop_id, product_id, queue="catalogue")
        elif product.status == ProductStatus.SUBMITTED:
            service.move(session, product, "refuse", actor="shopify", reason=words)
            product.sync_error = words


def _note_failure(shop_id: int, product_id: int, error: ShopifyError) -> None:
    """Nothing that the vendor could mend: the shop's staff are shown it, and the sweep tries again."""
    with scoped(shop_id) as session:
        service.lock_product(session, shop_id, product_id).sync_error = error.message


def _undo_approval(shop_id: int, product_id: int, error: ShopifyError) -> None:
    with scoped(shop_id) as session:
        product = service.lock_product(session, shop_id, product_id)
        product.reviewed_at, product.sync_error = None, error.message
