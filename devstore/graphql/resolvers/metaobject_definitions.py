"""Metaobject definitions over GraphQL: which fields an entry has, who may see it, where it has pages."""

import re
from collections.abc import Mapping
from typing import Any

from devstore import metaobjects, values
from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.ownership import is_own, own_type, require_own
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.store import Doc

MOST_FIELDS = 40
_CAPABILITIES = ("onlineStore", "publishable", "renderable", "translatable")


@node("MetaobjectDefinition")
def definition_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "metaobject_definition", number)


@query("metaobjectDefinition")
def definition_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return definition_node(ctx, number_of(id, "MetaobjectDefinition"))


@query("metaobjectDefinitionByType")
def definition_by_type(ctx: Context, type: str) -> Doc | None:  # noqa: A002
    return metaobjects.find_definition(ctx.store, ctx.shop, own_type(ctx, type))


@query("metaobjectDefinitions")
def list_definitions(ctx: Context, **page: Any) -> Doc:
    return paginate(
        [each for each in ctx.store.all(ctx.shop, "metaobject_definition") if is_own(ctx, each["type"])], **page
    )


@mutation("metaobjectDefinitionCreate")
def definition_create(ctx: Context, definition: Doc) -> Doc:
    kind = own_type(ctx, definition["type"])
    if metaobjects.find_definition(ctx.store, ctx.shop, kind):
        raise RefusedError(["definition", "type"], "Type has already been taken", "TAKEN")
    return {"metaobjectDefinition": define(ctx, kind, definition), "userErrors": []}


def define(ctx: Context, kind: str, definition: Mapping[str, Any]) -> Doc:
    """Write a new definition. Raises RefusedError."""
    now = ctx.timestamp()
    doc: Doc = {
        "type": kind,
        "name": definition.get("name") or re.split("--|:", kind)[-1].replace("_", " ").replace("-", " ").capitalize(),
        "description": definition.get("description"),
        "display_name_key": definition.get("displayNameKey"),
        "fields": [_new_field(each, index) for index, each in enumerate(definition.get("fieldDefinitions") or [])],
        "access": _access({}, definition.get("access")),
        "capabilities": _capabilities({}, definition.get("capabilities")),
        "created_at": now,
        "updated_at": now,
    }
    return _write(ctx, doc)


@mutation("metaobjectDefinitionUpdate")
def definition_update(ctx: Context, id: str, definition: Doc) -> Doc:  # noqa: A002
    doc = _get_own(ctx, id)
    for key, name in (("name", "name"), ("description", "description"), ("displayNameKey", "display_name_key")):
        if key in definition:
            doc[name] = definition[key]
    doc["access"] = _access(doc["access"], definition.get("access"))
    doc["capabilities"] = _capabilities(doc["capabilities"], definition.get("capabilities"))
    for index, operation in enumerate(definition.get("fieldDefinitions") or []):
        _apply(doc, operation, index)
    return {"metaobjectDefinition": _write(ctx, {**doc, "updated_at": ctx.timestamp()}), "userErrors": []}


@mutation("metaobjectDefinitionDelete")
def definition_delete(ctx: Context, id: str) -> Doc:  # noqa: A002
    doc = _get_own(ctx, id)
    for entry in ctx.store.select(ctx.shop, "metaobject", type=doc["type"]):
        metaobjects.delete_entry(ctx.store, ctx.shop, entry)
    ctx.store.delete(ctx.shop, "metaobject_definition", doc["id"])
    return {"deletedId": id, "userErrors": []}


def _get_own(ctx: Context, id: str) -> Doc:  # noqa: A002
    doc = definition_by_id(ctx, id)
    if doc is None:
        raise RefusedError(["id"], "Record not found", "RECORD_NOT_FOUND")
    require_own(ctx, doc["type"])
    return doc


def _write(ctx: Context, doc: Doc) -> Doc:
    keys = [each["key"] for each in doc["fields"]]
    if len(keys) > MOST_FIELDS:
        raise RefusedError(["definition", "fieldDefinitions"], f"At most {MOST_FIELDS} fields", "INPUT_LIMIT_EXCEEDED")
    if len(keys) != len(set(keys)):
        raise RefusedError(["definition", "fieldDefinitions"], "A field key is given twice", "DUPLICATE_FIELD_INPUT")
    if doc["display_name_key"] and doc["display_name_key"] not in keys:
        said = f'Field definition "{doc["display_name_key"]}" does not exist'
        raise RefusedError(["definition", "displayNameKey"], said, "UNDEFINED_OBJECT_FIELD")
    return ctx.store.put(ctx.shop, "metaobject_definition", doc)


def _new_field(given: Mapping[str, Any], index: int) -> Doc:
    kind = given["type"]
    if not values.is_type(kind):
        path = ["definition", "fieldDefinitions", str(index), "type"]
        raise RefusedError(path, f"Type name {kind} is not a valid type", "FIELD_TYPE_INVALID")
    return {
        "key": given["key"],
        "name": given.get("name") or given["key"].replace("_", " ").capitalize(),
        "description": given.get("description"),
        "type": kind,
        "required": given.get("required") or False,
        "validations": [{"name": each["name"], "value": each["value"]} for each in given.get("validations") or []],
        "filterable": _filterable(given, before=False),
    }


def _filterable(given: Mapping[str, Any], *, before: bool) -> bool:
    capability = (given.get("capabilities") or {}).get("adminFilterable")
    return bool(capability["enabled"]) if capability else before


def _apply(doc: Doc, operation: Mapping[str, Any], index: int) -> None:
    """One of create, update, delete on the definition's fields."""
    if operation.get("create"):
        doc["fields"].append(_new_field(operation["create"], index))
        return
    change = operation.get("update") or operation.get("delete")
    found = next((each for each in doc["fields"] if change and each["key"] == change["key"]), None)
    if change is None or found is None:
        path = ["definition", "fieldDefinitions", str(index)]
        raise RefusedError(path, "Field definition does not exist", "UNDEFINED_OBJECT_FIELD")
    if operation.get("delete"):
        doc["fields"].remove(found)
        return
    found |= {key: change[key] for key in ("name", "description", "required", "validations") if key in change}
    found["filterable"] = _filterable(change, before=found["filterable"])


def _access(before: Doc, given: Mapping[str, Any] | None) -> Doc:
    start = {"admin": "MERCHANT_READ", "storefront": "NONE", "customerAccount": "NONE", **before}
    return {**start, **{key: value for key, value in (given or {}).items() if value is not None}}


def _capabilities(before: Doc, given: Mapping[str, Any] | None) -> Doc:
    merged: Doc = {}
    for name in _CAPABILITIES:
        start = before.get(name) or {"enabled": False}
        merged[name] = {**start, **((given or {}).get(name) or {})}
    return merged


@field("MetaobjectDefinition", "fieldDefinitions")
def field_definitions(_: Context, definition: Doc) -> list[Doc]:
    fields: list[Doc] = definition["fields"]
    return fields


@field("MetaobjectDefinition", "capabilities")
def definition_capabilities(_: Context, definition: Doc) -> Doc:
    held: Doc = {name: dict(definition["capabilities"][name]) for name in _CAPABILITIES}
    page = held["onlineStore"].get("data")
    if page:
        held["onlineStore"]["data"] = {
            "urlHandle": page["urlHandle"],
            "canCreateRedirects": page.get("createRedirects", False),
        }
    return held


@field("MetaobjectDefinition", "hasThumbnailField")
def has_thumbnail(_: Context, definition: Doc) -> bool:
    return any(each["type"] == "file_reference" for each in definition["fields"])


@field("MetaobjectDefinition", "metaobjects")
def definition_entries(ctx: Context, definition: Doc, **page: Any) -> Doc:
    return paginate(ctx.store.select(ctx.shop, "metaobject", type=definition["type"]), **page)


@field("MetaobjectDefinition", "metaobjectsCount")
def entries_count(ctx: Context, definition: Doc) -> int:
    return len(ctx.store.select(ctx.shop, "metaobject", type=definition["type"]))


@field("MetaobjectFieldDefinition", "type")
def field_type(_: Context, definition: Doc) -> Doc:
    return type_named(definition["type"])


@field("MetaobjectFieldDefinition", "validations")
def field_validations(_: Context, definition: Doc) -> list[Doc]:
    return typed_validations(definition["validations"])


@field("MetaobjectFieldDefinition", "capabilities")
def field_capabilities(_: Context, definition: Doc) -> Doc:
    return {"adminFilterable": {"enabled": definition["filterable"]}}


def type_named(name: str) -> Doc:
    single = name.removeprefix("list.")
    category = "REFERENCE" if single in values.REFERENCES else "NUMBER" if single.startswith("number") else "TEXT"
    return {"name": name, "category": category}


def typed_validations(rules: list[Doc]) -> list[Doc]:
    return [{**rule, "type": "json" if rule["name"] == "choices" else "single_line_text_field"} for rule in rules]
