"""Writing products over GraphQL: whole (productSet), in part, and their variants in bulk."""

from typing import Any

from graphql import GraphQLError

from devstore import products, standards
from devstore.gids import number_of, parse_gid
from devstore.graphql import product_input, variant_input
from devstore.graphql.ownership import own_namespace
from devstore.graphql.registry import Context, RefusedError, mutation
from devstore.graphql.resolvers.collections import payload as collection_payload
from devstore.graphql.resolvers.products import product_by_identifier, product_node
from devstore.store import Doc


@mutation("productSet")
def product_set(ctx: Context, input: Doc, identifier: Doc | None = None, synchronous: bool = True) -> Doc:  # noqa: A002, FBT001, FBT002
    """Lists that are given (options, variants, files, metafields, collections) are replaced whole."""
    if not synchronous:
        raise GraphQLError(
            "The development store runs productSet only synchronously", extensions={"code": "NOT_IMPLEMENTED"}
        )
    product = _to_set(ctx, input, identifier)
    input = _with_custom_id(ctx, input, identifier)  # noqa: A001
    given = {**input, "handle": input.get("handle") or (identifier or {}).get("handle")}
    product_input.set_fields(ctx, product, given, "input")
    options, variants = input.get("productOptions"), input.get("variants")
    if options is not None and variants is None:
        said = "Variants input is required when updating product options"
        raise RefusedError(["input", "variants"], said, "VARIANTS_INPUT_MISSING")
    if variants is not None and options is None:
        said = "Product options input is required when updating variants"
        raise RefusedError(["input", "productOptions"], said, "PRODUCT_OPTIONS_INPUT_MISSING")
    if options is not None and variants is not None:
        product_input.set_options(ctx, product, options, ["input"])
        variant_input.set_variants(ctx, product, variants)
    product_input.set_metafields(ctx, product, input.get("metafields"), "input", replace=True)
    stored = products.save_product(ctx.store, ctx.shop, product)
    if input.get("collections") is not None:
        _join_only(ctx, stored["id"], input["collections"])
    return {"product": stored, "userErrors": []}


def _to_set(ctx: Context, given: Doc, identifier: Doc | None) -> Doc:
    wanted = identifier or ({"id": given["id"]} if given.get("id") else None)
    found = product_by_identifier(ctx, wanted) if wanted else None
    if found is None and wanted and "id" in wanted:
        raise RefusedError(["input"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
    return found or product_input.new_product(ctx)


def _with_custom_id(ctx: Context, given: Doc, identifier: Doc | None) -> Doc:
    """The input with the custom ID among its metafields. Raises RefusedError when it names another."""
    wanted = (identifier or {}).get("customId")
    if wanted is None:
        return given
    named = (own_namespace(ctx, wanted.get("namespace")), wanted["key"], wanted["value"])
    listed = given.get("metafields")
    if listed is None:
        return {**given, "metafields": [{**wanted, "type": "id"}]}
    if named not in [(own_namespace(ctx, each.get("namespace")), each["key"], each["value"]) for each in listed]:
        said = "The input argument `metafields` (if present) must contain the `customId` value."
        raise RefusedError(["input", "metafields"], said, "METAFIELD_MISMATCH")
    return given


def _join_only(ctx: Context, product_id: int, texts: list[str]) -> None:
    wanted = {number_of(text, "Collection") for text in texts}
    for collection in ctx.store.all(ctx.shop, "collection"):
        kept = [each for each in collection["product_ids"] if each != product_id]
        ids = [*kept, product_id] if collection["id"] in wanted else kept
        if ids != collection["product_ids"] and not collection["rule"]:
            stored = ctx.store.put(ctx.shop, "collection", {**collection, "product_ids": ids})
            ctx.emit("collections/update", collection_payload(stored))


@mutation("productCreate")
def product_create(ctx: Context, product: Doc | None = None, media: list[Doc] | None = None) -> Doc:
    """Options make the first variant only, from each option's first value, as Shopify does."""
    given = product or {}
    doc = product_input.new_product(ctx)
    product_input.set_fields(ctx, doc, given, "product")
    if given.get("productOptions"):
        product_input.set_options(ctx, doc, given["productOptions"], ["product"])
        firsts = [{"optionName": each["name"], "name": each["values"][0]["name"]} for each in doc["options"]]
        variant_input.set_variants(ctx, doc, [{"optionValues": firsts}])
    product_input.set_metafields(ctx, doc, given.get("metafields"), "product", replace=False)
    doc["media"] = _appended(ctx, doc, media)
    return {"product": products.save_product(ctx.store, ctx.shop, doc), "userErrors": []}


@mutation("productUpdate")
def product_update(
    ctx: Context, product: Doc | None = None, media: list[Doc] | None = None, identifier: Doc | None = None
) -> Doc:
    given = product or {}
    wanted = identifier or ({"id": given["id"]} if given.get("id") else None)
    doc = product_by_identifier(ctx, wanted) if wanted else None
    if doc is None:
        raise RefusedError(["product", "id"], "Product does not exist")
    product_input.set_fields(ctx, doc, given, "product")
    product_input.set_metafields(ctx, doc, given.get("metafields"), "product", replace=False)
    if given.get("deleteConflictingConstrainedMetafields"):
        doc["metafields"] = [each for each in doc["metafields"] if standards.takes(each, doc)]
    doc["media"] = _appended(ctx, doc, media)
    return {"product": products.save_product(ctx.store, ctx.shop, doc), "userErrors": []}


def _appended(ctx: Context, doc: Doc, media: list[Doc] | None) -> list[Doc]:
    held: list[Doc] = doc["media"]
    return held + product_input.set_media(
        ctx, [], [{"alt": each.get("alt"), "originalSource": each["originalSource"]} for each in media or []]
    )


@mutation("productDelete")
def product_delete(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    doc = _get(ctx, input["id"], "id")
    products.delete_product(ctx.store, ctx.shop, doc)
    return {"deletedProductId": input["id"], "userErrors": []}


@mutation("productVariantsBulkCreate")
def variants_create(ctx: Context, product_id: str, variants: list[Doc]) -> Doc:
    doc = _get(ctx, product_id, "productId")
    place = len(doc["variants"]) + 1
    made = [
        variant_input.build(ctx, doc, each, None, place + index, ["variants", str(index)])
        for index, each in enumerate(variants)
    ]
    doc["variants"] = [*doc["variants"], *made]
    return _bulk(ctx, doc, made)


@mutation("productVariantsBulkUpdate")
def variants_update(ctx: Context, product_id: str, variants: list[Doc]) -> Doc:
    doc = _get(ctx, product_id, "productId")
    changed = []
    for index, each in enumerate(variants):
        path = ["variants", str(index)]
        number = number_of(each["id"], "ProductVariant") if each.get("id") else 0
        before = next((variant for variant in doc["variants"] if variant["id"] == number), None)
        if before is None:
            raise RefusedError([*path, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")
        if each.get("inventoryQuantities"):
            said = "Inventory quantities can only be provided during create."
            raise RefusedError([*path, "inventoryQuantities"], said, "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE")
        after = variant_input.build(ctx, doc, each, before, before["position"], path)
        doc["variants"] = [after if variant is before else variant for variant in doc["variants"]]
        changed.append(after)
    return _bulk(ctx, doc, changed)


@mutation("productVariantsBulkDelete")
def variants_delete(ctx: Context, product_id: str, variants_ids: list[str]) -> Doc:
    doc = _get(ctx, product_id, "productId")
    gone = {number_of(each, "ProductVariant") for each in variants_ids}
    missing = gone - {variant["id"] for variant in doc["variants"]}
    if missing:
        raise RefusedError(
            ["variantsIds"],
            "At least one variant does not belong to the product",
            "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT",
        )
    kept = [variant for variant in doc["variants"] if variant["id"] not in gone]
    if not kept:
        raise RefusedError(["variantsIds"], "Cannot delete the last variant", "CANNOT_DELETE_LAST_VARIANT")
    doc["variants"] = kept
    return {"product": products.save_product(ctx.store, ctx.shop, doc), "userErrors": []}


def _bulk(ctx: Context, doc: Doc, touched: list[Doc]) -> Doc:
    variant_input.check_unique(doc["variants"], ["variants"])
    stored = products.save_product(ctx.store, ctx.shop, doc)
    return {"product": stored, "productVariants": [{**each, "product": stored} for each in touched], "userErrors": []}


@mutation("productVariantDetachMedia")
def detach_media(ctx: Context, product_id: str, variant_media: list[Doc]) -> Doc:
    doc = _get(ctx, product_id, "productId")
    changed = []
    for index, each in enumerate(variant_media):
        path = ["variantMedia", str(index)]
        number = number_of(each["variantId"], "ProductVariant")
        variant = next((variant for variant in doc["variants"] if variant["id"] == number), None)
        if variant is None:
            raise RefusedError(
                [*path, "variantId"], "Variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST_ON_PRODUCT"
            )
        if variant.get("media_id") not in {number_of(text, "MediaImage") for text in each["mediaIds"]}:
            said = "The specified media is not attached to the specified variant."
            raise RefusedError([*path, "mediaIds"], said, "MEDIA_IS_NOT_ATTACHED_TO_VARIANT")
        variant["media_id"] = None
        changed.append(variant)
    return _bulk(ctx, doc, changed)


@mutation("tagsAdd")
def tags_add(ctx: Context, id: str, tags: list[str]) -> Doc:  # noqa: A002
    return _retag(ctx, id, lambda held: held | {tag.strip() for tag in tags if tag.strip()})


@mutation("tagsRemove")
def tags_remove(ctx: Context, id: str, tags: list[str]) -> Doc:  # noqa: A002
    return _retag(ctx, id, lambda held: held - {tag.strip() for tag in tags})


def _retag(ctx: Context, text: str, change: Any) -> Doc:
    kind, number = parse_gid(text)
    if kind == "Product":
        doc = _get(ctx, text, "id")
        doc["tags"] = sorted(change(set(doc["tags"])), key=str.lower)
        return {"node": {**products.save_product(ctx.store, ctx.shop, doc), "__typename": "Product"}, "userErrors": []}
    raise RefusedError(["id"], f"{kind} {number} can't be tagged in the development store")


def _get(ctx: Context, text: str, part: str) -> Doc:
    doc = product_node(ctx, number_of(text, "Product"))
    if doc is None:
        raise RefusedError([part], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
    return doc
