"""Products: find, write, publish, delete, and tell the app. Admin, checkout and API all come through here."""

import re
from collections.abc import Iterable
from html import unescape

from devstore import inventory
from devstore.clock import iso
from devstore.metaobjects import slug
from devstore.product_payloads import available, payload
from devstore.store import Doc, Store
from devstore.webhooks import emit

ONLINE_STORE = "Online Store"


def find_variant(store: Store, shop: str, variant_id: int) -> tuple[Doc, Doc] | None:
    """(product, variant); the variant is a part of the product that is returned."""
    known = store.get(shop, "variant", variant_id)
    product = store.get(shop, "product", known["product_id"]) if known else None
    for variant in product["variants"] if product else []:
        if product and variant["id"] == variant_id:
            return product, variant
    return None


def save_product(store: Store, shop: str, product: Doc) -> Doc:
    """Write a product, new when the store does not know its `id`, and emit `products/create` or `products/update`."""
    with store.transaction():
        before = store.get(shop, "product", product["id"])
        stored = store.put(shop, "product", {**product, "updated_at": iso(store.clock.now())})
        _index(store, shop, before, stored)
        emit(store, shop, "products/update" if before else "products/create", payload(stored))
        _tell_levels(store, shop, before, stored)
        return stored


def delete_product(store: Store, shop: str, product: Doc) -> None:
    with store.transaction():
        _index(store, shop, product, None)
        store.delete(shop, "product", product["id"])
        for collection in store.all(shop, "collection"):
            if product["id"] in collection["product_ids"]:
                kept = [each for each in collection["product_ids"] if each != product["id"]]
                store.put(shop, "collection", {**collection, "product_ids": kept})
        emit(store, shop, "products/delete", {"id": product["id"]})


def set_published(store: Store, shop: str, product: Doc, publication_ids: Iterable[int]) -> Doc:
    """Publish to exactly these channels. `published_at` is when the Online Store first showed it."""
    wanted = sorted(set(publication_ids))
    if wanted == sorted(product["published_on"]):
        return product
    online = store.find(shop, "publication", name=ONLINE_STORE)
    shown = online is not None and online["id"] in wanted
    published_at = (product["published_at"] or iso(store.clock.now())) if shown else None
    return save_product(store, shop, {**product, "published_on": wanted, "published_at": published_at})


def is_on_online_store(store: Store, shop: str, product: Doc) -> bool:
    """Whether a customer may see it: active and published to the Online Store."""
    online = store.find(shop, "publication", name=ONLINE_STORE)
    return product["status"] == "ACTIVE" and online is not None and online["id"] in product["published_on"]


def free_handle(store: Store, shop: str, title: str, kind: str = "product") -> str:
    base = slug(title) or kind
    handle, number = base, 0
    while store.find(shop, kind, handle=handle):
        number += 1
        handle = f"{base}-{number}"
    return handle


def plain_text(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))).strip()


def is_for_sale(variant: Doc) -> bool:
    return not variant["tracked"] or variant["inventory_policy"] == "CONTINUE" or available(variant) > 0


def _index(store: Store, shop: str, before: Doc | None, after: Doc | None) -> None:
    """Where a variant or an inventory item lives."""
    kept = {variant["id"] for variant in after["variants"]} if after else set()
    for variant in before["variants"] if before else []:
        if variant["id"] not in kept:
            store.delete(shop, "variant", variant["id"])
            store.delete(shop, "inventory_item", variant["inventory_item_id"])
    known = {variant["id"] for variant in before["variants"]} if before else set()
    for variant in after["variants"] if after else []:
        if after and variant["id"] not in known:
            store.put(shop, "variant", {"id": variant["id"], "product_id": after["id"]})
            store.put(shop, "inventory_item", {"id": variant["inventory_item_id"], "product_id": after["id"]})


def _tell_levels(store: Store, shop: str, before: Doc | None, after: Doc) -> None:
    earlier = {variant["id"]: variant["quantities"] for variant in before["variants"]} if before else {}
    for variant in after["variants"]:
        for location_id, held in variant["quantities"].items():
            available = held.get("available", 0)
            if earlier.get(variant["id"], {}).get(location_id, {}).get("available", 0) != available:
                item = variant["inventory_item_id"]
                told = inventory.level_payload(item, int(location_id), available, after["updated_at"])
                emit(store, shop, "inventory_levels/update", told)
