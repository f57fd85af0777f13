"""The development store's web pixels: the app's settings are checked, and pages say what a visit to them means."""

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup

from devstore import web_pixels
from devstore.gids import gid
from devstore.products import save_product
from devstore.storefront.catalogue import own_name
from devstore.web_pixels import SettingsError
from tests.devstore.conftest import Shopify
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop

SETTINGS = {"account": "a-ticket", "endpoint": "http://127.0.0.1:9/pixel"}
CREATE = """mutation make($settings: JSON!) { webPixelCreate(webPixel: {settings: $settings}) {
  webPixel { id settings } userErrors { code message } } }"""


def page_of(shop: Shop, path: str) -> dict[str, Any]:
    """What the host script of a page is told."""
    script = BeautifulSoup(shop.visitor.get(path).text, "html.parser").select_one("script[data-page]")
    assert script is not None
    told: dict[str, Any] = json.loads(str(script["data-page"]))
    return told


@pytest.fixture
def with_pixel(shop: Shop) -> Shop:
    shop.store.put(ACME, "web_pixel", {"settings": SETTINGS})
    return shop


def test_one_pixel_a_shop_with_the_settings_that_its_extension_declares(open_shopify: Any) -> None:
    opened: Shopify = open_shopify()
    for settings in ('{"account": "x"}', '{"account": "x", "endpoint": ""}', "[]", "no json"):
        (error,) = opened.ask(CREATE, {"settings": settings})["webPixelCreate"]["userErrors"]
        assert error["code"] in {"INVALID_SETTINGS", "INVALID_CONFIGURATION_JSON"}
    made = opened.ask(CREATE, {"settings": json.dumps(SETTINGS)})["webPixelCreate"]
    assert made["webPixel"]["settings"] == SETTINGS
    (error,) = opened.ask(CREATE, {"settings": json.dumps(SETTINGS)})["webPixelCreate"]["userErrors"]
    assert error["code"] == "TAKEN"


def test_without_an_extension_there_is_no_pixel(shop: Shop, tmp_path: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        web_pixels.check_settings(shop.configured(extension_dir=tmp_path / "theme"), json.dumps(SETTINGS))
    assert refused.value.code == "NO_EXTENSION"


def test_pages_say_what_a_visit_to_them_means(with_pixel: Shop) -> None:
    mug = with_pixel.mug
    viewed = page_of(with_pixel, "/products/morning-mug")["event"]
    assert viewed["name"] == "product_viewed"
    assert viewed["data"]["productVariant"]["product"]["id"] == str(mug["id"])
    assert page_of(with_pixel, "/collections/all")["event"]["name"] == "collection_viewed"
    searched = page_of(with_pixel, "/search?q=zebra")["event"]
    assert searched == {"name": "search_submitted", "data": {"searchResult": {"query": "zebra", "productVariants": []}}}
    assert page_of(with_pixel, "/search")["event"] is None
    assert page_of(with_pixel, "/")["event"] is None
    with_pixel.visitor.post("/cart/add.js", json={"id": mug["variants"][0]["id"], "quantity": 2})
    cart = page_of(with_pixel, "/cart")["event"]["data"]["cart"]
    assert [line["quantity"] for line in cart["lines"]] == [2]
    started = page_of(with_pixel, "/checkout")["event"]
    assert started["name"] == "checkout_started"
    assert [line["variant"]["product"]["id"] for line in started["data"]["checkout"]["lineItems"]] == [str(mug["id"])]


def test_a_shop_without_a_pixel_gets_no_script(shop: Shop) -> None:
    assert "web-pixels.js" not in shop.visitor.get("/products/morning-mug").text


def test_the_pixel_that_runs_is_the_apps_own_file(with_pixel: Shop) -> None:
    source = with_pixel.visitor.get("/cdn/web-pixels/1.js").text
    assert 'import { register } from "/cdn/shopify/web-pixel-runtime.js";' in source
    assert "@shopify" not in source
    assert "export const register" in with_pixel.visitor.get("/cdn/shopify/web-pixel-runtime.js").text


def test_products_that_a_metafield_names_are_shown_while_they_are_on_sale(shop: Shop) -> None:
    own = own_name(shop.store, "$app")
    definition = {"owner_type": "PRODUCT", "namespace": own, "key": "also_viewed", "type": "list.product_reference"}
    shop.store.put(ACME, "metafield_definition", {**definition, "access": {"storefront": "PUBLIC_READ"}})
    value = json.dumps([gid("Product", shop.loaf["id"]), gid("Product", 99_999)])
    field = {"id": 1, "namespace": own, "key": "also_viewed", "type": "list.product_reference", "value": value}
    save_product(shop.store, ACME, {**shop.mug, "metafields": [*shop.mug["metafields"], field]})
    page = shop.visitor.get("/products/morning-mug").text
    section = page.split("Others also looked at")[1].split("</section>")[0]
    assert "/products/rye-loaf" in section
    assert section.count("<li") == 1
    save_product(shop.store, ACME, {**shop.loaf, "status": "DRAFT"})
    assert "Others also looked at" not in shop.visitor.get("/products/morning-mug").text
