"""What a visitor may see: products on the Online Store, and entries that are not drafts."""

from decimal import Decimal

from devstore.store import Doc, Store
from devstore.webhooks import own_type

SORTS = ("manual", "best-selling", "title-ascending", "title-descending", "price-ascending", "price-descending",
         "created-ascending", "created-descending")  # fmt: skip


def cents(amount: str | None) -> int | None:
    """Liquid's money: hundredths, whatever the currency."""
    return None if amount in {None, ""} else round(Decimal(str(amount)) * 100)


def list_products(store: Store, shop: str) -> list[Doc]:
    """Products that are active and published to the Online Store, newest first."""
    channel = store.find(shop, "publication", name="Online Store")
    shown = [product for product in store.select(shop, "product", status="ACTIVE") if _is_published(product, channel)]
    return sorted(shown, key=lambda product: (product.get("created_at") or "", product["id"]), reverse=True)


def find_product(store: Store, shop: str, handle: str) -> Doc | None:
    """An unlisted product has a page too, though no list shows it."""
    product = store.find(shop, "product", handle=handle)
    channel = store.find(shop, "publication", name="Online Store")
    if product and product["status"] in {"ACTIVE", "UNLISTED"} and _is_published(product, channel):
        return product
    return None


def _is_published(product: Doc, channel: Doc | None) -> bool:
    return channel is not None and channel["id"] in product.get("published_on", [])


def find_variant(store: Store, shop: str, variant_id: int) -> tuple[Doc, Doc] | None:
    """The product and the variant, when a visitor may buy it at all."""
    channel = store.find(shop, "publication", name="Online Store")
    for product in store.all(shop, "product"):
        for variant in product["variants"]:
            if variant["id"] == variant_id:
                visible = product["status"] in {"ACTIVE", "UNLISTED"} and _is_published(product, channel)
                return (product, variant) if visible else None
    return None


def stock_of(variant: Doc) -> int | None:
    """Units on sale over all locations; None when they are not counted or may be sold beyond stock."""
    if not variant.get("tracked", True) or variant.get("inventory_policy") == "CONTINUE":
        return None
    return sum(int(level.get("available", 0)) for level in variant.get("quantities", {}).values())


def is_available(variant: Doc) -> bool:
    stock = stock_of(variant)
    return stock is None or stock > 0


def lowest_price(product: Doc) -> Decimal:
    return min((Decimal(str(variant["price"])) for variant in product["variants"]), default=Decimal(0))


def sort_products(products: list[Doc], order: str) -> list[Doc]:
    """Shopify's `sort_by` values; anything else keeps the order given."""
    keys = {
        "title": lambda product: product["title"].casefold(),
        "price": lowest_price,
        "created": lambda product: (product.get("created_at") or "", product["id"]),
    }
    name, _, direction = order.partition("-")
    if order not in SORTS or name not in keys:
        return products
    return sorted(products, key=keys[name], reverse=direction == "descending")


def find_collection(store: Store, shop: str, handle: str) -> Doc | None:
    """A collection with its visible `products`. `all` is there in every shop."""
    products = list_products(store, shop)
    collection = store.find(shop, "collection", handle=handle)
    if collection is None:
        return {"id": 0, "title": "Products", "handle": "all", "products": products} if handle == "all" else None
    by_id = {product["id"]: product for product in products}
    chosen = [by_id[number] for number in collection.get("product_ids", []) if number in by_id]
    return {**collection, "products": chosen}


def products_of_vendor(store: Store, shop: str, name: str) -> list[Doc]:
    return [product for product in list_products(store, shop) if product["vendor"].casefold() == name.casefold()]


def search_products(store: Store, shop: str, words: str) -> list[Doc]:
    """Products in whose title, vendor, type or tags every word occurs."""
    wanted = words.casefold().split()
    found = []
    for product in list_products(store, shop) if wanted else []:
        parts = [product["title"], product["vendor"], product.get("product_type") or "", *product.get("tags", [])]
        text = " ".join(parts).casefold()
        if all(word in text for word in wanted):
            found.append(product)
    return found


def own_name(store: Store, name: str) -> str:
    """`$app` and `$app:vendor` in full: `app--<app id>` and `app--<app id>--vendor`."""
    app = store.find("", "app")
    return own_type(name, app) if app else name


def list_metaobjects(store: Store, shop: str, type_name: str) -> list[Doc]:
    """Entries that visitors may see, by name."""
    definition = find_definition(store, shop, type_name)
    entries = store.select(shop, "metaobject", type=definition["type"]) if definition else []
    shown = [entry for entry in entries if is_visible(entry, definition)]
    named = str((definition or {}).get("display_name_key"))
    return sorted(shown, key=lambda entry: str(entry["fields"].get(named) or entry["handle"]).casefold())


def find_metaobject(store: Store, shop: str, type_name: str, handle: str) -> Doc | None:
    definition = find_definition(store, shop, type_name)
    entry = store.find(shop, "metaobject", type=definition["type"], handle=handle) if definition else None
    return entry if entry and is_visible(entry, definition) else None


def find_definition(store: Store, shop: str, type_name: str) -> Doc | None:
    return store.find(shop, "metaobject_definition", type=own_name(store, type_name))


def is_visible(entry: Doc, definition: Doc | None) -> bool:
    """Not a draft, and of a type that is open to the storefront."""
    access = (definition or {}).get("access", {})
    return (entry["status"], access.get("storefront")) == ("ACTIVE", "PUBLIC_READ")


def find_page_type(store: Store, shop: str, url_handle: str) -> Doc | None:
    """The metaobject definition whose entries have pages under /pages/<url_handle>/."""
    return next((found for found in store.all(shop, "metaobject_definition") if page_path(found) == url_handle), None)


def page_path(definition: Doc) -> str | None:
    """`vendors` for a definition whose entries have pages at /pages/vendors/…; None when they have none."""
    online_store = definition.get("capabilities", {}).get("onlineStore") or {}
    data = online_store.get("data") or {}
    return data.get("urlHandle") if online_store.get("enabled") else None
