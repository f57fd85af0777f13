"""What a visitor may see: products on the Online Store, and entries that are not drafts."""

from decimal import Decimal

from devstore import collections, products
from devstore.product_payloads import available
from devstore.store import Doc, Store
from devstore.webhooks import own_type

SORTS = ("manual", "best-selling", "title-ascending", "title-descending", "price-ascending", "price-descending",
         "created-ascending", "created-descending")  # fmt: skip


def cents(amount: str | None) -> int | None:
    """Liquid's money: hundredths, whatever the currency."""
    return None if amount in {None, ""} else round(Decimal(str(amount)) * 100)


def list_products(store: Store, shop: str) -> list[Doc]:
    """Products that are active and published to the Online Store, newest first."""
    channel = _channel(store, shop)
    shown = [
        product for product in store.select(shop, "product", status="ACTIVE") if channel in product["published_on"]
    ]
    return sorted(shown, key=lambda product: (product["created_at"], product["id"]), reverse=True)


def find_product(store: Store, shop: str, handle: str) -> Doc | None:
    """An unlisted product has a page too, though no list shows it."""
    product = store.find(shop, "product", handle=handle)
    return product if product and has_page(store, shop, product) else None


def find_variant(store: Store, shop: str, variant_id: int) -> tuple[Doc, Doc] | None:
    """The product and the variant, when a visitor may buy it at all."""
    found = products.find_variant(store, shop, variant_id)
    return found if found and has_page(store, shop, found[0]) else None


def has_page(store: Store, shop: str, product: Doc) -> bool:
    return product["status"] in {"ACTIVE", "UNLISTED"} and _channel(store, shop) in product["published_on"]


def _channel(store: Store, shop: str) -> int | None:
    """Id of the sales channel that a storefront is."""
    found = store.find(shop, "publication", name=products.ONLINE_STORE)
    return found["id"] if found else None


def stock_of(variant: Doc) -> int | None:
    """Units on sale over all locations; None when they are not counted or may be sold beyond stock."""
    counted = variant["tracked"] and variant["inventory_policy"] != "CONTINUE"
    return available(variant) if counted else None


def lowest_price(product: Doc) -> Decimal:
    return min((Decimal(str(variant["price"])) for variant in product["variants"]), default=Decimal(0))


def sort_products(unsorted: list[Doc], order: str) -> list[Doc]:
    """Shopify's `sort_by` values; anything else keeps the order given."""
    keys = {
        "title": lambda product: product["title"].casefold(),
        "price": lowest_price,
        "created": lambda product: (product.get("created_at") or "", product["id"]),
    }
    name, _, direction = order.partition("-")
    if order not in SORTS or name not in keys:
        return unsorted
    return sorted(unsorted, key=keys[name], reverse=direction == "descending")


def list_collections(store: Store, shop: str) -> list[Doc]:
    """The collection of everything, and those that are published to the Online Store."""
    published = [each for each in store.all(shop, "collection") if _channel(store, shop) in each["published_on"]]
    found = [find_collection(store, shop, handle) for handle in ["all", *(each["handle"] for each in published)]]
    return [collection for collection in found if collection]


def find_collection(store: Store, shop: str, handle: str) -> Doc | None:
    """A collection with its visible `products`. `all` is there in every shop."""
    collection = store.find(shop, "collection", handle=handle)
    if collection is None and handle == "all":
        return {"id": 0, "title": "Products", "handle": "all", "products": list_products(store, shop)}
    if collection is None or _channel(store, shop) not in collection["published_on"]:
        return None
    shown = {product["id"] for product in list_products(store, shop)}
    members = [product for product in collections.list_members(store, shop, collection) if product["id"] in shown]
    return {**collection, "products": members}


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


def is_open_metafield(store: Store, shop: str, owner_type: str, metafield: Doc) -> bool:
    """An app's own metafield is nil to a theme unless its definition opens it to the storefront."""
    if not metafield["namespace"].startswith("app--"):
        return True
    key, namespace = metafield["key"], metafield["namespace"]
    definition = store.find(shop, "metafield_definition", owner_type=owner_type, namespace=namespace, key=key)
    return definition is not None and definition["access"].get("storefront") == "PUBLIC_READ"


def find_page_type(store: Store, shop: str, url_handle: str) -> Doc | None:
    """The metaobject definition whose entries have pages under /pages/<url_handle>/."""
    return next((found for found in store.all(shop, "metaobject_definition") if page_path(found) == url_handle), None)


def page_path(definition: Doc) -> str | None:
    """`vendors` for a definition whose entries have pages at /pages/vendors/…; None when they have none."""
    online_store = definition.get("capabilities", {}).get("onlineStore") or {}
    data = online_store.get("data") or {}
    return data.get("urlHandle") if online_store.get("enabled") else None
