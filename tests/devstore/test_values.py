"""Which texts are values of which metafield type."""

import json

import pytest

from devstore.values import is_type, problem

GOOD = [
    ("single_line_text_field", "Ada"),
    ("multi_line_text_field", "Ada\nand friends"),
    ("url", "https://ada.example/shop"),
    ("date", "2026-11-20"),
    ("date_time", "2026-11-20T10:00:00Z"),
    ("boolean", "true"),
    ("number_integer", "-3"),
    ("number_decimal", "3.25"),
    ("color", "#0b6e5f"),
    ("json", '{"a": 1}'),
    ("money", '{"amount": "1.00", "currency_code": "USD"}'),
    ("metaobject_reference", "gid://shopify/Metaobject/1"),
    ("list.single_line_text_field", '["a", "b"]'),
    ("list.product_reference", '["gid://shopify/Product/1"]'),
]
BAD = [
    ("single_line_text_field", "two\nlines"),
    ("url", "ada.example"),
    ("url", "javascript:alert(1)"),
    ("date", "20 November"),
    ("boolean", "yes"),
    ("number_integer", "3.5"),
    ("color", "teal"),
    ("json", "{"),
    ("money", '{"amount": "1.00"}'),
    ("metaobject_reference", "gid://shopify/Product/1"),
    ("list.single_line_text_field", "a"),
    ("list.product_reference", '["1"]'),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_a_good_value_is_accepted(kind: str, value: str) -> None:
    assert problem(kind, value) is None


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_a_bad_value_is_told_what_is_wrong(kind: str, value: str) -> None:
    assert (problem(kind, value) or "").startswith("Value")


@pytest.mark.parametrize(
    ("name", "rule", "good", "bad"),
    [
        ("max", "3", "abc", "abcd"),
        ("min", "2", "ab", "a"),
        ("regex", "^[a-z]+$", "abc", "a1"),
        ("choices", json.dumps(["a", "b"]), "a", "c"),
    ],
)
def test_a_definitions_rules_hold(name: str, rule: str, good: str, bad: str) -> None:
    rules = [{"name": name, "value": rule}]
    assert problem("single_line_text_field", good, rules) is None
    assert problem("single_line_text_field", bad, rules) is not None


def test_an_unknown_type_is_no_type() -> None:
    assert is_type("list.url")
    assert not is_type("telepathy")
