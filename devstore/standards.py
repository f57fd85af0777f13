"""Shopify's standard definitions for what a category asks of a product: metafields `shopify.<key>` and their entries.

Colour and pattern share one: an entry of `shopify--color-pattern` is a colour in a pattern.
"""

from devstore import taxonomy
from devstore.store import Doc

NAMESPACE = "shopify"
_SHARED = "color-pattern"
_SHARED_ATTRIBUTES = ("color", "pattern")


def list_templates(category_code: str | None) -> list[Doc]:
    """Templates of metafields that products of a category take, or all of them."""
    gid = f"gid://shopify/TaxonomyCategory/{category_code}"
    attributes = taxonomy.list_attributes(gid) if category_code else taxonomy.all_attributes()
    kept = [each for each in attributes if each["handle"] != "pattern"]
    return [_template(each) for each in kept]


def find_template(key: str) -> Doc | None:
    return next((each for each in list_templates(None) if each["key"] == key), None)


def takes(definition: Doc, owner: Doc) -> bool:
    """Whether a metafield of this definition may hang on the owner: standard ones belong to categories."""
    if definition["namespace"] != NAMESPACE:
        return True
    keys = {key_of(each["handle"]) for each in taxonomy.list_attributes(owner.get("category_gid"))}
    return definition["key"] in keys


def key_of(handle: str) -> str:
    return _SHARED if handle in _SHARED_ATTRIBUTES else handle


def entry_fields(kind: str) -> list[Doc] | None:
    """The fields of `shopify--<key>`; None when Shopify has no such standard definition."""
    template = find_template(kind.removeprefix(f"{NAMESPACE}--")) if kind.startswith(f"{NAMESPACE}--") else None
    if template is None:
        return None
    value = "product_taxonomy_value_reference"
    label = {"key": "label", "name": "Label", "type": "single_line_text_field", "required": True}
    if template["key"] != _SHARED:
        return [label, {"key": "taxonomy_reference", "name": "Base value", "type": value, "required": True}]
    return [
        label,
        {"key": "color", "name": "Color", "type": "color"},
        {"key": "image", "name": "Image", "type": "file_reference"},
        {"key": "color_taxonomy_reference", "name": "Base color", "type": f"list.{value}", "required": True},
        {"key": "pattern_taxonomy_reference", "name": "Base pattern", "type": value, "required": True},
    ]


def _template(attribute: Doc) -> Doc:
    number = int(attribute["id"].rpartition("/")[2])
    key = key_of(attribute["handle"])
    plain = {"id": number, "namespace": NAMESPACE, "key": key, "name": attribute["name"]}
    return {**plain, "owner_types": ["PRODUCT"], "type": "list.metaobject_reference"}
