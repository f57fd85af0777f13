"""The rules around every request: schema, scopes, cost, idempotency."""

import json
from typing import Any

import pytest

from devstore.faults import FAULTS
from devstore.graphql import execute, schema
from devstore.graphql.cost import Buckets
from devstore.graphql.registry import RESOLVERS
from devstore.installations import install
from tests.devstore.conftest import ACME, Shopify

SET_STOCK = """mutation { inventorySetQuantities(input: {name: "available", reason: "correction", quantities: []}) %s {
  inventoryAdjustmentGroup { id } userErrors { message code } } }"""


@pytest.fixture(autouse=True)
def full_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "buckets", Buckets())


def code(answer: dict[str, Any]) -> str:
    said: str = answer["errors"][0]["extensions"]["code"]
    return said


def grant_only(shopify: Shopify, *scopes: str) -> None:
    shopify.ask("{ shop { id } }")
    installation = install(shopify.store, ACME)
    shopify.store.put(ACME, "installation", {**installation, "scopes": list(scopes)})
    app = shopify.store.find("", "app")
    assert app
    shopify.store.put("", "app", {**app, "scopes": list(scopes)})


def test_an_unknown_field_is_refused_as_shopify_refuses_it(shopify: Shopify) -> None:
    answer = shopify.post("{ shop { name favouriteColour } }").get_json()
    assert answer["errors"][0]["message"] == "Field 'favouriteColour' doesn't exist on type 'Shop'"
    assert code(answer) == "undefinedField"
    assert "data" not in answer


def test_a_missing_scope_is_refused_for_roots_and_for_what_they_lead_to(shopify: Shopify) -> None:
    grant_only(shopify, "read_products")
    assert "errors" not in shopify.post("{ products(first: 1) { nodes { title } } }").get_json()
    levels = "{ productVariants(first: 1) { nodes { inventoryItem { inventoryLevels(first: 1) { nodes { id } } } } } }"
    assert code(shopify.post(levels).get_json()) == "ACCESS_DENIED"
    denied = shopify.post('mutation { productCreate(product: {title: "Mug"}) { product { id } } }').get_json()
    assert code(denied) == "ACCESS_DENIED"
    assert "`write_products` access scope" in denied["errors"][0]["message"]
    assert shopify.store.all(ACME, "product") == []


def test_a_write_scope_reads_too(shopify: Shopify) -> None:
    grant_only(shopify, "write_products")
    assert shopify.ask("{ products(first: 1) { nodes { title } } }")["products"]["nodes"] == []


def test_a_request_costs_by_its_pages_and_gets_back_what_it_did_not_use(shopify: Shopify) -> None:
    cost = shopify.post("{ products(first: 50) { nodes { id title } } }").get_json()["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 52
    assert cost["actualQueryCost"] == 2
    assert cost["throttleStatus"]["currentlyAvailable"] >= 1998
    mutation = shopify.post('mutation { productCreate(product: {title: "Mug"}) { product { id } } }').get_json()
    assert mutation["extensions"]["cost"]["requestedQueryCost"] == 10


def test_a_request_over_a_thousand_points_is_never_run(shopify: Shopify) -> None:
    answer = shopify.post("{ products(first: 250) { nodes { variants(first: 100) { nodes { id } } } } }").get_json()
    assert code(answer) == "MAX_COST_EXCEEDED"


def test_an_empty_bucket_throttles_and_says_when_to_come_back(shopify: Shopify) -> None:
    shopify.ask("{ shop { id } }")
    FAULTS.add("graphql", "throttle")
    answer = shopify.post("{ products(first: 240) { nodes { variants(first: 1) { nodes { id } } } } }")
    assert answer.status_code == 200
    assert code(answer.get_json()) == "THROTTLED"
    status = answer.get_json()["extensions"]["cost"]["throttleStatus"]
    assert status["restoreRate"] == 100
    assert status["currentlyAvailable"] < 962


def test_an_answer_may_be_a_page_half_of_the_json_or_an_excuse_after_the_work(shopify: Shopify) -> None:
    create = 'mutation { productCreate(product: {title: "Mug"}) { product { id } } }'
    FAULTS.add("graphql", "html")
    assert shopify.post(create).mimetype == "text/html"
    assert shopify.store.all(ACME, "product") == []
    for kind, status in (("half", 200), ("lost", 504)):
        FAULTS.add("graphql", kind)
        answer = shopify.post(create)
        assert answer.status_code == status
    FAULTS.add("graphql", "half")
    assert shopify.post(create).get_json(silent=True) is None
    assert len(shopify.store.all(ACME, "product")) == 3


def test_some_mutations_insist_on_an_idempotency_key(shopify: Shopify) -> None:
    answer = shopify.post(SET_STOCK % "").get_json()
    assert "@idempotent" in answer["errors"][0]["message"]
    assert shopify.ask(SET_STOCK % '@idempotent(key: "1")')["inventorySetQuantities"]["userErrors"] == []


def test_the_same_key_answers_the_first_result_and_does_nothing_twice(shopify: Shopify) -> None:
    create = """mutation($title: String) { productCreate(product: {title: $title}) @idempotent(key: "k") {
      product { id title } userErrors { message } } }"""
    first = shopify.ask(create, {"title": "Mug"})["productCreate"]
    again = shopify.ask(create, {"title": "Mug"})["productCreate"]
    assert again == first
    assert len(shopify.store.all(ACME, "product")) == 1
    other = shopify.ask(create, {"title": "Cup"})["productCreate"]
    assert "different parameters" in other["userErrors"][0]["message"]
    assert len(shopify.store.all(ACME, "product")) == 1


def test_exactly_one_way_to_name_a_product_is_accepted(shopify: Shopify) -> None:
    both = "query($by: ProductIdentifierInput!) { productByIdentifier(identifier: $by) { id } }"
    answer = shopify.post(both, {"by": {"handle": "mug", "id": "gid://shopify/Product/1"}}).get_json()
    assert "Exactly one" in answer["errors"][0]["message"]
    assert code(answer) == "INVALID_VARIABLE"


def test_a_gid_of_the_wrong_type_is_an_error_not_a_crash(shopify: Shopify) -> None:
    answer = shopify.post('{ product(id: "gid://shopify/Order/1") { id } }').get_json()
    assert code(answer) == "argumentLiteralsIncompatible"


def test_a_connection_without_a_size_is_refused(shopify: Shopify) -> None:
    assert code(shopify.post("{ products { nodes { id } } }").get_json()) == "BAD_REQUEST"


def test_every_root_field_is_answered_and_every_resolver_has_its_field() -> None:
    built = schema.load()
    assert built.query_type
    assert built.mutation_type
    roots = {(root.name, name) for root in (built.query_type, built.mutation_type) for name in root.fields}
    assert roots - RESOLVERS.keys() == set()
    fields = {(kind.name, name) for kind in built.type_map.values() for name in getattr(kind, "fields", {})}
    assert RESOLVERS.keys() - fields == set()


def test_state_survives_a_restart(open_shopify: Any) -> None:
    first = open_shopify()
    first.ask('mutation { productCreate(product: {title: "Mug"}) { product { id } } }')
    first.store.set_clock_offset(3600)
    first.store.close()
    again = open_shopify()
    again.tokens = first.tokens
    assert again.ask("{ products(first: 1) { nodes { title } } }")["products"]["nodes"] == [{"title": "Mug"}]
    assert again.store.clock.offset_seconds == 3600
    assert again.store.next_id() > again.store.all(ACME, "product")[0]["id"]


def test_a_bulk_query_reads_everything_and_names_parents(shopify: Shopify) -> None:
    for title in ("Mug", "Cup"):
        shopify.ask("mutation($t: String) { productCreate(product: {title: $t}) { product { id } } }", {"t": title})
    query = "{ products { edges { node { id title variants { edges { node { id sku } } } } } } }"
    run = """mutation($q: String!) { bulkOperationRunQuery(query: $q) {
      bulkOperation { id status } userErrors { message } } }"""
    started = shopify.ask(run, {"q": query})["bulkOperationRunQuery"]
    assert (started["userErrors"], started["bulkOperation"]["status"]) == ([], "CREATED")
    poll = "query($id: ID!) { bulkOperation(id: $id) { status objectCount rootObjectCount url } }"
    done = shopify.ask(poll, {"id": started["bulkOperation"]["id"]})["bulkOperation"]
    assert (done["status"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", "4", "2")
    fetched = shopify.client.get(done["url"].replace(shopify.config.public_url, ""))
    lines = [json.loads(line) for line in fetched.get_data(as_text=True).splitlines()]
    assert [line.get("title") for line in lines] == ["Mug", None, "Cup", None]
    assert lines[1]["__parentId"] == lines[0]["id"]
    refused = shopify.ask(run, {"q": "{ shop { name } }"})["bulkOperationRunQuery"]
    assert "connections" in refused["userErrors"][0]["message"]
