"""Metaobject entries over GraphQL."""

from collections.abc import Mapping
from typing import Any

from devstore import metaobjects, values
from devstore.gids import gid, number_of
from devstore.graphql.connections import paginate
from devstore.graphql.ownership import own_type, require_own
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.graphql.resolvers.references import resolve_reference, resolve_references
from devstore.metaobjects import EntryError
from devstore.search import matches
from devstore.store import Doc


@node("Metaobject")
def metaobject_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "metaobject", number)


@query("metaobject")
def metaobject(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return metaobject_node(ctx, number_of(id, "Metaobject"))


@query("metaobjectByHandle")
def metaobject_by_handle(ctx: Context, handle: Doc) -> Doc | None:
    return metaobjects.find_entry(ctx.store, ctx.shop, own_type(ctx, handle["type"]), handle["handle"])


@query("metaobjects")
def list_metaobjects(
    ctx: Context,
    type: str,  # noqa: A002
    query: str | None = None,
    sort_key: str | None = None,
    **page: Any,
) -> Doc:
    kind = own_type(ctx, type)
    definition = _definition(ctx, kind)
    entries = ctx.store.select(ctx.shop, "metaobject", type=kind)
    if definition:
        shown = {entry["id"]: metaobjects.display_name(definition, entry) for entry in entries}
        entries = [each for each in entries if matches(query, lambda key, it=each: _lookup(it, shown[it["id"]], key))]  # type: ignore[misc]
        if sort_key in {"updated_at", "display_name"}:
            entries.sort(key=lambda it: it["updated_at"] if sort_key == "updated_at" else shown[it["id"]].lower())
    return paginate(entries, **page)


def _lookup(entry: Doc, shown: str, key: str | None) -> list[Any]:
    if key is None:
        return [shown, *entry["fields"].values()]
    if key.startswith("fields."):
        return [entry["fields"].get(key.removeprefix("fields."))]
    return {
        "display_name": [shown],
        "handle": [entry["handle"]],
        "id": [entry["id"], gid("Metaobject", entry["id"])],
        "updated_at": [entry["updated_at"]],
    }.get(key, [])


@mutation("metaobjectCreate")
def metaobject_create(ctx: Context, metaobject: Doc) -> Doc:
    definition = _get_definition(ctx, metaobject["type"])
    return {
        "metaobject": _save(ctx, definition, {"status": "DRAFT", "fields": {}, "handle": ""}, metaobject),
        "userErrors": [],
    }


@mutation("metaobjectUpdate")
def metaobject_update(ctx: Context, id: str, metaobject: Doc) -> Doc:  # noqa: A002
    entry = metaobject_node(ctx, number_of(id, "Metaobject"))
    if entry is None:
        raise RefusedError(["id"], "Record not found", "RECORD_NOT_FOUND")
    definition = _get_definition(ctx, entry["type"])
    return {"metaobject": _save(ctx, definition, entry, metaobject), "userErrors": []}


@mutation("metaobjectUpsert")
def metaobject_upsert(ctx: Context, handle: Doc, metaobject: Doc | None = None, values: Any = None) -> Doc:
    definition = _get_definition(ctx, handle["type"])
    if (metaobject is None) == (values is None):
        raise RefusedError(["metaobject"], "Provide either metaobject or values", "INVALID")
    entry = metaobjects.find_entry(ctx.store, ctx.shop, definition["type"], metaobjects.slug(handle["handle"]))
    start = entry or {"status": "DRAFT", "fields": {}, "handle": handle["handle"]}
    change = metaobject if metaobject is not None else {"values": values}
    return {"metaobject": _save(ctx, definition, start, change), "userErrors": []}


@mutation("metaobjectDelete")
def metaobject_delete(ctx: Context, id: str) -> Doc:  # noqa: A002
    entry = metaobject_node(ctx, number_of(id, "Metaobject"))
    if entry is None:
        raise RefusedError(["id"], "Record not found", "RECORD_NOT_FOUND")
    require_own(ctx, entry["type"])
    metaobjects.delete_entry(ctx.store, ctx.shop, entry)
    return {"deletedId": id, "userErrors": []}


def _save(ctx: Context, definition: Doc, entry: Doc, change: Mapping[str, Any]) -> Doc:
    """`fields` change only the keys they name; `values` replace everything."""
    if change.get("fields") is not None and change.get("values") is not None:
        raise RefusedError(["metaobject"], "Provide either fields or values", "INVALID")
    given = {each["key"]: each["value"] for each in change.get("fields") or []}
    if len(given) != len(change.get("fields") or []):
        raise RefusedError(["metaobject", "fields"], "A field is given twice", "DUPLICATE_FIELD_INPUT")
    replaced = change.get("values")
    merged = {**entry["fields"], **given} if replaced is None else _written(definition, replaced)
    capabilities = change.get("capabilities") or {}
    status = (capabilities.get("publishable") or {}).get("status", entry["status"])
    suffix = (capabilities.get("onlineStore") or {}).get("templateSuffix", entry.get("template_suffix"))
    publishable = definition["capabilities"]["publishable"]["enabled"]
    if capabilities.get("publishable") and not publishable:
        path = ["metaobject", "capabilities", "publishable"]
        raise RefusedError(path, "Capability is not enabled on this definition", "CAPABILITY_NOT_ENABLED")
    wanted = {**entry, "fields": merged, "status": status if publishable else "ACTIVE", "template_suffix": suffix}
    wanted["handle"] = change.get("handle") or entry["handle"]
    try:
        return metaobjects.save_entry(ctx.store, ctx.shop, definition, wanted)
    except EntryError as error:
        raise _refused(error, list(given)) from error


def _written(definition: Doc, given: Mapping[str, Any]) -> dict[str, str]:
    kinds = {each["key"]: each["type"] for each in definition["fields"]}
    return {key: values.written(kinds.get(key, ""), value) for key, value in given.items() if value is not None}


def _refused(error: EntryError, order: list[str]) -> RefusedError:
    place = order.index(error.key) if error.key in order else None
    path = ["metaobject", "handle"] if error.key == "handle" and error.code == "TAKEN" else ["metaobject"]
    if place is not None:
        path = ["metaobject", "fields", str(place)]
    refused = RefusedError(path, error.message, error.code)
    refused.errors[0] |= {"elementKey": error.key, "elementIndex": place}
    return refused


def _definition(ctx: Context, kind: str) -> Doc | None:
    return metaobjects.find_definition(ctx.store, ctx.shop, kind)


def _get_definition(ctx: Context, kind: str) -> Doc:
    resolved = own_type(ctx, kind)
    definition = _definition(ctx, resolved)
    if definition is None:
        raise RefusedError(
            ["metaobject", "type"], f'No metaobject definition exists for type "{kind}"', "UNDEFINED_OBJECT_TYPE"
        )
    return definition


def _definition_of(ctx: Context, entry: Doc) -> Doc:
    definition = _definition(ctx, entry["type"])
    if definition is None:
        raise LookupError(f"Entry {entry['id']} has no definition")
    return definition


@field("Metaobject", "definition")
def definition_of(ctx: Context, entry: Doc) -> Doc:
    return _definition_of(ctx, entry)


@field("Metaobject", "displayName")
def shown_name(ctx: Context, entry: Doc) -> str:
    return metaobjects.display_name(_definition_of(ctx, entry), entry)


@field("Metaobject", "fields")
def entry_fields(ctx: Context, entry: Doc) -> list[Doc]:
    return [_field(each, entry) for each in _definition_of(ctx, entry)["fields"]]


@field("Metaobject", "field")
def entry_field(ctx: Context, entry: Doc, key: str) -> Doc | None:
    return next((each for each in entry_fields(ctx, entry) if each["key"] == key), None)


def _field(definition: Doc, entry: Doc) -> Doc:
    value = entry["fields"].get(definition["key"])
    return {
        "key": definition["key"],
        "type": definition["type"],
        "value": value,
        "jsonValue": values.parsed(definition["type"], value),
        "definition": definition,
    }


@field("Metaobject", "values")
def entry_values(ctx: Context, entry: Doc) -> Doc:
    return {each["key"]: each["jsonValue"] for each in entry_fields(ctx, entry) if each["value"] is not None}


@field("Metaobject", "capabilities")
def entry_capabilities(ctx: Context, entry: Doc) -> Doc:
    enabled = _definition_of(ctx, entry)["capabilities"]
    return {
        "publishable": {"status": entry["status"]} if enabled["publishable"]["enabled"] else None,
        "onlineStore": {"templateSuffix": entry.get("template_suffix")} if enabled["onlineStore"]["enabled"] else None,
    }


@field("Metaobject", "referencedBy")
def referenced_by(ctx: Context, entry: Doc, **page: Any) -> Doc:
    target = gid("Metaobject", entry["id"])
    found = [
        {**metafield, "name": metafield["key"], "referencer": {**product, "__typename": "Product"}}
        for product in ctx.store.all(ctx.shop, "product")
        for metafield in product["metafields"]
        if target in metafield["value"]
    ]
    return paginate(found, **page)


@field("MetaobjectField", "reference")
def field_reference(ctx: Context, entry_field: Doc) -> Doc | None:
    return resolve_reference(ctx, entry_field["type"], entry_field["value"])


@field("MetaobjectField", "references")
def field_references(ctx: Context, entry_field: Doc, **page: Any) -> Doc | None:
    return resolve_references(ctx, entry_field["type"], entry_field["value"], page)
