"""From the input of productSet, productCreate and productUpdate to the product's document."""

from collections.abc import Mapping
from typing import Any

from devstore import products, taxonomy
from devstore.gids import number_of
from devstore.graphql import variant_input
from devstore.graphql.registry import Context, RefusedError
from devstore.graphql.resolvers import files
from devstore.graphql.resolvers.metafields import set_on
from devstore.metaobjects import slug
from devstore.store import Doc

MOST_OPTIONS = 3
_PLAIN = {"title": "title", "descriptionHtml": "description_html", "productType": "product_type", "vendor": "vendor"}


def new_product(ctx: Context) -> Doc:
    """An empty product with one default variant, not yet stored and on no channel."""
    now = ctx.timestamp()
    product: Doc = {
        "id": ctx.store.next_id(),
        "title": "",
        "handle": "",
        "description_html": "",
        "vendor": ctx.shop_doc["name"],
        "product_type": "",
        "tags": [],
        "status": "ACTIVE",
        "category_gid": None,
        "seo": {"title": None, "description": None},
        "options": [],
        "variants": [],
        "media": [],
        "metafields": [],
        "published_on": [],
        "created_at": now,
        "updated_at": now,
        "published_at": None,
    }
    set_options(ctx, product, [{"name": "Title", "values": [{"name": "Default Title"}]}], ["input"])
    default = {"optionValues": [{"optionName": "Title", "name": "Default Title"}]}
    product["variants"] = [variant_input.build(ctx, product, default, None, 1, ["input"])]
    return product


def set_fields(ctx: Context, product: Doc, given: Mapping[str, Any], root: str) -> None:
    """Everything but options and variants: only what is given changes. Raises RefusedError."""
    for key, name in _PLAIN.items():
        if given.get(key) is not None:
            product[name] = given[key].strip() if key != "descriptionHtml" else given[key]
    if not product["title"]:
        raise RefusedError([root, "title"], "Title can't be blank", "INVALID_INPUT")
    if len(product["title"]) > 255:
        raise RefusedError([root, "title"], "Title is too long (maximum is 255 characters)", "INVALID_INPUT")
    if given.get("tags") is not None:
        product["tags"] = sorted({tag.strip() for tag in given["tags"] if tag.strip()}, key=str.lower)
    if given.get("status") is not None:
        product["status"] = given["status"]
    if "category" in given:
        product["category_gid"] = _category(given["category"], root)
    if given.get("seo") is not None:
        product["seo"] = {**product["seo"], **given["seo"]}
    _set_handle(ctx, product, given.get("handle"), root)
    if given.get("files") is not None:
        product["media"] = set_media(ctx, product["media"], given["files"])
        _let_go(product)


def _let_go(product: Doc) -> None:
    """A picture that the product has no more shows no variant."""
    kept = {each["id"] for each in product["media"]}
    for variant in product["variants"]:
        if variant.get("media_id") not in kept:
            variant["media_id"] = None


def set_metafields(ctx: Context, product: Doc, given: list[Doc] | None, root: str, *, replace: bool) -> None:
    if given is None:
        return
    written = [_set_metafield(ctx, product, each, [root, "metafields", str(index)]) for index, each in enumerate(given)]
    if replace:
        kept = {each["id"] for each in written}
        product["metafields"] = [each for each in product["metafields"] if each["id"] in kept]


def _set_metafield(ctx: Context, product: Doc, given: Doc, path: list[str]) -> Doc:
    try:
        return set_on(ctx, "Product", product, given, path)
    except RefusedError as error:
        # Products have codes of their own for what is wrong with a metafield.
        for each in error.errors:
            each["code"] = "DUPLICATED_METAFIELD_VALUE" if each["code"] == "TAKEN" else "INVALID_METAFIELD"
        raise


def set_options(ctx: Context, product: Doc, given: list[Doc], path: list[str]) -> None:
    """Replace the options: known by id, else by their names, else new; so are their values. Raises RefusedError."""
    if len(given) > MOST_OPTIONS:
        raise RefusedError([*path, "productOptions"], "Can only specify a maximum of 3 options", "OPTIONS_OVER_LIMIT")
    options: list[Doc] = []
    for position, each in enumerate(sorted(given, key=lambda option: option.get("position") or len(given)), 1):
        before = _known(product["options"], each, "ProductOption", [*path, "productOptions", str(position - 1)])
        name = (each.get("name") or (before or {}).get("name") or "").strip()
        if not name:
            raise RefusedError(
                [*path, "productOptions", str(position - 1), "name"], "Option name can't be blank", "INVALID_INPUT"
            )
        options.append(_option(ctx, before, name, position, each, [*path, "productOptions", str(position - 1)]))
    names = [option["name"].lower() for option in options]
    if len(names) != len(set(names)):
        raise RefusedError([*path, "productOptions"], "Option names must be unique", "DUPLICATED_OPTION_NAME")
    product["options"] = options


def _known(held: list[Doc], given: Doc, kind: str, path: list[str]) -> Doc | None:
    """What is meant of what there is: by its id, or by its name. Raises RefusedError for an id that is not among it."""
    if not given.get("id"):
        return next((each for each in held if each["name"] == (given.get("name") or "").strip()), None)
    number = number_of(given["id"], kind)
    found = next((each for each in held if each["id"] == number), None)
    if found is None:
        what, code = (
            ("Option", "OPTION_DOES_NOT_EXIST")
            if kind == "ProductOption"
            else ("Option value", "OPTION_VALUE_DOES_NOT_EXIST")
        )
        raise RefusedError([*path, "id"], f"{what} does not exist", code)
    return found


def _option(ctx: Context, before: Doc | None, name: str, position: int, given: Doc, path: list[str]) -> Doc:
    asked = given.get("values") or []
    known = [_known(before["values"] if before else [], value, "ProductOptionValue", path) for value in asked]
    names = [
        (value.get("name") or (held or {}).get("name") or "").strip() for value, held in zip(asked, known, strict=True)
    ]
    if not names or not all(names):
        raise RefusedError([*path, "values"], "Option values are missing", "OPTION_VALUES_MISSING")
    if len({value.lower() for value in names}) != len(names):
        raise RefusedError([*path, "values"], f"Option values of {name} must be unique", "DUPLICATED_OPTION_VALUE")
    values = [
        {"id": held["id"] if held else ctx.store.next_id(), "name": value}
        for value, held in zip(names, known, strict=True)
    ]
    return {"id": before["id"] if before else ctx.store.next_id(), "name": name, "position": position, "values": values}


def set_media(ctx: Context, before: list[Doc], given: list[Doc]) -> list[Doc]:
    """The product's pictures from `{id}` of one that it has or that is a file, or `{originalSource}` of a new one."""
    return [_medium(ctx, before, each, index) for index, each in enumerate(given)]


def _medium(ctx: Context, before: list[Doc], given: Doc, index: int) -> Doc:
    if given.get("id"):
        number = number_of(given["id"], "MediaImage")
        found = next((each for each in before if each["id"] == number), ctx.store.get(ctx.shop, "file", number))
        if found is None:
            raise RefusedError(["input", "files", str(index), "id"], "File does not exist", "INVALID_INPUT")
        return {**found, "alt": given.get("alt", found["alt"])}
    if not given.get("originalSource"):
        path = ["input", "files", str(index)]
        raise RefusedError(path, "Either id or originalSource must be given", "INVALID_INPUT")
    return files.create(
        ctx, {"alt": given.get("alt"), "originalSource": given["originalSource"], "contentType": "IMAGE"}
    )


def _category(text: str | None, root: str) -> str | None:
    if text is None:
        return None
    if taxonomy.find(text) is None:
        raise RefusedError([root, "category"], "The specified product category is invalid.", "INVALID_INPUT")
    return text


def _set_handle(ctx: Context, product: Doc, wanted: str | None, root: str) -> None:
    """A handle that is asked for must be free; one made from the title is counted up until it is."""
    handle = slug(wanted or "")
    if not handle:
        product["handle"] = product["handle"] or products.free_handle(ctx.store, ctx.shop, product["title"])
        return
    taken = ctx.store.find(ctx.shop, "product", handle=handle)
    if taken and taken["id"] != product["id"]:
        said = f"Handle '{handle}' already in use. Please provide a new handle."
        raise RefusedError([root, "handle"], said, "HANDLE_NOT_UNIQUE")
    product["handle"] = handle
