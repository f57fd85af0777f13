"""Metafield definitions over GraphQL."""

from typing import Any

from devstore import metafields, values
from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.ownership import is_own, own_namespace
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.graphql.resolvers.metaobject_definitions import type_named, typed_validations
from devstore.store import Doc

_KINDS = {owner_type: kind for owner_type, kind, _ in metafields.OWNERS.values()}


@node("MetafieldDefinition")
def definition_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "metafield_definition", number)


@query("metafieldDefinition")
def metafield_definition(ctx: Context, id: str | None = None, identifier: Doc | None = None) -> Doc | None:  # noqa: A002
    if id:
        return definition_node(ctx, number_of(id, "MetafieldDefinition"))
    return _find(ctx, identifier) if identifier else None


@query("metafieldDefinitions")
def list_definitions(
    ctx: Context, owner_type: str, namespace: str | None = None, key: str | None = None, **page: Any
) -> Doc:
    found = ctx.store.select(ctx.shop, "metafield_definition", owner_type=owner_type)
    if namespace:
        found = [each for each in found if each["namespace"] == own_namespace(ctx, namespace)]
    return paginate([each for each in found if key in {None, each["key"]}], **page)


@mutation("metafieldDefinitionCreate")
def definition_create(ctx: Context, definition: Doc) -> Doc:
    namespace = own_namespace(ctx, definition.get("namespace"))
    if namespace.startswith("app--") and not is_own(ctx, namespace):
        raise RefusedError(["definition", "namespace"], "Namespace is reserved", "RESERVED_NAMESPACE_KEY")
    if not values.is_type(definition["type"]):
        raise RefusedError(["definition", "type"], f"Type name {definition['type']} is not a valid type", "INCLUSION")
    if definition["ownerType"] not in _KINDS:
        said = f"Metafields of {definition['ownerType']} are not supported by the development store"
        raise RefusedError(["definition", "ownerType"], said, "INVALID")
    if metafields.find_definition(ctx.store, ctx.shop, definition["ownerType"], namespace, definition["key"]):
        said = f"Key is in use for {definition['ownerType'].title()} metafields on the '{namespace}' namespace."
        raise RefusedError(["definition", "key"], said, "TAKEN")
    wanted = {
        "owner_type": definition["ownerType"],
        "namespace": namespace,
        "key": definition["key"],
        "type": definition["type"],
    }
    doc = ctx.store.put(ctx.shop, "metafield_definition", filled(wanted, definition))
    return {"createdDefinition": doc, "userErrors": []}


@mutation("metafieldDefinitionUpdate")
def definition_update(ctx: Context, definition: Doc) -> Doc:
    doc = _find(ctx, definition)
    if doc is None:
        raise RefusedError(["definition"], "Definition not found.", "NOT_FOUND")
    return {
        "updatedDefinition": ctx.store.put(ctx.shop, "metafield_definition", filled(doc, definition)),
        "userErrors": [],
    }


@mutation("metafieldDefinitionDelete")
def definition_delete(
    ctx: Context,
    id: str | None = None,  # noqa: A002
    identifier: Doc | None = None,
    delete_all_associated_metafields: bool = False,  # noqa: FBT001, FBT002
) -> Doc:
    doc = metafield_definition(ctx, id, identifier)
    if doc is None:
        raise RefusedError(["id"], "Definition not found.", "NOT_FOUND")
    if delete_all_associated_metafields:
        for owner in ctx.store.all(ctx.shop, _KINDS[doc["owner_type"]]):
            kept = [each for each in owner.get("metafields", []) if not _is_of(each, doc)]
            ctx.store.put(ctx.shop, _KINDS[doc["owner_type"]], {**owner, "metafields": kept})
    ctx.store.delete(ctx.shop, "metafield_definition", doc["id"])
    gone = {"key": doc["key"], "namespace": doc["namespace"], "ownerType": doc["owner_type"]}
    deleted_id = f"gid://shopify/MetafieldDefinition/{doc['id']}"
    return {"deletedDefinition": gone, "deletedDefinitionId": deleted_id, "userErrors": []}


def _find(ctx: Context, wanted: Doc) -> Doc | None:
    namespace = own_namespace(ctx, wanted.get("namespace"))
    return metafields.find_definition(ctx.store, ctx.shop, wanted["ownerType"], namespace, wanted["key"])


def filled(before: Doc, given: Doc) -> Doc:
    """A definition with what is given for it, and Shopify's defaults for the rest."""
    access = {"admin": "MERCHANT_READ", "storefront": "NONE", "customerAccount": "NONE", **before.get("access", {})}
    capabilities = {"adminFilterable": False, **before.get("capabilities", {})}
    for name, capability in (given.get("capabilities") or {}).items():
        capabilities[name] = bool(capability["enabled"])
    rules = given.get("validations", before.get("validations")) or []
    return {
        **before,
        "name": given.get("name") or before.get("name"),
        "description": given.get("description", before.get("description")),
        "access": {**access, **{key: value for key, value in (given.get("access") or {}).items() if value}},
        "capabilities": capabilities,
        "validations": [{"name": each["name"], "value": each["value"]} for each in rules],
        "pinned_position": 1 if given.get("pin") else before.get("pinned_position"),
    }


def _is_of(metafield: Doc, definition: Doc) -> bool:
    return bool(metafield["namespace"] == definition["namespace"] and metafield["key"] == definition["key"])


@field("MetafieldDefinition", "type")
def definition_type(_: Context, definition: Doc) -> Doc:
    return type_named(definition["type"])


@field("MetafieldDefinition", "validations")
def definition_validations(_: Context, definition: Doc) -> list[Doc]:
    return typed_validations(definition["validations"])


@field("MetafieldDefinition", "capabilities")
def definition_capabilities(_: Context, definition: Doc) -> Doc:
    filterable = definition["capabilities"]["adminFilterable"]
    status = "FILTERABLE" if filterable else "NOT_FILTERABLE"
    return {"adminFilterable": {"eligible": True, "enabled": filterable, "status": status}}


@field("MetafieldDefinition", "metafieldsCount")
def metafields_count(ctx: Context, definition: Doc, validation_status: str | None = None) -> int:
    if validation_status == "INVALID":
        return 0
    owners = ctx.store.all(ctx.shop, _KINDS[definition["owner_type"]])
    return sum(_is_of(each, definition) for owner in owners for each in owner.get("metafields") or [])
