"""The app's blocks where merchants put them, with the settings that they choose, in shops of all sizes."""

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup

from devstore.gids import gid
from devstore.storefront import pages, theme
from devstore.storefront.catalogue import own_name
from devstore.storefront.drops import Drop
from devstore.storefront.objects import Objects
from devstore.storefront.theme import extension_environment
from tests.devstore.conftest import ROOT
from tests.devstore.storefront.cast import ACME, channel, product, vendor
from tests.devstore.storefront.conftest import Shop

PLACED = pytest.MonkeyPatch


def _place(patch: PLACED, template: str, **blocks: dict[str, Any]) -> None:
    """Only these blocks stand in the theme, all in one template."""
    placed = [{"block": name.replace("_", "-"), "settings": settings} for name, settings in blocks.items()]
    patch.setattr(theme, "read_theme_file", lambda _name: {template: {"main": placed, "after": placed}})


def _open(shop: Shop, path: str) -> BeautifulSoup:
    answer = shop.visitor.get(path)
    assert answer.status_code == 200, answer.text
    assert "Liquid error" not in answer.text
    return BeautifulSoup(answer.text, "html.parser")


def _titles(part: BeautifulSoup, heading: str) -> list[str]:
    found = part.find("h2", string=heading)
    assert found, heading
    tiles = found.find_next("ul")
    assert tiles
    return [title.get_text(strip=True) for title in tiles.select(".sk-tile__title, .sk-vendor__name")]


def _collection(shop: Shop, handle: str, *products: Any) -> None:
    held = {"title": handle, "handle": handle, "product_ids": [each["id"] for each in products], "rule": None}
    more = {"published_on": [channel(shop.store)], "metafields": [], "description_html": ""}
    shop.store.put(ACME, "collection", {**held, **more})


def test_further_pages_of_the_directory_do_not_say_that_nothing_is_for_sale(shop: Shop, monkeypatch: PLACED) -> None:
    for number in range(6):
        vendor(shop.store, f"maker-{number}", name=f"Maker {number}")
    _place(monkeypatch, "index", marketplace={}, vendor_directory={"page_size": 4})
    assert sorted(_titles(_open(shop, "/"), "New")) == ["Morning mug", "Rye loaf"]
    second = _open(shop, "/?page=2")
    assert "Page 2 of 2" in second.text
    assert len(second.select("[data-sk-list] > li")) == 4
    assert "Nothing is for sale yet" not in second.text
    assert second.select(".sk-market") == []


def test_as_many_vendors_as_the_settings_allow_are_drawn(shop: Shop, monkeypatch: PLACED) -> None:
    """Shopify lets a page look up twenty of them by their handles."""
    makers = [vendor(shop.store, f"maker-{n:02}", name=f"Maker {n:02}", since=f"2024-01-{n + 1:02}") for n in range(24)]
    goods = [product(shop.store, f"Thing {n:02}", of=maker) for n, maker in enumerate(makers)]
    _collection(shop, "best", *goods)
    _place(monkeypatch, "index", marketplace={"how_many": 12, "popular": "best"})
    page = _open(shop, "/")
    assert _titles(page, "Vendors people buy from") == [f"Maker {n:02}" for n in range(12)]
    assert _titles(page, "New vendors") == [f"Maker {n:02}" for n in range(23, 11, -1)]


def test_new_is_what_was_put_on_sale_last(shop: Shop, monkeypatch: PLACED) -> None:
    """A product may wait for its approval; until then nobody saw it."""
    product(
        shop.store, "Patient bowl", of=shop.ada, created_at="2025-01-01T10:00:00Z", published_at="2026-11-20T10:00:00Z"
    )
    _place(monkeypatch, "index", marketplace={"how_many": 2})
    assert _titles(_open(shop, "/"), "New")[0] == "Patient bowl"


def test_a_shop_of_many_products_chooses_where_its_new_ones_are(shop: Shop, monkeypatch: PLACED) -> None:
    _collection(shop, "newest", shop.mug)
    _place(monkeypatch, "index", marketplace={"newest": "newest"})
    assert _titles(_open(shop, "/"), "New") == ["Morning mug"]


def test_nobody_says_that_a_vendor_has_nothing_before_looking_at_all_products(shop: Shop, monkeypatch: PLACED) -> None:
    _place(monkeypatch, "metaobject/vendor", vendor_products={})
    cora = vendor(shop.store, "cora", name="Cora's Cloth")
    assert "Cora's Cloth has nothing for sale right now." in _open(shop, "/pages/vendors/cora").text
    product(shop.store, "Scarf", of=cora, created_at="2020-01-01T10:00:00Z")
    for number in range(250):
        product(shop.store, f"Loaf {number}", of=shop.bea)
    page = _open(shop, "/pages/vendors/cora")
    assert "nothing for sale" not in page.text
    link = page.find("a", string="Products by Cora's Cloth")
    assert link
    assert "Scarf" in _open(shop, str(link["href"])).text
    _place(monkeypatch, "product", vendor_products={})
    assert _open(shop, "/products/scarf").find("a", string="More from Cora's Cloth")


def test_the_page_of_something_else_is_no_vendors_page(shop: Shop, monkeypatch: PLACED) -> None:
    shop.store.put(ACME, "metaobject_definition", {
        **{key: value for key, value in shop.definition.items() if key != "id"},
        "type": "designer",
        "capabilities": {"onlineStore": {"enabled": True, "data": {"urlHandle": "designers"}}},
    })  # fmt: skip
    shop.store.put(ACME, "metaobject", {
        "type": "designer", "handle": "dora", "status": "ACTIVE", "fields": {"name": "Dora", "about": "Draws"},
    })  # fmt: skip
    names = ("vendor_page", "vendor_products", "vendor_reviews", "vendor_questions", "follow_button")
    _place(monkeypatch, "metaobject/designer", **{name: {} for name in names})
    assert _open(shop, "/pages/designers/dora").select(".sk") == []


def test_the_theme_editor_says_of_a_block_that_it_has_nothing_to_show(shop: Shop, monkeypatch: PLACED) -> None:
    product(shop.store, "Gift card")
    names = ("vendor_card", "also_viewed", "stock_line", "follow_button", "vendor_products", "vendor_reviews",
             "vendor_questions")  # fmt: skip
    _place(monkeypatch, "product", **{name: {} for name in names})
    assert _open(shop, "/products/gift-card").select(".sk") == []
    asked = pages._request
    monkeypatch.setattr(pages, "_request", lambda held: Drop(**{**asked(held), "design_mode": True}))
    notes = _open(shop, "/products/gift-card").select(".sk")
    assert {note.get_text() for note in notes} == {
        "This block has nothing to show here. Customers do not see this line."
    }
    assert {note["data-block-handle"] for note in notes} == {name.replace("_", "-") for name in names}


def _also_viewed(shop: Shop, *seen: Any) -> None:
    link = {"namespace": own_name(shop.store, "$app"), "key": "also_viewed", "type": "list.product_reference"}
    shop.store.put(ACME, "metafield_definition", {
        "owner_type": "PRODUCT", **link, "access": {"storefront": "PUBLIC_READ"},
    })  # fmt: skip
    value = json.dumps([gid("Product", each["id"]) for each in seen])
    held = [*shop.mug["metafields"], {"id": shop.store.next_id(), **link, "value": value}]
    shop.store.put(ACME, "product", {**shop.mug, "metafields": held})


@pytest.mark.parametrize(("fewest", "tiles"), [(1, 2), (3, 2), (4, 0)])
def test_how_few_neighbours_are_too_few_does_not_depend_on_how_many_are_shown(
    shop: Shop, monkeypatch: PLACED, fewest: int, tiles: int
) -> None:
    _also_viewed(shop, shop.loaf, *(product(shop.store, f"Bowl {number}", of=shop.ada) for number in range(2)))
    _place(monkeypatch, "product", also_viewed={"how_many": 2, "fewest": fewest})
    assert len(_open(shop, "/products/morning-mug").select(".sk-tile")) == tiles


def test_a_heading_that_the_merchant_emptied_is_not_there(shop: Shop, monkeypatch: PLACED) -> None:
    _also_viewed(shop, shop.loaf)
    headed = [
        path.stem.replace("-", "_")
        for path in (ROOT / "extensions" / "theme" / "blocks").glob("*.liquid")
        if '"id": "heading"' in path.read_text("utf-8")
    ]
    assert len(headed) > 5
    _place(monkeypatch, "product", **{name: {"heading": ""} for name in headed})
    page = _open(shop, "/products/morning-mug")
    assert len(page.select("section.sk")) == len(headed)
    assert [str(found) for found in page.select(".sk h2") if not found.get_text(strip=True)] == []


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "4.5"), ("ja", "4.5"), ("de", "4,5"), ("fr", "4,5"), ("es", "4,5"), ("nl", "4,5")]
)
def test_an_average_is_written_as_the_language_writes_it_and_as_json_for_search_engines(
    language: str, shown: str
) -> None:
    held = {
        "rating_count": Drop(value=12),
        "rating": Drop(value=Drop(rating=4.46)),
        "name": Drop(value="Ada"),
        "system": Drop(url="/pages/vendors/ada"),
        "reviews": Drop(value=Drop(latest=[])),
    }
    source = "{% render 'vendor-stars', vendor: vendor %}{% render 'vendor-data', vendor: vendor %}"
    seen = Drop(locale=Drop(iso_code=language), origin="https://acme.example")
    page = BeautifulSoup(
        extension_environment(ROOT / "extensions" / "theme")
        .from_string(source)
        .render(request=seen, vendor=Drop(**held)),
        "html.parser",
    )
    [stars] = page.select(".sk-stars")
    assert str(stars.next_sibling).strip() == shown
    assert shown in stars["aria-label"]
    [data] = page.find_all("script")
    assert json.loads(data.get_text())["aggregateRating"]["ratingValue"] == 4.46


def test_reviews_that_stand_twice_on_a_page_are_two_places_on_it(shop: Shop, monkeypatch: PLACED) -> None:
    twice = [{"block": "vendor-reviews"}, {"block": "vendor-reviews"}]
    monkeypatch.setattr(theme, "read_theme_file", lambda _name: {"metaobject/vendor": {"main": twice}})
    page = _open(shop, "/pages/vendors/adas-ceramics")
    reviews = page.select(".sk-reviews")
    assert len({str(each["id"]) for each in reviews}) == 2
    for each in reviews:
        assert str(each["data-login"]).endswith(f"%23{each['id']}")


def _name(shop: Shop, maker: Any, *products: Any) -> Any:
    """The app has written these products to the vendor's page."""
    gids = json.dumps([gid("Product", each["id"]) for each in products])
    return shop.store.put(ACME, "metaobject", {**maker, "fields": {**maker["fields"], "products": gids}})


def _fill(shop: Shop) -> None:
    """250 newer loaves of Bea's: whatever else there is lies beyond what a theme can look through."""
    for number in range(250):
        product(
            shop.store, f"Loaf {number}", of=shop.bea, created_at=f"2026-11-02T10:{number // 60:02}:{number % 60:02}Z"
        )


def test_a_vendors_products_are_shown_wherever_they_stand_in_the_shop(shop: Shop, monkeypatch: PLACED) -> None:
    cora = vendor(shop.store, "cora", name="Cora's Cloth")
    made = [product(shop.store, f"Scarf {number}", of=cora) for number in range(6)]
    _fill(shop)
    _name(shop, cora, *reversed(made))
    _place(monkeypatch, "product", vendor_products={})
    more = _open(shop, "/products/scarf-4")
    assert _titles(more, "More from Cora's Cloth") == ["Scarf 5", "Scarf 3", "Scarf 2", "Scarf 1"]
    everything = more.find("a", string="Show all")
    assert everything
    assert "6 products" in _open(shop, str(everything["href"])).text
    _place(monkeypatch, "metaobject/vendor", vendor_products={"how_many": 24})
    for path in ("/pages/vendors/cora", "/pages/vendors/cora?page=2"):
        assert _titles(_open(shop, path), "Products by Cora's Cloth") == [f"Scarf {n}" for n in range(5, -1, -1)]


def test_no_product_that_customers_cannot_see_or_of_another_vendor_is_shown(shop: Shop, monkeypatch: PLACED) -> None:
    """What the page names may be half a minute old."""
    cora = vendor(shop.store, "cora", name="Cora's Cloth")
    scarf = product(shop.store, "Scarf", of=cora)
    draft = product(shop.store, "Draft", of=cora, status="DRAFT")
    elsewhere = product(shop.store, "Elsewhere", of=cora, published_on=[])
    _fill(shop)
    cora = _name(shop, cora, draft, elsewhere, shop.mug, scarf)
    _place(monkeypatch, "metaobject/vendor", vendor_products={})
    assert _titles(_open(shop, "/pages/vendors/cora"), "Products by Cora's Cloth") == ["Scarf"]
    _name(shop, cora, draft)
    assert _open(shop, "/pages/vendors/cora").find("a", string="Products by Cora's Cloth"), "as if none were named"


def test_a_collection_that_the_merchant_made_goes_before_what_the_page_names(shop: Shop, monkeypatch: PLACED) -> None:
    second = product(shop.store, "Second mug", of=shop.ada)
    _name(shop, shop.ada, second, shop.mug)
    _place(monkeypatch, "metaobject/vendor", vendor_products={})
    page = f"/pages/vendors/{shop.ada['handle']}"
    heading = f"Products by {shop.ada['fields']['name']}"
    assert _titles(_open(shop, page), heading) == ["Second mug", "Morning mug"]
    _collection(shop, "best", shop.mug)
    _place(monkeypatch, "metaobject/vendor", vendor_products={"collection": "best"})
    assert _titles(_open(shop, page), heading) == ["Morning mug"]
    _collection(shop, shop.ada["handle"], shop.mug, second)
    _place(monkeypatch, "metaobject/vendor", vendor_products={})
    assert _titles(_open(shop, page), heading) == ["Morning mug", "Second mug"]


def test_a_list_of_references_knows_how_many_and_shows_fifty(shop: Shop) -> None:
    made = [product(shop.store, f"Plate {number}", of=shop.ada) for number in range(60)]
    _name(shop, shop.ada, *made)
    entry = shop.store.find(ACME, "metaobject", handle=shop.ada["handle"])
    assert entry
    source = "{{ v.products.value.count }} {% for p in v.products.value %}.{% endfor %}"
    drawn = extension_environment(ROOT / "extensions" / "theme").from_string(source)
    with_page = Objects(shop.store, ACME).metaobject(entry)
    assert drawn.render(v=with_page) == "60 " + "." * 50


def test_new_is_what_the_app_says_is_new_in_a_shop_of_any_size(shop: Shop, monkeypatch: PLACED) -> None:
    for number in range(260):
        product(shop.store, f"Loaf {number}", of=shop.bea, published_at="2026-11-02T10:00:00Z")
    late = product(
        shop.store, "Late bowl", of=shop.ada, created_at="2025-01-01T10:00:00Z", published_at="2026-11-20T10:00:00Z"
    )
    draft = product(shop.store, "Draft", of=shop.ada, status="DRAFT")
    _place(monkeypatch, "index", marketplace={"how_many": 2})
    assert "Late bowl" not in _titles(_open(shop, "/"), "New"), "beyond the first 250"
    named = {"namespace": own_name(shop.store, "$app"), "key": "newest", "type": "list.product_reference"}
    opened = {"owner_type": "SHOP", "access": {"storefront": "PUBLIC_READ"}}
    shop.store.put(ACME, "metafield_definition", {**named, **opened})
    held = shop.store.find(ACME, "shop")
    assert held
    value = json.dumps([gid("Product", each["id"]) for each in (draft, late, shop.mug, shop.loaf)])
    shop.store.put(ACME, "shop", {**held, "metafields": [{"id": 1, **named, "value": value}]})
    assert _titles(_open(shop, "/"), "New") == ["Late bowl", "Morning mug"]
    assert _open(shop, "/?page=2").select(".sk-market") == []
    _collection(shop, "chosen", shop.loaf)
    _place(monkeypatch, "index", marketplace={"newest": "chosen"})
    assert _titles(_open(shop, "/"), "New") == ["Rye loaf"]
