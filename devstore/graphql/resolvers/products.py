"""Products and variants over GraphQL: lists and fields."""

from decimal import Decimal
from typing import Any

from devstore import metafields, products, taxonomy
from devstore.collections import has_member
from devstore.gids import gid, number_of
from devstore.graphql.connections import paginate
from devstore.graphql.ownership import own_namespace
from devstore.graphql.registry import Context, RefusedError, field, node, query
from devstore.graphql.resolvers.files import as_file
from devstore.product_payloads import available
from devstore.search import matches
from devstore.store import Doc

_SORTS = {
    "TITLE": "title",
    "CREATED_AT": "created_at",
    "UPDATED_AT": "updated_at",
    "VENDOR": "vendor",
    "PRODUCT_TYPE": "product_type",
    "PUBLISHED_AT": "published_at",
}


@node("Product")
def product_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "product", number)


@query("product")
def product(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return product_node(ctx, number_of(id, "Product"))


@query("productByIdentifier")
def product_by_identifier(ctx: Context, identifier: Doc) -> Doc | None:
    if "id" in identifier:
        return product(ctx, identifier["id"])
    if "customId" in identifier:
        return _find_by_custom_id(ctx, identifier["customId"])
    return ctx.store.find(ctx.shop, "product", handle=identifier["handle"])


def _find_by_custom_id(ctx: Context, wanted: Doc) -> Doc | None:
    """The product that holds this value in a unique metafield. Raises RefusedError when the metafield is not one."""
    namespace, key = own_namespace(ctx, wanted.get("namespace")), wanted["key"]
    definition = metafields.find_definition(ctx.store, ctx.shop, "PRODUCT", namespace, key)
    if definition is None or definition["type"] != "id":
        said = f"Metafield definition {namespace}.{key} of type id is required for a custom ID"
        raise RefusedError(["identifier", "customId"], said, "INVALID_METAFIELD")
    for product in ctx.store.all(ctx.shop, "product"):
        held = metafields.find(product["metafields"], namespace, key)
        if held is not None and held["value"] == wanted["value"]:
            return product
    return None


@query("products")
def list_products(ctx: Context, query: str | None = None, sort_key: str = "ID", **page: Any) -> Doc:
    found = _matching(ctx, query)
    if sort_key in _SORTS:
        found.sort(key=lambda each: str(each[_SORTS[sort_key]] or "").lower())
    return paginate(found, **page)


@query("productsCount")
def products_count(ctx: Context, query: str | None = None) -> Doc:
    return {"count": len(_matching(ctx, query)), "precision": "EXACT"}


def _matching(ctx: Context, query: str | None) -> list[Doc]:
    own = own_namespace(ctx, None)
    everything = ctx.store.all(ctx.shop, "product")
    return [each for each in everything if matches(query, lambda key, it=each: _lookup(it, key, own))]  # type: ignore[misc]


def _lookup(doc: Doc, key: str | None, own: str) -> list[Any]:
    if key is None:
        return [
            doc["title"],
            doc["vendor"],
            doc["product_type"],
            *doc["tags"],
            *(each["sku"] for each in doc["variants"]),
        ]
    if key.startswith("metafields."):
        wanted = key.removeprefix("metafields.").replace("$app.", f"{own}.", 1)
        return [each["value"] for each in doc["metafields"] if f"{each['namespace']}.{each['key']}" == wanted]
    if key in {"sku", "barcode", "price"}:
        return [each[key] for each in doc["variants"]]
    return {
        "id": [doc["id"], gid("Product", doc["id"])],
        "tag": doc["tags"],
        "inventory_total": [sum(available(each) for each in doc["variants"])],
        "published_status": ["published" if doc["published_on"] else "unpublished"],
    }.get(key) or ([doc[key]] if key in {*_SORTS.values(), "status", "handle"} else [])


@node("ProductVariant")
def variant_node(ctx: Context, number: int) -> Doc | None:
    found = products.find_variant(ctx.store, ctx.shop, number)
    return {**found[1], "product": found[0]} if found else None


@query("productVariant")
def product_variant(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return variant_node(ctx, number_of(id, "ProductVariant"))


@query("productVariants")
def list_variants(ctx: Context, query: str | None = None, **page: Any) -> Doc:
    everything = [
        {**variant, "product": owner} for owner in ctx.store.all(ctx.shop, "product") for variant in owner["variants"]
    ]
    found = [each for each in everything if matches(query, lambda key, it=each: _variant_lookup(it, key))]  # type: ignore[misc]
    return paginate(found, **page)


def _variant_lookup(variant: Doc, key: str | None) -> list[Any]:
    if key is None:
        return [variant["title"], variant["sku"], variant["product"]["title"]]
    own = {"id": [variant["id"]], "product_id": [variant["product"]["id"]], "vendor": [variant["product"]["vendor"]]}
    return own.get(key) or ([variant[key]] if key in {"sku", "barcode", "title", "updated_at"} else [])


@field("Product", "description")
def description(_: Context, product: Doc, truncate_at: int | None = None) -> str:
    text = products.plain_text(product["description_html"])
    return text if truncate_at is None or len(text) <= truncate_at else text[: max(0, truncate_at - 3)] + "..."


@field("Product", "category")
def category(_: Context, product: Doc) -> Doc | None:
    return taxonomy.find(product["category_gid"])


@field("Product", "options")
def options(_: Context, product: Doc, first: int | None = None) -> list[Doc]:
    used = {
        (value["option_name"], value["name"]) for variant in product["variants"] for value in variant["option_values"]
    }
    return [
        {**option, "values": [value["name"] for value in option["values"]], "optionValues": _values(option, used)}
        for option in product["options"][:first]
    ]


def _values(option: Doc, used: set[tuple[str, str]]) -> list[Doc]:
    return [{**value, "hasVariants": (option["name"], value["name"]) in used} for value in option["values"]]


@field("Product", "hasOnlyDefaultVariant")
def has_only_default(_: Context, product: Doc) -> bool:
    return [variant["title"] for variant in product["variants"]] == ["Default Title"]


@field("Product", "variants")
def variants(_: Context, product: Doc, **page: Any) -> Doc:
    return paginate([{**each, "product": product} for each in product["variants"]], **page)


@field("Product", "variantsCount")
def variants_count(_: Context, product: Doc) -> Doc:
    return {"count": len(product["variants"]), "precision": "EXACT"}


@field("Product", "totalInventory")
def total_inventory(_: Context, product: Doc) -> int:
    return sum(available(each) for each in product["variants"] if each["tracked"])


@field("Product", "tracksInventory")
def tracks_inventory(_: Context, product: Doc) -> bool:
    return any(each["tracked"] for each in product["variants"])


@field("Product", "media")
def media(_: Context, product: Doc, **page: Any) -> Doc:
    return paginate([as_file(each) for each in product["media"]], **page)


@field("Product", "mediaCount")
def media_count(_: Context, product: Doc) -> Doc:
    return {"count": len(product["media"]), "precision": "EXACT"}


@field("Product", "featuredMedia")
def featured_media(_: Context, product: Doc) -> Doc | None:
    return as_file(product["media"][0]) if product["media"] else None


@field("Product", "priceRangeV2")
def price_range(ctx: Context, product: Doc) -> Doc:
    prices = [Decimal(each["price"]) for each in product["variants"]]
    currency = ctx.shop_doc["currency"]
    lowest, highest = ({"amount": str(price), "currencyCode": currency} for price in (min(prices), max(prices)))
    return {"minVariantPrice": lowest, "maxVariantPrice": highest}


@field("Product", "collections")
def collections_of(ctx: Context, product: Doc, **page: Any) -> Doc:
    found = [each for each in ctx.store.all(ctx.shop, "collection") if has_member(each, product)]
    return paginate(found, **page)


@field("Product", "onlineStoreUrl")
def online_store_url(ctx: Context, product: Doc) -> str | None:
    shown = products.is_on_online_store(ctx.store, ctx.shop, product)
    return f"{ctx.config.storefront_url(ctx.shop)}/products/{product['handle']}" if shown else None


@field("Product", "onlineStorePreviewUrl")
def online_store_preview_url(ctx: Context, product: Doc) -> str:
    return f"{ctx.config.storefront_url(ctx.shop)}/products/{product['handle']}"


@field("Product", "isGiftCard")
def is_gift_card(_: Context, __: Doc) -> bool:
    return False


@field("ProductVariant", "displayName")
def variant_name(_: Context, variant: Doc) -> str:
    return f"{variant['product']['title']} - {variant['title']}"


@field("ProductVariant", "selectedOptions")
def selected_options(_: Context, variant: Doc) -> list[Doc]:
    ids = {
        (option["name"], value["name"]): value["id"]
        for option in variant["product"]["options"]
        for value in option["values"]
    }
    return [
        {
            "name": each["option_name"],
            "value": each["name"],
            "optionValue": {"id": ids[each["option_name"], each["name"]], "name": each["name"], "hasVariants": True},
        }
        for each in variant["option_values"]
    ]


@field("ProductVariant", "media")
def variant_media(_: Context, variant: Doc, **page: Any) -> Doc:
    chosen = [each for each in variant["product"]["media"] if each["id"] == variant.get("media_id")]
    return paginate([as_file(each) for each in chosen], **page)


@field("ProductVariant", "inventoryQuantity")
def inventory_quantity(_: Context, variant: Doc) -> int:
    return available(variant)


@field("ProductVariant", "availableForSale")
def available_for_sale(_: Context, variant: Doc) -> bool:
    return products.is_for_sale(variant)


@field("ProductVariant", "inventoryItem")
def inventory_item(_: Context, variant: Doc) -> Doc:
    return as_item(variant)


def as_item(variant: Doc) -> Doc:
    """The variant seen as an InventoryItem; `variant` keeps its product."""
    return {**variant, "id": variant["inventory_item_id"], "variant": variant}
