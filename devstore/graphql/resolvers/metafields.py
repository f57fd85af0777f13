"""Metafields over GraphQL: on whichever type has them."""

from collections.abc import Callable
from typing import Any

from devstore import metafields, products, values
from devstore.gids import parse_gid
from devstore.graphql.connections import paginate
from devstore.graphql.ownership import denied, is_own, own_namespace
from devstore.graphql.registry import Context, RefusedError, field, mutation
from devstore.graphql.resolvers.references import resolve_reference, resolve_references
from devstore.metafields import OWNERS, MetafieldError
from devstore.store import Doc

MOST_AT_ONCE = 25


@mutation("metafieldsSet")
def metafields_set(ctx: Context, metafields: list[Doc]) -> Doc:
    if len(metafields) > MOST_AT_ONCE:
        said = f"Exceeded the maximum metafields input limit of {MOST_AT_ONCE}."
        raise RefusedError(["metafields"], said, "LESS_THAN_OR_EQUAL_TO")
    written = [_set(ctx, each, ["metafields", str(index)]) for index, each in enumerate(metafields)]
    return {"metafields": written, "userErrors": []}


def _set(ctx: Context, wanted: Doc, path: list[str]) -> Doc:
    kind, number = parse_gid(wanted["ownerId"])
    owner = _get_owner(ctx, kind, number, path)
    namespace = own_namespace(ctx, wanted.get("namespace"))
    _check_digest(owner, namespace, wanted, path)
    written = set_on(ctx, kind, owner, wanted, path)
    _store_owner(ctx, kind, owner)
    return _shown(kind, owner["id"], written)


def set_on(ctx: Context, kind: str, owner: Doc, wanted: Doc, path: list[str]) -> Doc:
    """Set a metafield from its input in the owner's document, which the caller stores. Raises RefusedError."""
    namespace = own_namespace(ctx, wanted.get("namespace"))
    if namespace.startswith("app--") and not is_own(ctx, namespace):
        raise RefusedError(
            [*path, "namespace"],
            "Access to this namespace and key on Metafields for this resource type is not allowed.",
            "APP_NOT_AUTHORIZED",
        )
    plain = {"namespace": namespace, "key": wanted["key"], "type": wanted.get("type"), "value": wanted["value"]}
    try:
        return metafields.put(ctx.store, ctx.shop, owner, OWNERS[kind][0], plain)
    except MetafieldError as error:
        raise RefusedError([*path, error.part], error.message, error.code) from error


def _check_digest(owner: Doc, namespace: str, wanted: Doc, path: list[str]) -> None:
    """Compare and set: an explicit null means that there must be none yet."""
    if "compareDigest" not in wanted:
        return
    before = metafields.find(owner.get("metafields", []), namespace, wanted["key"])
    if wanted["compareDigest"] != (metafields.digest(before) if before else None):
        said = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
        raise RefusedError([*path, "compareDigest"], said, "STALE_OBJECT")


@mutation("metafieldsDelete")
def metafields_delete(ctx: Context, metafields: list[Doc]) -> Doc:
    return {"deletedMetafields": [_delete(ctx, each, index) for index, each in enumerate(metafields)], "userErrors": []}


def _delete(ctx: Context, wanted: Doc, index: int) -> Doc | None:
    kind, number = parse_gid(wanted["ownerId"])
    owner = _get_owner(ctx, kind, number, ["metafields", str(index)])
    namespace = own_namespace(ctx, wanted["namespace"])
    found = metafields.find(owner.get("metafields", []), namespace, wanted["key"])
    if found is None:
        return None
    owner["metafields"] = [each for each in owner["metafields"] if each["id"] != found["id"]]
    _store_owner(ctx, kind, owner)
    return {"key": wanted["key"], "namespace": namespace, "ownerId": wanted["ownerId"]}


def _get_owner(ctx: Context, kind: str, number: int, path: list[str]) -> Doc:
    if kind not in OWNERS:
        raise RefusedError([*path, "ownerId"], f"{kind} has no metafields", "INVALID")
    _, stored, scope = OWNERS[kind]
    if scope and scope not in ctx.installation["scopes"]:
        raise denied(f"Access denied for metafields of {kind}. Required access: `{scope}` access scope.")
    found = products.find_variant(ctx.store, ctx.shop, number) if kind == "ProductVariant" else None
    owner = found[1] if found else ctx.store.get(ctx.shop, stored, number)
    if owner is None:
        raise RefusedError([*path, "ownerId"], "Owner does not exist.", "INVALID")
    return owner


def _store_owner(ctx: Context, kind: str, owner: Doc) -> None:
    if kind == "Product":
        products.save_product(ctx.store, ctx.shop, owner)
    elif kind == "ProductVariant":
        found = products.find_variant(ctx.store, ctx.shop, owner["id"])
        assert found is not None
        product = found[0]
        product["variants"] = [owner if each["id"] == owner["id"] else each for each in product["variants"]]
        products.save_product(ctx.store, ctx.shop, product)
    else:
        ctx.store.put(ctx.shop, OWNERS[kind][1], owner)


def _shown(kind: str, owner_id: int, metafield: Doc) -> Doc:
    return {**metafield, "__typename": "Metafield", "owner_kind": kind, "owner_id": owner_id}


def _one(kind: str) -> Callable[..., Doc | None]:
    def metafield(ctx: Context, owner: Doc, key: str, namespace: str | None = None) -> Doc | None:
        found = metafields.find(owner.get("metafields") or [], own_namespace(ctx, namespace), key)
        return _shown(kind, owner["id"], found) if found else None

    return metafield


def _many(kind: str) -> Callable[..., Doc]:
    def listed(
        ctx: Context, owner: Doc, namespace: str | None = None, keys: list[str] | None = None, **page: Any
    ) -> Doc:
        wanted = own_namespace(ctx, namespace) if namespace else None
        full = [own_namespace(ctx, key.rpartition(".")[0] or None) + "." + key.rpartition(".")[2] for key in keys or []]
        found = [
            _shown(kind, owner["id"], each)
            for each in owner.get("metafields") or []
            if wanted in {None, each["namespace"]} and (not full or f"{each['namespace']}.{each['key']}" in full)
        ]
        return paginate(found, **page)

    return listed


for _kind in OWNERS:
    field(_kind, "metafield")(_one(_kind))
    field(_kind, "metafields")(_many(_kind))


@field("Metafield", "compareDigest")
def compare_digest(_: Context, metafield: Doc) -> str:
    return metafields.digest(metafield)


@field("Metafield", "jsonValue")
def json_value(_: Context, metafield: Doc) -> Any:
    return values.parsed(metafield["type"], metafield["value"])


@field("Metafield", "sizeInBytes")
def size_in_bytes(_: Context, metafield: Doc) -> int:
    return len(metafield["value"].encode())


@field("Metafield", "ownerType")
def owner_type(_: Context, metafield: Doc) -> str:
    return OWNERS[metafield["owner_kind"]][0]


@field("Metafield", "owner")
def owner_of(ctx: Context, metafield: Doc) -> Doc:
    owner = _get_owner(ctx, metafield["owner_kind"], metafield["owner_id"], [])
    return {**owner, "__typename": metafield["owner_kind"]}


@field("Metafield", "definition")
def definition_of(ctx: Context, metafield: Doc) -> Doc | None:
    kind = OWNERS[metafield["owner_kind"]][0]
    return metafields.find_definition(ctx.store, ctx.shop, kind, metafield["namespace"], metafield["key"])


@field("Metafield", "description")
def description(ctx: Context, metafield: Doc) -> str | None:
    found = definition_of(ctx, metafield)
    return found["description"] if found else None


@field("Metafield", "reference")
def reference(ctx: Context, metafield: Doc) -> Doc | None:
    return resolve_reference(ctx, metafield["type"], metafield["value"])


@field("Metafield", "references")
def references(ctx: Context, metafield: Doc, **page: Any) -> Doc | None:
    return resolve_references(ctx, metafield["type"], metafield["value"], page)


@field("MetafieldRelation", "referencer")
def referencer(_: Context, relation: Doc) -> Doc:
    found: Doc = relation["referencer"]
    return found
