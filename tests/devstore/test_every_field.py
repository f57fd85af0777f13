"""Whatever the schema offers is answered: each type is asked for every field it has, and none may fail."""

from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    execute_sync,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)

from devstore.graphql import schema
from devstore.graphql.registry import Context
from devstore.installations import install
from tests.devstore.conftest import ACME, Shopify
from tests.devstore.test_catalogue import define_vendor, fields, mugs, picture, set_product, staged, upsert

DEPTH = 4


def selection(kind: Any, arguments: dict[str, str], depth: int = DEPTH, seen: tuple[str, ...] = ()) -> str:
    """Every field of an object type, objects inside to a depth; fields with arguments not in `arguments` get none."""
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        return "{ __typename }"
    parts = [_field(kind, name, field, arguments, depth, seen) for name, field in kind.fields.items()]
    return "{ " + " ".join(filter(None, parts)) + " }"


def _field(
    kind: GraphQLObjectType,
    name: str,
    field: GraphQLField,
    arguments: dict[str, str],
    depth: int,
    seen: tuple[str, ...],
) -> str:
    result = get_named_type(field.type)
    sizes = ["first: 5"] if result.name.endswith("Connection") else []
    given = arguments.get(f"{kind.name}.{name}")
    if given is None and any(str(value.type).endswith("!") for value in field.args.values()):
        raise AssertionError(f"{kind.name}.{name} needs arguments: say in this test which")
    called = f"({', '.join(sizes + ([given] if given else []))})" if sizes or given else ""
    if is_leaf_type(result):
        return name + called
    if depth == 0 or result.name in seen:
        return ""
    inner = selection(result, arguments, depth - 1, (*seen, kind.name))
    return name + called + inner if inner != "{  }" else ""


def ask(shopify: Shopify, text: str) -> dict[str, Any]:
    """Run with no price, as such a question is dearer than any app's."""
    context = Context(shopify.store, ACME, install(shopify.store, ACME), shopify.config)
    document = parse(text)
    assert validate(schema.load(), document) == []
    result = execute_sync(schema.load(), document, context_value=context)
    assert result.errors is None, [(error.message, error.path) for error in result.errors]
    assert result.data is not None
    return result.data


@pytest.fixture
def ids(shopify: Shopify) -> dict[str, str]:
    """A shop with one of everything."""
    define_vendor(shopify)
    vendor = upsert(shopify, "ada", metaobject=fields(name="Ada"))["metaobject"]["id"]
    defined = """mutation($d: MetafieldDefinitionInput!) {
      metafieldDefinitionCreate(definition: $d) { createdDefinition { id } userErrors { message } } }"""
    wanted = {"name": "Vendor", "key": "vendor", "ownerType": "PRODUCT", "type": "metaobject_reference"}
    definition = shopify.ask(defined, {"d": wanted})["metafieldDefinitionCreate"]["createdDefinition"]["id"]
    files = [{"originalSource": staged(shopify, "PUT", picture()), "contentType": "IMAGE"}]
    found = shopify.ask('{ taxonomy { categories(first: 1, search: "mugs") { nodes { id } } } }')["taxonomy"]
    category = found["categories"]["nodes"][0]["id"]
    given = mugs(files=files, metafields=[{"key": "vendor", "value": vendor}], category=category)
    product = set_product(shopify, given)["product"]
    places = shopify.ask("{ locations(first: 1) { nodes { id } } publications(first: 1) { nodes { id } } }")
    channel = places["publications"]["nodes"][0]["id"]
    publish = """mutation($id: ID!, $i: [PublicationInput!]!) {
      publishablePublish(id: $id, input: $i) { userErrors { message } } }"""
    shopify.ask(publish, {"id": product["id"], "i": [{"publicationId": channel}]})
    made = shopify.ask('mutation { collectionCreate(collection: {title: "All"}) { collection { id } } }')
    collection = made["collectionCreate"]["collection"]["id"]
    join = "mutation($c: ID!, $p: [ID!]!) { collectionAddProducts(id: $c, productIds: $p) { userErrors { message } } }"
    shopify.ask(join, {"c": collection, "p": [product["id"]]})
    return {
        "Product": product["id"],
        "ProductVariant": product["variants"]["nodes"][0]["id"],
        "InventoryItem": product["variants"]["nodes"][0]["inventoryItem"]["id"],
        "Metaobject": vendor,
        "MetafieldDefinition": definition,
        "Collection": collection,
        "TaxonomyCategory": category,
        "Location": places["locations"]["nodes"][0]["id"],
        "Publication": channel,
    }


def test_every_field_of_every_kind_of_thing_is_answered(shopify: Shopify, ids: dict[str, str]) -> None:
    arguments = {
        "InventoryItem.inventoryLevel": f'locationId: "{ids["Location"]}"',
        "InventoryLevel.quantities": 'names: ["available", "on_hand", "committed"]',
        "Metaobject.field": 'key: "name"',
        "Collection.hasProduct": f'id: "{ids["Product"]}"',
        **{
            f"{kind}.publishedOnPublication": f'publicationId: "{ids["Publication"]}"'
            for kind in ("Product", "ProductVariant", "Collection")
        },
        **{f"{kind}.metafield": 'key: "vendor"' for kind in schema.load().type_map},
    }
    for kind, number in ids.items():
        chosen = selection(schema.load().type_map[kind], arguments)
        node = ask(shopify, f'{{ node(id: "{number}") {{ ... on {kind} {chosen} }} }}')["node"]
        assert node["id"] == number
    attributes = "{ nodes { ... on TaxonomyChoiceListAttribute { id name values(first: 3) { nodes { id name } } } } }"
    asked = f"... on TaxonomyCategory {{ attributes(first: 5) {attributes} }}"
    category = ask(shopify, f'{{ node(id: "{ids["TaxonomyCategory"]}") {{ {asked} }} }}')["node"]
    assert {each["name"] for each in category["attributes"]["nodes"]} == {"Color", "Pattern", "Material"}
    root_type = schema.load().query_type
    assert root_type is not None
    for root in ("shop", "currentAppInstallation"):
        field = root_type.fields[root]
        assert ask(shopify, f"{{ {root} {selection(get_named_type(field.type), arguments)} }}")[root]
