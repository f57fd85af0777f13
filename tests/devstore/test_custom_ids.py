"""productSet by a unique metafield: the same name is the same product, however often it is said."""

from typing import Any

import pytest

from tests.devstore.conftest import Shopify

DEFINE = """mutation ($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) { createdDefinition { id } userErrors { message code } } }"""
SET = """mutation ($identifier: ProductSetIdentifiers, $input: ProductSetInput!) {
  productSet(identifier: $identifier, input: $input) { product { id title } userErrors { field message code } } }"""
NAME = {"customId": {"namespace": "$app", "key": "listing", "value": "one"}}


@pytest.fixture
def defined(shopify: Shopify) -> Shopify:
    definition = {"ownerType": "PRODUCT", "namespace": "$app", "key": "listing", "name": "Listing", "type": "id"}
    assert not shopify.ask(DEFINE, {"definition": definition})["metafieldDefinitionCreate"]["userErrors"]
    return shopify


def put(shopify: Shopify, identifier: dict[str, Any] | None = None, **content: Any) -> dict[str, Any]:
    answer: dict[str, Any] = shopify.ask(SET, {"identifier": identifier, "input": content})["productSet"]
    return answer


def test_a_custom_id_makes_one_product_however_often_it_is_sent(defined: Shopify) -> None:
    first = put(defined, NAME, title="Mug")["product"]
    second = put(defined, NAME, title="Better mug")["product"]
    assert second == {"id": first["id"], "title": "Better mug"}
    assert len(defined.store.all("acme.myshopify.com", "product")) == 1


def test_a_custom_id_needs_its_definition(shopify: Shopify) -> None:
    assert put(shopify, NAME, title="Mug")["userErrors"][0]["code"] == "INVALID_METAFIELD"


def test_metafields_beside_a_custom_id_must_carry_it(defined: Shopify) -> None:
    other = {"namespace": "$app", "key": "listing", "type": "id", "value": "two"}
    assert put(defined, NAME, title="Mug", metafields=[other])["userErrors"][0]["code"] == "METAFIELD_MISMATCH"


def test_two_products_never_share_a_custom_id(defined: Shopify) -> None:
    put(defined, NAME, title="Mug")
    same = {"namespace": "$app", "key": "listing", "type": "id", "value": "one"}
    assert put(defined, None, title="Bowl", metafields=[same])["userErrors"][0]["code"] == "DUPLICATED_METAFIELD_VALUE"
