"""Shops, goods and buyers that the tests of orders share."""

from collections.abc import Mapping
from typing import Any

from devstore.orders.checkout import create_order
from devstore.orders.purchase import LineRequest
from devstore.products import save_product
from devstore.store import Doc, Store

ACME = "acme.myshopify.com"
ZENITH = "zenith.myshopify.com"
CREATED = "2026-11-01T00:00:00Z"
ADDRESS = {
    "first_name": "Cleo", "last_name": "Customer", "address1": "1 Harbour Road", "city": "Portland",
    "province": "Oregon", "province_code": "OR", "country": "United States", "country_code": "US", "zip": "97201",
}  # fmt: skip


def product(store: Store, title: str, price: str, *, vendor: str, sku: str, stock: int = 10, shop: str = ACME) -> Doc:
    """A product with one variant, in stock at the shop's only location."""
    location = store.all(shop, "location")[0]["id"]
    quantities = {str(location): {"available": stock, "on_hand": stock, "committed": 0}}
    variant = {
        "id": store.next_id(), "title": "Default Title", "sku": sku, "price": price, "position": 1, "tracked": True,
        "inventory_item_id": store.next_id(), "inventory_policy": "DENY", "requires_shipping": True, "taxable": True,
        "weight_grams": 250, "quantities": quantities, "option_values": [],
        "created_at": CREATED, "updated_at": CREATED, "barcode": None, "compare_at_price": None,
    }  # fmt: skip
    doc = {
        "id": store.next_id(), "title": title, "handle": sku.lower(), "description_html": "", "vendor": vendor,
        "product_type": "",
        "tags": [], "status": "ACTIVE", "options": [], "variants": [variant], "media": [], "metafields": [],
        "published_on": [], "seo": {}, "created_at": CREATED, "updated_at": CREATED,
        "published_at": None, "category_gid": None,
    }  # fmt: skip
    return save_product(store, shop, doc)


def buy(
    store: Store, *wanted: tuple[Doc, int], written: Mapping[str, Mapping[str, str]] | None = None, **rest: Any
) -> Doc:
    """An order of some units of some products, paid and sent by standard shipping unless told otherwise.

    `written`: what the customer writes on them, by SKU.
    """
    bought = [(made["variants"][0], units) for made, units in wanted]
    words = written or {}
    lines = [LineRequest(variant_id=v["id"], quantity=n, properties=words.get(v["sku"], {})) for v, n in bought]
    usual = {"email": "cleo@example.com", "shipping_address": ADDRESS, "shipping_rate_code": "standard"}
    return create_order(store, ACME, lines=lines, **{**usual, **rest})


def available(store: Store, product: Doc, name: str = "available") -> int:
    current = store.get(ACME, "product", product["id"])
    assert current is not None
    left: int = next(iter(current["variants"][0]["quantities"].values()))[name]
    return left
