"""The admin's own pages: what the merchant edits there reaches the app as webhooks."""

import json
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from devstore.installations import install

from .conftest import ACME, Shopify

_DEFINE = """mutation {
  metaobjectDefinitionCreate(definition: {
    type: "$app:vendor", name: "Vendor", displayNameKey: "name", access: {admin: %s},
    capabilities: {publishable: {enabled: true}},
    fieldDefinitions: [{key: "name", type: "single_line_text_field", required: true}, {key: "website", type: "url"}]
  }) { userErrors { message } } }"""
_ENTER = """mutation { metaobjectUpsert(handle: {type: "$app:vendor", handle: "ada"},
  metaobject: {fields: [{key: "name", value: "Ada"}]}) { metaobject { id } userErrors { message } } }"""
_PRODUCT = """mutation {
  productSet(input: {title: "Blue cup", status: DRAFT}) { product { id } userErrors { message } } }"""


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


@pytest.fixture
def entry(shopify: Shopify) -> int:
    shopify.ask(_DEFINE % "MERCHANT_READ_WRITE")
    return _number(shopify.ask(_ENTER)["metaobjectUpsert"]["metaobject"]["id"])


@pytest.fixture
def product(shopify: Shopify) -> int:
    return _number(shopify.ask(_PRODUCT)["productSet"]["product"]["id"])


def test_the_address_alone_leads_to_the_first_shops_admin(shopify: Shopify) -> None:
    assert shopify.client.get("/").headers["Location"] == "/store/acme"


def test_a_products_title_and_status_change_and_the_app_is_told(shopify: Shopify, product: int) -> None:
    before = len(shopify.deliveries())
    sent = {"title": "Green cup", "status": "ACTIVE"}
    answer = shopify.client.post(f"/store/acme/products/{product}", data=sent)
    assert answer.status_code == 302
    told = shopify.deliveries()[before:]
    assert [delivery["topic"] for delivery in told] == ["products/update"]
    assert json.loads(told[0]["body"])["title"] == "Green cup"
    assert json.loads(told[0]["body"])["status"] == "active"
    assert "Green cup" in shopify.client.get("/store/acme/products?q=green&status=ACTIVE").text


def test_a_product_without_a_title_is_not_saved(shopify: Shopify, product: int) -> None:
    answer = shopify.client.post(f"/store/acme/products/{product}", data={"title": " ", "status": "ACTIVE"})
    assert 'error="Write a title"' in answer.text
    held = shopify.store.get(ACME, "product", product)
    assert held is not None
    assert (held["title"], held["status"]) == ("Blue cup", "DRAFT")


def test_an_entry_changes_and_the_app_is_told(shopify: Shopify, entry: int) -> None:
    before = len(shopify.deliveries())
    sent = {"field.name": "Ada's Ceramics", "field.website": "https://ada.example", "status": "ACTIVE"}
    assert shopify.client.post(f"/store/acme/content/{entry}", data=sent).status_code == 302
    told = shopify.deliveries()[before:]
    assert [delivery["topic"] for delivery in told] == ["metaobjects/update"]
    body = json.loads(told[0]["body"])
    assert body["fields"] == {"name": "Ada's Ceramics", "website": "https://ada.example"}
    assert body["capabilities"] == {"publishable": {"status": "active"}}
    assert "Ada&#39;s Ceramics" in shopify.client.get("/store/acme/content?q=ceramics").text


def test_a_bad_value_is_named_at_its_field_and_nothing_is_lost(shopify: Shopify, entry: int) -> None:
    before = len(shopify.deliveries())
    sent = {"field.name": "Ada again", "field.website": "not a site", "status": "ACTIVE"}
    page = shopify.client.post(f"/store/acme/content/{entry}", data=sent).text
    assert 'value="Ada again"' in page
    assert 'value="not a site" error="' in page
    assert len(shopify.deliveries()) == before


def test_what_the_app_does_not_let_merchants_edit_stays_as_it_is(shopify: Shopify) -> None:
    shopify.ask(_DEFINE % "MERCHANT_READ")
    entry = _number(shopify.ask(_ENTER)["metaobjectUpsert"]["metaobject"]["id"])
    assert "Save</s-button>" not in shopify.client.get(f"/store/acme/content/{entry}").text
    assert shopify.client.post(f"/store/acme/content/{entry}", data={"field.name": "x"}).status_code == 403


def test_the_frame_carries_who_asks_signed_by_the_store(shopify: Shopify) -> None:
    install(shopify.store, ACME)
    page = shopify.client.get("/store/acme/apps/stallkeeper/app/vendors?q=ada").text
    source = page.partition('data-source="http://127.0.0.1:9/')[2].partition('"')[0].replace("&amp;", "&")
    asked = {key: value[0] for key, value in parse_qs(urlsplit(source).query).items()}
    claims = jwt.decode(
        asked["id_token"], shopify.config.client_secret, algorithms=["HS256"], audience=shopify.config.client_id
    )
    assert urlsplit(source).path == "app/vendors"
    assert (asked["q"], asked["shop"], asked["embedded"]) == ("ada", ACME, "1")
    assert (claims["dest"], claims["sub"]) == (f"https://{ACME}", str(shopify.staff()["id"]))
    assert len(asked["hmac"]) == 64


def test_no_token_is_given_for_a_shop_without_the_app(shopify: Shopify) -> None:
    assert shopify.client.post("/store/acme/apps/stallkeeper/id_token").status_code == 403


def test_changed_scopes_are_asked_for_again(shopify: Shopify) -> None:
    held = install(shopify.store, ACME)
    shopify.store.put(ACME, "installation", {**held, "scopes": ["read_products"]})
    assert "now asks to" in shopify.client.get("/store/acme/apps/stallkeeper").text
    shopify.client.post("/store/acme/apps/stallkeeper/install")
    assert "app/scopes_update" in {delivery["topic"] for delivery in shopify.deliveries()}


@pytest.mark.parametrize("path", ["", "/products", "/customers", "/content", "/apps", "/orders"])
def test_every_place_of_the_navigation_answers(shopify: Shopify, path: str) -> None:
    assert shopify.client.get(f"/store/acme{path}").status_code == 200
    assert shopify.client.get(f"/store/nobody{path}").status_code == 404


def test_links_into_the_theme_editor_say_where_the_block_is(shopify: Shopify) -> None:
    editor = "/store/acme/themes/current/editor?template=page&target=newAppsSection&addAppBlockId="
    shown = shopify.client.get(f"{editor}{shopify.config.client_id}/become-a-vendor")
    assert (shown.status_code, "/pages/sell" in shown.text) == (200, True)
    assert shopify.client.get(f"{editor}another-app/become-a-vendor").status_code == 404
