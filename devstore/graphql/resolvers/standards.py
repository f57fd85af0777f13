"""Shopify's standard definitions over GraphQL: looked up by category, and switched on."""

from typing import Any

from devstore import metafields, metaobjects, standards
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, RefusedError, field, mutation, query
from devstore.graphql.resolvers import metafield_definitions, metaobject_definitions
from devstore.store import Doc


@query("standardMetafieldDefinitionTemplates")
def list_templates(_: Context, constraint_subtype: Doc | None = None, **page: Any) -> Doc:
    wanted = constraint_subtype or {}
    return paginate(standards.list_templates(wanted["value"] if wanted.get("key") == "category" else None), **page)


@field("StandardMetafieldDefinitionTemplate", "type")
def template_type(_: Context, template: Doc) -> Doc:
    return metaobject_definitions.type_named(template["type"])


@mutation("standardMetafieldDefinitionEnable")
def enable_metafield(ctx: Context, owner_type: str, namespace: str | None = None, key: str | None = None) -> Doc:
    template = standards.find_template(key or "") if namespace == standards.NAMESPACE else None
    if template is None or owner_type != "PRODUCT":
        said = "A standard definition wasn't found for the specified owner type"
        raise RefusedError(None, said, "TEMPLATE_NOT_FOUND")
    if metafields.find_definition(ctx.store, ctx.shop, owner_type, namespace or "", key or ""):
        raise RefusedError(["key"], f"Key is in use for Product metafields on the '{namespace}' namespace.", "TAKEN")
    entries = metaobjects.find_definition(ctx.store, ctx.shop, f"{namespace}--{key}")
    if entries is None:
        raise RefusedError(None, "The standard metaobject definition is not enabled", "INVALID_STANDARD_METAOBJECT")
    held = {"owner_type": owner_type, "namespace": namespace, "key": key, "type": template["type"]}
    doc = metafield_definitions.filled(held, {"name": template["name"]})
    return {"createdDefinition": ctx.store.put(ctx.shop, "metafield_definition", doc), "userErrors": []}


@mutation("standardMetaobjectDefinitionEnable")
def enable_metaobject(ctx: Context, type: str) -> Doc:  # noqa: A002
    fields = standards.entry_fields(type)
    if fields is None:
        raise RefusedError(["type"], "A standard definition wasn't found for the specified type", "RECORD_NOT_FOUND")
    held = metaobjects.find_definition(ctx.store, ctx.shop, type)
    doc = held or metaobject_definitions.define(ctx, type, {"displayNameKey": "label", "fieldDefinitions": fields})
    return {"metaobjectDefinition": doc, "userErrors": []}
