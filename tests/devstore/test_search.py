"""Shopify's search syntax, as lists and webhook filters use it."""

from typing import Any

import pytest

from devstore.search import matches

MUG = {
    "vendor": ["Ada's Ceramics"],
    "status": ["ACTIVE"],
    "tag": ["blue", "gift"],
    "updated_at": ["2026-11-20T09:00:00Z"],
    "price": ["18.50"],
    None: ["Blue mug"],
}


def lookup(key: str | None) -> list[Any]:
    return MUG.get(key, [])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "mug",
        "MUG blue",
        'vendor:"Ada\'s Ceramics"',
        "status:active",
        "status:active AND tag:gift",
        "status:draft OR tag:gift",
        "-status:draft",
        "NOT status:draft",
        "tag:gif*",
        "vendor:*",
        "updated_at:>2026-11-19",
        "updated_at:>='2026-11-20T09:00:00Z'",
        "price:<20",
        "(status:draft OR status:active) tag:blue",
    ],
)
def test_a_query_finds_what_it_describes(query: str) -> None:
    assert matches(query, lookup)


@pytest.mark.parametrize(
    "query",
    [
        "cup",
        "vendor:ada",
        "status:draft",
        "status:active AND tag:red",
        "-tag:gift",
        "updated_at:>2026-11-21",
        "updated_at:<2026-11-20",
        "price:>18.50",
        "colour:blue",
        "(status:draft OR tag:red) tag:blue",
    ],
)
def test_a_query_leaves_out_the_rest(query: str) -> None:
    assert not matches(query, lookup)
