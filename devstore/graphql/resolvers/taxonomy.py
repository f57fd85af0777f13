"""`taxonomy { categories }` over GraphQL."""

from typing import Any

from devstore import taxonomy
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, node, query
from devstore.store import Doc


@query("taxonomy")
def taxonomy_root(_: Context) -> Doc:
    return {"id": 1}


@field("Taxonomy", "categories")
def categories(
    _: Context,
    __: Doc,
    search: str | None = None,
    children_of: str | None = None,
    descendants_of: str | None = None,
    siblings_of: str | None = None,
    **page: Any,
) -> Doc:
    """All words of `search` must be in the full name; a hit in the name itself comes first."""
    found = taxonomy.list_categories()
    if search:
        words = search.lower().split()
        found = [each for each in found if all(word in each["fullName"].lower() for word in words)]
        found.sort(key=lambda each: not all(word in each["name"].lower() for word in words))
    if children_of:
        found = [each for each in found if each["parentId"] == children_of]
    if descendants_of:
        found = [each for each in found if descendants_of in each["ancestorIds"]]
    if siblings_of:
        sibling = taxonomy.find(siblings_of)
        found = [
            each for each in found if sibling and each["parentId"] == sibling["parentId"] and each["id"] != siblings_of
        ]
    if not any((search, children_of, descendants_of, siblings_of)):
        found = [each for each in found if each["isRoot"]]
    return paginate(found, **page)


@field("TaxonomyCategory", "attributes")
def attributes(_: Context, category: Doc, **page: Any) -> Doc:
    return paginate(taxonomy.list_attributes(category["id"]), **page)


@field("TaxonomyChoiceListAttribute", "values")
def values(_: Context, attribute: Doc, **page: Any) -> Doc:
    return paginate(attribute["values"], **page)


@node("TaxonomyAttribute")
def attribute_node(_: Context, number: int) -> Doc | None:
    return taxonomy.find_attribute(number)


@node("TaxonomyValue")
def value_node(_: Context, number: int) -> Doc | None:
    return taxonomy.find_value(number)
