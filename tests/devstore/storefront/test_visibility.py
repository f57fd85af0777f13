import html
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from devstore.clock import iso
from devstore.installations import uninstall
from tests.devstore.storefront.cast import ACME, channel, product, vendor
from tests.devstore.storefront.conftest import Shop


def _text(shop: Shop, path: str, status: int = 200) -> str:
    answer = shop.visitor.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_published_product_is_on_its_page_with_its_vendors_card(shop: Shop) -> None:
    page = _text(shop, "/products/morning-mug")
    assert "Morning mug" in page
    assert "Sold by" in page
    assert 'href="/pages/vendors/adas-ceramics"' in page
    assert "Here since 2021" in page


@pytest.mark.parametrize("change", [{"status": "DRAFT"}, {"status": "ARCHIVED"}, {"published_on": []}])
def test_a_product_that_is_not_on_sale_has_no_page_and_is_in_no_list(shop: Shop, change: dict[str, object]) -> None:
    shop.store.put(ACME, "product", {**shop.mug, **change})
    _text(shop, "/products/morning-mug", 404)
    assert shop.visitor.get("/products/morning-mug.js").status_code == 404
    for listing in ("/", "/collections/all", "/search?q=mug", "/collections/vendors?q=Ada's+Ceramics"):
        assert "Morning mug" not in _text(shop, listing)
    variant = shop.mug["variants"][0]["id"]
    assert shop.visitor.post("/cart/add.js", json={"id": variant}).status_code == 404


def test_an_unlisted_product_has_a_page_and_is_in_no_list(shop: Shop) -> None:
    shop.store.put(ACME, "product", {**shop.mug, "status": "UNLISTED"})
    _text(shop, "/products/morning-mug")
    assert "Morning mug" not in _text(shop, "/collections/all")


def test_a_product_published_only_to_the_point_of_sale_is_not_on_the_storefront(shop: Shop) -> None:
    till = shop.store.find(ACME, "publication", name="Point of Sale")
    assert till
    shop.store.put(ACME, "product", {**shop.mug, "published_on": [till["id"]]})
    _text(shop, "/products/morning-mug", 404)


def test_a_draft_vendor_is_nowhere(shop: Shop) -> None:
    shop.store.put(ACME, "metaobject", {**shop.ada, "status": "DRAFT"})
    _text(shop, "/pages/vendors/adas-ceramics", 404)
    listing = html.unescape(_text(shop, "/pages/vendors"))
    assert "Ada's Ceramics" not in listing
    assert "Bea's Bakery" in listing
    assert "Sold by" not in _text(shop, "/products/morning-mug")


def test_vendors_are_nil_to_a_theme_when_their_type_is_closed_to_the_storefront(shop: Shop) -> None:
    closed = {**shop.definition, "access": {"admin": "MERCHANT_READ_WRITE", "storefront": "NONE"}}
    shop.store.put(ACME, "metaobject_definition", closed)
    _text(shop, "/pages/vendors/adas-ceramics", 404)
    assert "Sold by" not in _text(shop, "/products/morning-mug")


def test_a_link_that_is_closed_to_the_storefront_is_nil(shop: Shop) -> None:
    [link] = shop.store.all(ACME, "metafield_definition")
    shop.store.put(ACME, "metafield_definition", {**link, "access": {"storefront": "NONE"}})
    assert "Sold by" not in _text(shop, "/products/morning-mug")


def test_a_collection_shows_what_it_holds_once_it_is_published(shop: Shop) -> None:
    clay = {"title": "Clay", "handle": "clay", "product_ids": [shop.mug["id"]], "rule": None, "published_on": []}
    kept = shop.store.put(ACME, "collection", {**clay, "metafields": [], "description_html": ""})
    _text(shop, "/collections/clay", 404)
    shop.store.put(ACME, "collection", {**kept, "published_on": [channel(shop.store)]})
    page = _text(shop, "/collections/clay")
    assert "Morning mug" in page
    assert "Rye loaf" not in page
    assert "Clay" in _text(shop, "/collections")


def test_the_home_page_shows_what_and_who_is_new_first(shop: Shop) -> None:
    vendor(shop.store, "joans-joinery", name="Joan's Joinery", since="2026-10-01")
    product(shop.store, "Bowl", of=shop.ada, published_at="2026-11-05T10:00:00Z")
    product(shop.store, "Gift card")
    page = html.unescape(_text(shop, "/"))
    new, makers = page.split("New vendors")
    assert new.index("Bowl") < new.index("Rye loaf")
    assert "Gift card" not in page, "it is nobody's"
    assert makers.count('class="sk-vendor"') == 3
    assert makers.index("Joan's Joinery") < makers.index("Ada's Ceramics") < makers.index("Bea's Bakery")
    assert "Popular" not in page, "no collection says what is popular"


def test_what_is_popular_is_what_the_chosen_collection_says(shop: Shop) -> None:
    vendor(shop.store, "ceramics", name="Ceramics, a part of another's handle")
    best = {"title": "Best", "handle": "best-sellers", "product_ids": [shop.loaf["id"], shop.mug["id"]], "rule": None}
    published = {"metafields": [], "description_html": "", "published_on": [channel(shop.store)]}
    shop.store.put(ACME, "collection", {**best, **published})
    page = html.unescape(_text(shop, "/"))
    popular, makers = page.split("Popular")[1].split("New vendors")
    assert popular.index("Rye loaf") < popular.index("Morning mug")
    bought = makers.split("Vendors people buy from")[1]
    assert bought.index("Bea's Bakery") < bought.index("Ada's Ceramics")


def test_a_holiday_is_over_by_the_stores_own_clock(shop: Shop) -> None:
    away = {"away_from": "2026-01-01T00:00:00Z", "away_until": iso(shop.store.clock.now() + timedelta(days=3))}
    vendor(shop.store, "ceramics", name="Ceramics", **away)
    assert "On holiday until" in _text(shop, "/pages/vendors/ceramics")
    shop.store.set_clock_offset(timedelta(days=4).total_seconds())
    assert "On holiday until" not in _text(shop, "/pages/vendors/ceramics")


def test_a_home_page_with_nothing_to_sell_says_so(shop: Shop) -> None:
    for entry in (shop.ada, shop.bea):
        shop.store.put(ACME, "metaobject", {**entry, "status": "DRAFT"})
    for entry in (shop.mug, shop.loaf):
        shop.store.put(ACME, "product", {**entry, "status": "DRAFT"})
    assert "Nothing is for sale yet." in _text(shop, "/")


def test_a_vendors_page_shows_only_that_vendors_products(shop: Shop) -> None:
    page = _text(shop, "/pages/vendors/adas-ceramics")
    assert "Products by Ada's Ceramics" in html.unescape(page)
    assert "Morning mug" in page
    assert "Rye loaf" not in page


def test_a_vendors_page_offers_the_categories_of_the_products(shop: Shop) -> None:
    mugs, vases = (f"gid://shopify/TaxonomyCategory/{code}" for code in ("hg-11-10-5-5", "hg-3-67"))
    shop.store.put(ACME, "product", {**shop.mug, "category_gid": mugs})
    address = "/pages/vendors/adas-ceramics"
    assert "Mugs" not in _text(shop, address), "one category is no choice"
    product(shop.store, "Bud vase", of=shop.ada, category_gid=vases)
    product(shop.store, "Blue mug", of=shop.ada, category_gid=mugs)
    product(shop.store, "Glaze sample", of=shop.ada, product_type="<!--,--><b>Odd</b>")
    product(shop.store, "Apron", of=shop.ada)
    page = BeautifulSoup(_text(shop, address), "html.parser")
    chosen = {label.get_text(): str(label.input["value"]) for label in page.select(".sk-kinds label") if label.input}
    assert next(iter(chosen)) == "All"
    tiles = page.select(".sk-products .sk-tile")
    shown = {
        name: {str(tile.select(".sk-tile__title")[0].get_text()) for tile in tiles if tile["data-kind"] == number}
        for name, number in chosen.items()
        if name != "All"
    }
    assert shown == {
        "Mugs": {"Morning mug", "Blue mug"},
        "Vases": {"Bud vase"},
        "<!--,--><b>Odd</b>": {"Glaze sample"},
        "Other": {"Apron"},
    }


def test_more_from_a_vendor_leaves_out_the_product_itself(shop: Shop) -> None:
    assert "More from" not in _text(shop, "/products/morning-mug")
    product(shop.store, "Wide bowl", of=shop.ada)
    page = _text(shop, "/products/morning-mug")
    assert "More from Ada's Ceramics" in html.unescape(page)
    assert page.count('class="sk-tile"') == 1


def test_what_a_vendor_wrote_never_becomes_markup(shop: Shop) -> None:
    attack = '"><script>alert(1)</script>'
    fields = dict.fromkeys(("name", "tagline", "about", "location", "policies"), attack)
    evil = vendor(shop.store, "evil", **fields, website="javascript:alert(1)", since=attack)
    product(shop.store, "Trinket", of=evil)
    product(shop.store, "Bauble", of=evil)
    for path in ("/pages/vendors/evil", "/pages/vendors", "/products/trinket", "/"):
        page = _text(shop, path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
        assert "javascript:alert" not in page


def test_a_page_of_a_long_list_shows_its_part_and_links_to_the_next(shop: Shop) -> None:
    for number in range(20):
        product(shop.store, f"Plate {number:02}", of=shop.ada)
    first, second = _text(shop, "/collections/all"), _text(shop, "/collections/all?page=2")
    assert first.count('class="card"') == 16
    assert "Page 1 of 2" in first
    assert 'href="/collections/all?page=2"' in first
    assert second.count('class="card"') == 6


def test_products_are_sorted_by_price_when_asked(shop: Shop) -> None:
    page = _text(shop, "/collections/all?sort_by=price-ascending")
    assert page.index("Rye loaf") < page.index("Morning mug")
    page = _text(shop, "/collections/all?sort_by=price-descending")
    assert page.index("Morning mug") < page.index("Rye loaf")


def test_blocks_speak_the_shops_language(shop: Shop) -> None:
    found = shop.store.find(ACME, "shop")
    shop.store.put(ACME, "shop", {**(found or {}), "locale": "de"})
    assert "Verkauft von" in _text(shop, "/products/morning-mug")
    assert "Bewerbung senden" in _text(shop, "/pages/sell")
    assert "Erzählen Sie uns" in _text(shop, "/pages/sell")


def test_blocks_leave_the_shop_with_the_app(shop: Shop) -> None:
    uninstall(shop.store, ACME, {})
    page = _text(shop, "/products/morning-mug")
    assert "Add to cart" in page
    assert "Sold by" not in page
    assert "Send application" not in _text(shop, "/pages/sell")


@pytest.mark.parametrize("source", ["{% if %}", "{{ 1 | no_such_filter }}", "{% schema %}{,}{% endschema %}"])
def test_a_broken_block_is_said_in_its_place_and_spoils_nothing_else(shop: Shop, tmp_path: Path, source: str) -> None:
    extension = tmp_path / "theme"
    shutil.copytree(shop.config.extension_dir, extension)
    (extension / "blocks" / "vendor-card.liquid").write_text(source, encoding="utf-8")
    page = shop.browser(extension_dir=extension).get("/products/morning-mug").text
    assert re.search(r"Liquid (syntax )?error \(blocks/vendor-card\)", page)
    assert "Add to cart" in page


def test_no_text_is_missing_on_any_page(shop: Shop) -> None:
    for path in ("/", "/products/morning-mug", "/pages/vendors", "/pages/vendors/adas-ceramics", "/pages/sell",
                 "/pages/vendor-portal"):  # fmt: skip
        page = _text(shop, path)
        assert "translation missing" not in page
        assert "Liquid error" not in page


def test_another_shops_vendors_and_products_are_not_there(shop: Shop) -> None:
    from devstore import server  # noqa: PLC0415

    zenith = server.create_storefront(shop.config, shop.store, "zenith.myshopify.com").test_client()
    assert zenith.get("/products/morning-mug").status_code == 404
    assert zenith.get("/pages/vendors/adas-ceramics").status_code == 404
    assert "Ada" not in zenith.get("/pages/vendors").text
