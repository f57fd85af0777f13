"""Where our Liquid must be Shopify's and not merely Liquid."""

from typing import Any

import pytest

from devstore.storefront.drops import Drop, Listing
from devstore.storefront.theme import load_block, read_theme_file, theme_environment
from tests.devstore.conftest import ROOT

SCOPE = {
    "shop": Drop(currency="USD"),
    "request": Drop(locale=Drop(iso_code="en"), page=2, path="/x", query=[("q", "a b"), ("page", "2")]),
}


def _render(source: str, **scope: Any) -> str:
    return theme_environment().from_string(source).render(**SCOPE, **scope)


@pytest.mark.parametrize("value", [None, "", "  ", [], False])
def test_nothing_is_blank(value: Any) -> None:
    assert _render("{% if x == blank %}blank{% endif %}{% if x != blank %}not{% endif %}", x=value) == "blank"


@pytest.mark.parametrize("value", ["a", 0, ["a"], Drop(a=1)])
def test_something_is_not_blank(value: Any) -> None:
    assert _render("{% if x == blank %}blank{% endif %}{% if x != blank %}not{% endif %}", x=value) == "not"


def test_what_was_never_defined_is_blank_and_nil_at_any_depth() -> None:
    assert _render("{% if a.b.c == blank %}1{% endif %}{% if a == nil %}2{% endif %}{% if a.b %}3{% endif %}") == "12"


@pytest.mark.parametrize(
    ("filters", "cents", "shown"),
    [
        ("money", 123456, "$1,234.56"),
        ("money", 0, "$0.00"),
        ("money", None, ""),
        ("money_with_currency", 500, "$5.00 USD"),
        ("money_without_trailing_zeros", 500, "$5"),
        ("money_without_trailing_zeros", 550, "$5.50"),
    ],
)
def test_money_counts_in_hundredths(filters: str, cents: int | None, shown: str) -> None:
    assert _render(f"{{{{ x | {filters} }}}}", x=cents) == shown


def test_json_cannot_leave_its_script_element() -> None:
    written = _render("{{ x | json }}", x={"a": "</script><!--&"})
    assert "<" not in written
    assert "&" not in written
    assert "\\u003c/script" in written


def test_a_pictures_address_asks_for_its_size() -> None:
    picture = Drop(src="http://localhost/files/a.jpg?v=1")
    assert _render("{{ x | image_url: width: 300 }}", x=picture) == "http://localhost/files/a.jpg?v=1&width=300"
    assert _render("{{ x | image_url: width: 300 }}", x=None) == ""
    assert _render("{{ x | image_url | image_tag: alt: a }}", x=picture, a='"><b>').count("<") == 1


def test_a_long_list_stops_at_fifty_unless_it_is_paginated() -> None:
    listing = Listing(list(range(120)), lambda number: number)
    assert _render("{% for n in x %}.{% endfor %}", x=listing) == "." * 50
    page = "{% paginate x by 100 %}{% for n in x %}.{% endfor %} {{ paginate.pages }} {{ paginate.previous.url }}"
    assert _render(page + "{% endpaginate %}", x=listing) == "." * 20 + " 2 /x?q=a+b&page=1"
    assert _render("{{ x.size }}", x=listing) == "50"


def test_every_block_that_the_theme_places_is_there_with_the_settings_it_sets() -> None:
    for regions in read_theme_file("templates.json").values():
        for entry in (entry for placed in regions.values() for entry in placed):
            block = load_block(ROOT / "extensions" / "theme", entry["block"])
            assert block, entry
            assert set(entry.get("settings", {})) <= {setting["id"] for setting in block.schema["settings"]}
