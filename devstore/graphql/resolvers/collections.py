"""Collections over GraphQL."""

from typing import Any

from devstore import collections, products
from devstore.gids import gid, number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.metaobjects import slug
from devstore.search import matches
from devstore.store import Doc

_COLUMNS = {"productTag": "tag", "productVendor": "vendor", "productType": "product_type"}


@node("Collection")
def collection_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "collection", number)


@query("collection")
def collection(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return collection_node(ctx, number_of(id, "Collection"))


@query("collectionByIdentifier")
def collection_by_identifier(ctx: Context, identifier: Doc) -> Doc | None:
    if "id" in identifier:
        return collection(ctx, identifier["id"])
    return ctx.store.find(ctx.shop, "collection", handle=identifier["handle"])


@query("collections")
def list_collections(ctx: Context, query: str | None = None, **page: Any) -> Doc:
    everything = ctx.store.all(ctx.shop, "collection")
    return paginate([each for each in everything if matches(query, lambda key, it=each: _lookup(it, key))], **page)  # type: ignore[misc]


def _lookup(doc: Doc, key: str | None) -> list[Any]:
    return [doc["title"]] if key is None else [doc[key]] if key in {"id", "title", "handle", "updated_at"} else []


@mutation("collectionCreate")
def collection_create(ctx: Context, collection: Doc | None = None) -> Doc:
    given = collection or {}
    title = (given.get("title") or "").strip()
    if not title:
        raise RefusedError(["collection", "title"], "Title can't be blank")
    handle = slug(given.get("handle") or "") or products.free_handle(ctx.store, ctx.shop, title, "collection")
    if ctx.store.find(ctx.shop, "collection", handle=handle):
        raise RefusedError(["collection", "handle"], f"Handle '{handle}' already in use. Please provide a new handle.")
    rule, chosen = _sources(given.get("sources") or [])
    doc: Doc = {
        "title": title,
        "handle": handle,
        "description_html": given.get("descriptionHtml") or "",
        "sort_order": given.get("sortOrder") or ("BEST_SELLING" if rule else "MANUAL"),
        "seo": given.get("seo"),
        "product_ids": chosen,
        "rule": rule,
        "published_on": [],
        "metafields": [],
        "updated_at": ctx.timestamp(),
    }
    return {"collection": ctx.store.put(ctx.shop, "collection", doc), "userErrors": []}


def payload(collection: Doc) -> Doc:
    """The collection as `collections/update` carries it: without its products."""
    return {
        "id": collection["id"],
        "admin_graphql_api_id": gid("Collection", collection["id"]),
        "handle": collection["handle"],
        "title": collection["title"],
        "updated_at": collection["updated_at"],
        "body_html": collection["description_html"],
        "sort_order": collection["sort_order"].lower().replace("_", "-"),
        "published_scope": "web",
        "template_suffix": None,
    }


def _sources(sources: list[Doc]) -> tuple[Doc | None, list[int]]:
    """(rule, chosen product ids) of the input's one source."""
    if not sources:
        return None, []
    if len(sources) > 1:
        raise RefusedError(["collection", "sources"], "The development store supports one source for each collection")
    inclusion = sources[0]["source"].get("inclusion") or {}
    conditions = [
        {"column": _COLUMNS[name], "relation": condition["relation"], "values": condition["values"]}
        for each in inclusion.get("conditions") or []
        for name, condition in each.items()
    ]
    chosen = [number_of(each["productId"], "Product") for each in inclusion.get("selections") or []]
    rule = {"match": inclusion.get("matchType") or "ALL", "conditions": conditions} if conditions else None
    return rule, chosen


@mutation("collectionAddProducts")
def collection_add_products(ctx: Context, id: str, product_ids: list[str]) -> Doc:  # noqa: A002
    doc = _get(ctx, id)
    if doc["rule"]:
        raise RefusedError(["id"], "Can't manually add products to a smart collection")
    added = [number_of(each, "Product") for each in product_ids]
    for index, number in enumerate(added):
        if ctx.store.get(ctx.shop, "product", number) is None:
            raise RefusedError(["productIds", str(index)], "Product does not exist")
    kept = doc["product_ids"] + [each for each in added if each not in doc["product_ids"]]
    stored = ctx.store.put(ctx.shop, "collection", {**doc, "product_ids": kept, "updated_at": ctx.timestamp()})
    ctx.emit("collections/update", payload(stored))
    return {"collection": stored, "userErrors": []}


@mutation("collectionRemoveProducts")
def collection_remove_products(ctx: Context, id: str, product_ids: list[str]) -> Doc:  # noqa: A002
    doc = _get(ctx, id)
    gone = {number_of(each, "Product") for each in product_ids}
    kept = [each for each in doc["product_ids"] if each not in gone]
    stored = ctx.store.put(ctx.shop, "collection", {**doc, "product_ids": kept, "updated_at": ctx.timestamp()})
    ctx.emit("collections/update", payload(stored))
    return {"job": {"id": gid("Job", ctx.store.next_id()), "done": True}, "userErrors": []}


@mutation("collectionDelete")
def collection_delete(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    doc = _get(ctx, input["id"])
    ctx.store.delete(ctx.shop, "collection", doc["id"])
    ctx.emit("collections/delete", {"id": doc["id"]})
    return {"deletedCollectionId": input["id"], "userErrors": []}


def _get(ctx: Context, id: str) -> Doc:  # noqa: A002
    doc = collection(ctx, id)
    if doc is None:
        raise RefusedError(["id"], "Collection does not exist")
    return doc


@field("Collection", "description")
def description(_: Context, collection: Doc, truncate_at: int | None = None) -> str:
    return products.plain_text(collection["description_html"])[:truncate_at]


@field("Collection", "products")
def members(ctx: Context, collection: Doc, **page: Any) -> Doc:
    return paginate(collections.list_members(ctx.store, ctx.shop, collection), **page)


@field("Collection", "productsCount")
def members_count(ctx: Context, collection: Doc) -> Doc:
    return {"count": len(collections.list_members(ctx.store, ctx.shop, collection)), "precision": "EXACT"}


@field("Collection", "hasProduct")
def has_product(ctx: Context, collection: Doc, id: str) -> bool:  # noqa: A002
    product = ctx.store.get(ctx.shop, "product", number_of(id, "Product"))
    return product is not None and collections.has_member(collection, product)
