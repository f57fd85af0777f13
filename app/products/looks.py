"""What the news of a product on sale leave out: words for search engines, the category's name, pictures as they are.

products/update comes at every sale, too. So of each body a mark is kept, its counts apart: one that differs from the
one before by counts alone is a sale. Of anything else, and of a body that says what the last one did, Shopify is asked
at once. What staff changed at the moment of a sale may be in the same news: within the hour Shopify is asked, too.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped
from app.models.products import Product, ProductProposal, ProductStatus
from app.models.shops import Shop
from app.products import proposal_rules as rules
from app.products import proposals, service, trail, variant_pictures
from app.products.proposal_sync import read_look
from app.queue import enqueue_after_commit
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

_COUNTS = ("inventory_quantity", "old_inventory_quantity")
_AFTER_A_SALE = timedelta(hours=1)
_JOB = "jobs.catalogue.look_at_product"
log = structlog.get_logger()


def note_news(session: Session, product: Product, body: bytes) -> None:
    """News of a product on sale came: have it looked at now; within the hour, by the sweep, if only its stock moved."""
    words, counts = _read_marks(body)
    words_before, _, counts_before = (product.news_mark or "").partition(" ")
    product.news_mark = f"{words} {counts}"
    if words == words_before and counts != counts_before:
        product.look_wanted_at = product.look_wanted_at or clock.now() + _AFTER_A_SALE
        return
    product.look_wanted_at = clock.now()
    enqueue_after_commit(session, _JOB, product.shop_id, product.id, queue="catalogue")


def look(shop_id: int, product_id: int) -> None:
    """Read a product on sale and take over what staff changed in its category, search words and pictures.

    While an edit is on its way nothing is looked at: its job looks itself, and the sweep comes back. Raises
    ShopifyError when trying again later may help.
    """
    with scoped(shop_id) as session:
        product, shop = session.get(Product, product_id), session.get_one(Shop, shop_id)
        if product is None or product.look_wanted_at is None or _is_being_edited(session, product):
            return
        wanted_at, gid, before = product.look_wanted_at, product.shopify_gid, _last_applied(session, product)
        mark = product.news_mark
        credentials = ShopCredentials(shop.id, shop.domain)
    try:
        found = graphql(credentials, "productLook", {"id": gid})
    except ShopifyError as error:
        if not error.permanent:
            raise
        log.warning("product_not_looked_at", product=product_id, error=error.message)
        found = None
    with scoped(shop_id) as session:
        product = service.lock_product(session, shop_id, product_id)
        if product.look_wanted_at != wanted_at:
            return  # news came since, and what another look at them read is newer
        if _is_being_edited(session, product) or _last_applied(session, product) != before:
            return  # what was read may be older than what our own job has written since
        if found and product.status == ProductStatus.PUBLISHED:
            _take_over(session, product, found)
        # A sale since: what came with it may not have been read yet.
        product.look_wanted_at = None if product.news_mark == mark else clock.now() + _AFTER_A_SALE


def _take_over(session: Session, product: Product, found: dict[str, Any]) -> None:
    variants, images = service.list_variants(session, product), service.list_images(session, product)
    now = read_look(found, variants)
    media = found["media"]
    is_made = all((node["preview"] or {}).get("image") for node in media["nodes"]) and all(row.url for row in images)
    if not is_made or media["pageInfo"]["hasNextPage"]:
        # Pictures that are still being made, or more than were read, would seem to be gone.
        now = {field: value for field, value in now.items() if not _is_picture(field)}
    changes = rules.differences(proposals.content_of(product, variants, images), now)
    if not changes:
        return
    service.write_fields(session, product, {field: change[1] for field, change in changes.items()})
    if any(_is_picture(field) for field in changes):
        variant_pictures.note_told(variants, service.list_images(session, product))
    trail.record(session, product, "edit_in_shopify", "shopify", changes=changes)


def _is_picture(field: str) -> bool:
    return field == "pictures" or rules.variant_of(field)[0] == "picture"


def _is_being_edited(session: Session, product: Product) -> bool:
    return proposals.find_on_its_way(session, product) is not None


def _last_applied(session: Session, product: Product) -> Any:
    query = select(func.max(ProductProposal.applied_at)).where(ProductProposal.product_id == product.id)
    return session.scalar(query)


def _read_marks(body: bytes) -> tuple[str, str]:
    """Of all that a body says but times and counts, and of its counts."""
    said: dict[str, Any] = msgspec.json.decode(body)
    variants = said.get("variants") or []
    counts = [[each.pop(name, None) for name in _COUNTS] for each in variants]
    for each in (said, *variants):
        each.pop("updated_at", None)
    # They name variants with the times of their last sale.
    said.pop("variant_gids", None)
    return _mark(said), _mark(counts)


def _mark(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
