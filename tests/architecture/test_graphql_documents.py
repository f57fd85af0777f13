"""Every GraphQL document of ours against Shopify's own schema: valid, current, within the scopes we ask for."""

import gzip
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    parse,
    validate,
    visit,
)

from app.shopify.operations import FOLDER, get_operation

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "node_modules/@shopify/dev-mcp/dist/data/admin_2026-10.json.gz"
DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.graphql"))
pytestmark = pytest.mark.skipif(
    not PACKAGED.exists(), reason="Shopify's schema is not here: run `sh scripts/fetch-shopify-schema`"
)

# Scopes that the schema does not state, and why we need them all the same.
UNSTATED = {
    "write_orders": "refundCreate (documented with the mutation, not in the schema)",
    "read_customer_events": "what a web pixel hears (the schema says it in words: with webPixelCreate)",
    "write_app_proxy": "the storefront's /a/market/… (documented with app proxies)",
    "read_shopify_payments_disputes": "the topics disputes/create and disputes/update (documented with webhooks)",
}
# Their replacement says less: a publication's catalog has a title of its own making.
DEPRECATED_ON_PURPOSE = {"Publication.name"}
IDEMPOTENT = {
    "inventoryActivate",
    "inventoryAdjustQuantities",
    "inventoryMoveQuantities",
    "inventorySetOnHandQuantities",
    "inventorySetQuantities",
    "refundCreate",
}


@cache
def introspection() -> Any:
    with gzip.open(PACKAGED) as file:
        return json.load(file)["data"]


@cache
def schema() -> GraphQLSchema:
    """Shopify's, plus the directive that exists at run time only."""
    built = build_client_schema(introspection(), assume_valid=True)
    key = {"key": GraphQLArgument(GraphQLNonNull(GraphQLString))}
    idempotent = GraphQLDirective("idempotent", [DirectiveLocation.FIELD], key)
    config = built.to_kwargs()
    config |= {"directives": (*config["directives"], idempotent), "assume_valid": True}
    return GraphQLSchema(**config)


@cache
def access() -> dict[tuple[str, str], str]:
    """(type, field) → what Shopify says is required. The empty field stands for the type itself."""
    held: dict[tuple[str, str], str] = {}
    for kind in introspection()["__schema"]["types"]:
        if kind.get("requiredAccess"):
            held[kind["name"], ""] = kind["requiredAccess"]
        for field in kind.get("fields") or []:
            if field.get("requiredAccess"):
                held[kind["name"], field["name"]] = field["requiredAccess"]
    return held


class Needs(Visitor):
    """Collects what each selected field, and the type it returns, requires."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.required: set[str] = set()

    def enter_field(self, *_: object) -> None:
        parent, field, kind = self.info.get_parent_type(), self.info.get_field_def(), self.info.get_type()
        if parent is None or field is None or kind is None:
            return
        name = next(n for n, f in getattr(parent, "fields", {}).items() if f is field)
        for key in ((parent.name, name), (get_named_type(kind).name, "")):
            if key in access():
                self.required.add(access()[key])


def needs(document: str) -> set[str]:
    info = TypeInfo(schema())
    visitor = Needs(info)
    visit(parse(get_operation(document).text), TypeInfoVisitor(info, visitor))
    return visitor.required


def declared() -> set[str]:
    scopes = tomllib.loads((ROOT / "shopify.app.toml").read_text())["access_scopes"]["scopes"]
    return {scope.strip() for scope in scopes.split(",")}


def alternatives(sentence: str) -> set[str]:
    """The scopes in "`read_orders` access scope, `read_quick_sale` access scope or …": one of them is enough."""
    return set(re.findall(r"`((?:read|write)_\w+)`", sentence))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_valid_in_shopifys_schema(document: str) -> None:
    assert validate(schema(), parse(get_operation(document).text)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_holds_one_operation_named_like_its_file(document: str) -> None:
    definitions = parse(get_operation(document).text).definitions
    assert [d.name and d.name.value for d in definitions if isinstance(d, OperationDefinitionNode)] == [document]
    assert document.startswith(get_operation(document).root)


def test_a_fragment_is_named_like_its_file_and_shared_by_documents() -> None:
    texts = [path.read_text() for path in FOLDER.rglob("*.graphql")]
    for path in (FOLDER / "fragments").iterdir():
        assert path.read_text().startswith(f"fragment {path.stem} on "), path.name
        assert sum(text.count(f"...{path.stem}\n") for text in texts) > 1, path.name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_mutation_asks_for_its_errors(document: str) -> None:
    operation = get_operation(document)
    if operation.is_mutation:
        assert "userErrors" in operation.text


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_mutation_that_shopify_wants_a_key_for_carries_one(document: str) -> None:
    operation = get_operation(document)
    if operation.root in IDEMPOTENT:
        assert re.search(r"@idempotent\(key:\s*\$idempotencyKey\)", operation.text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_uses_what_shopify_is_about_to_remove(document: str) -> None:
    kinds = {t["name"]: t for t in introspection()["__schema"]["types"]}
    gone: list[str] = []
    info = TypeInfo(schema())

    class Deprecated(Visitor):
        def enter_field(self, *_: object) -> None:
            parent, field = info.get_parent_type(), info.get_field_def()
            if parent is None or field is None or parent.name not in kinds:
                return
            name = next((n for n, f in getattr(parent, "fields", {}).items() if f is field), "")
            if any(f["name"] == name and f["isDeprecated"] for f in kinds[parent.name].get("fields") or []):
                gone.append(f"{parent.name}.{name}")

    visit(parse(get_operation(document).text), TypeInfoVisitor(info, Deprecated()))
    assert set(gone) <= DEPRECATED_ON_PURPOSE


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_works_with_the_scopes_that_we_ask_merchants_for(document: str) -> None:
    granted = declared() | {"read_" + s.removeprefix("write_") for s in declared() if s.startswith("write_")}
    for sentence in needs(document):
        wanted = alternatives(sentence)
        assert not wanted or wanted & granted, sentence


def test_no_scope_is_asked_for_in_vain() -> None:
    used: set[str] = set()
    for document in DOCUMENTS:
        for sentence in needs(document):
            used |= alternatives(sentence) & declared()
    assert declared() == used | set(UNSTATED)
