"""Sales channels over GraphQL: which there are, and what is published on them."""

from collections.abc import Callable
from typing import Any

from devstore import products
from devstore.gids import number_of, parse_gid
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.store import Doc

_PUBLISHABLE = {"Product": "product", "Collection": "collection"}


@node("Publication")
def publication_node(ctx: Context, number: int) -> Doc | None:
    found = ctx.store.get(ctx.shop, "publication", number)
    return _shown(found) if found else None


@query("publications")
def list_publications(ctx: Context, **page: Any) -> Doc:
    return paginate([_shown(each) for each in ctx.store.all(ctx.shop, "publication")], **page)


def _shown(doc: Doc) -> Doc:
    return {**doc, "autoPublish": False, "supportsFuturePublishing": doc["name"] == products.ONLINE_STORE}


@mutation("publishablePublish")
def publishable_publish(ctx: Context, id: str, input: list[Doc]) -> Doc:  # noqa: A002
    return _change(ctx, id, input, lambda held, wanted: held | wanted)


@mutation("publishableUnpublish")
def publishable_unpublish(ctx: Context, id: str, input: list[Doc]) -> Doc:  # noqa: A002
    return _change(ctx, id, input, lambda held, wanted: held - wanted)


def _change(ctx: Context, text: str, given: list[Doc], merge: Callable[[set[int], set[int]], set[int]]) -> Doc:
    kind, number = parse_gid(text)
    doc = ctx.store.get(ctx.shop, _PUBLISHABLE[kind], number) if kind in _PUBLISHABLE else None
    if doc is None:
        raise RefusedError(["id"], "Resource does not exist")
    wanted = {_publication_id(ctx, each, index) for index, each in enumerate(given)}
    published = merge(set(doc["published_on"]), wanted)
    if kind == "Product":
        doc = products.set_published(ctx.store, ctx.shop, doc, published)
    else:
        doc = ctx.store.put(ctx.shop, "collection", {**doc, "published_on": sorted(published)})
    return {"publishable": {**doc, "__typename": kind}, "userErrors": []}


def _publication_id(ctx: Context, given: Doc, index: int) -> int:
    number = number_of(given["publicationId"], "Publication") if given.get("publicationId") else 0
    if ctx.store.get(ctx.shop, "publication", number) is None:
        raise RefusedError(["input", str(index), "publicationId"], "Publication does not exist or is not publishable")
    return number


def _channels(doc: Doc) -> list[int]:
    """Where a product or collection is published; a variant is where its product is."""
    found: list[int] = doc.get("product", doc)["published_on"]
    return found


def _published_on(_: Context, doc: Doc, publication_id: str) -> bool:
    return number_of(publication_id, "Publication") in _channels(doc)


def _count(_: Context, doc: Doc, **__: Any) -> Doc:
    return {"count": len(_channels(doc)), "precision": "EXACT"}


def _links(kind: str) -> Callable[..., Doc]:
    def links(ctx: Context, doc: Doc, **page: Any) -> Doc:
        page.pop("only_published", None)  # nothing is ever scheduled here: what is published is shown
        since = doc.get("product", doc).get("published_at") or doc["updated_at"]
        shown = {"isPublished": True, "publishDate": since, "publishable": {**doc, "__typename": kind}}
        return paginate([{**shown, "publication": publication_node(ctx, each)} for each in _channels(doc)], **page)

    return links


def _unpublished(ctx: Context, doc: Doc, **page: Any) -> Doc:
    everything = ctx.store.all(ctx.shop, "publication")
    return paginate([_shown(each) for each in everything if each["id"] not in _channels(doc)], **page)


for _kind in (*_PUBLISHABLE, "ProductVariant"):
    field(_kind, "publishedOnPublication")(_published_on)
    field(_kind, "availablePublicationsCount")(_count)
    field(_kind, "resourcePublicationsCount")(_count)
    field(_kind, "resourcePublicationsV2")(_links(_kind))
    field(_kind, "unpublishedPublications")(_unpublished)
