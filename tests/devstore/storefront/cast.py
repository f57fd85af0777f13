"""Acme's shop as a storefront test finds it: Ada's and Bea's goods, written as the Admin API would have left them."""

from typing import Any

from devstore.gids import gid
from devstore.products import save_product
from devstore.store import Doc, Store
from devstore.storefront.catalogue import own_name

ACME = "acme.myshopify.com"
_NOW = "2026-11-01T10:00:00Z"
_FIELDS = {"name": "single_line_text_field", "tagline": "single_line_text_field", "about": "multi_line_text_field",
           "location": "single_line_text_field", "logo": "file_reference", "website": "url",
           "policies": "multi_line_text_field", "since": "date", "products": "list.product_reference"}  # fmt: skip


def define_vendors(store: Store, *, access: str = "PUBLIC_READ") -> Doc:
    definition = {
        "type": own_name(store, "$app:vendor"),
        "name": "Vendor",
        "display_name_key": "name",
        "fields": [{"key": key, "type": kind} for key, kind in _FIELDS.items()],
        "access": {"admin": "MERCHANT_READ_WRITE", "storefront": access},
        "capabilities": {
            "publishable": {"enabled": True},
            "onlineStore": {"enabled": True, "data": {"urlHandle": "vendors"}},
        },
    }
    link = {"owner_type": "PRODUCT", "namespace": own_name(store, "$app"), "key": "vendor"}
    store.put(ACME, "metafield_definition", {**link, "type": "metaobject_reference", "access": {"storefront": access}})
    return store.put(ACME, "metaobject_definition", definition)


def vendor(store: Store, handle: str, status: str = "ACTIVE", **fields: str) -> Doc:
    doc = {"type": own_name(store, "$app:vendor"), "handle": handle, "status": status, "fields": fields}
    return store.put(ACME, "metaobject", doc)


def channel(store: Store) -> int:
    found = store.find(ACME, "publication", name="Online Store")
    assert found
    return int(found["id"])


def product(
    store: Store, title: str, *, of: Doc | None = None, stock: int = 5, prices: Any = "12.50", **more: Any
) -> Doc:
    """`prices` is one price, or one per value of an option Size."""
    named = {"Default Title": prices} if isinstance(prices, str) else prices
    link = {"namespace": own_name(store, "$app"), "key": "vendor", "type": "metaobject_reference"}
    values = [{"name": name} for name in named]
    doc = {
        "id": store.next_id(),
        "title": title,
        "handle": title.lower().replace(" ", "-"),
        "description_html": f"<p>{title}, made by hand.</p>",
        "vendor": of["fields"]["name"] if of else "",
        "product_type": "",
        "tags": [],
        "status": "ACTIVE",
        "category_gid": None,
        "options": [{"id": store.next_id(), "name": "Size", "position": 1, "values": values}],
        "variants": [_variant(store, title, name, price, stock) for name, price in named.items()],
        "media": [],
        "metafields": [{"id": store.next_id(), **link, "value": gid("Metaobject", of["id"])}] if of else [],
        "published_on": [channel(store)],
        "published_at": _NOW,
        "created_at": _NOW,
        "updated_at": _NOW,
    }
    return save_product(store, ACME, {**doc, **more})


def _variant(store: Store, title: str, name: str, price: str, stock: int) -> Doc:
    location = store.all(ACME, "location")[0]["id"]
    return {
        "id": store.next_id(),
        "title": name,
        "sku": f"{title}-{name}".upper(),
        "price": price,
        "compare_at_price": None,
        "barcode": None,
        "inventory_item_id": store.next_id(),
        "option_values": [{"option_name": "Size", "name": name}],
        "inventory_policy": "DENY",
        "tracked": True,
        "requires_shipping": True,
        "taxable": True,
        "weight_grams": 300,
        "quantities": {str(location): {"available": stock, "on_hand": stock}},
        "position": 0,
        "created_at": _NOW,
        "updated_at": _NOW,
    }
