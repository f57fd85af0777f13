"""From an empty form in the portal to a product on sale, and what may happen on the way."""

import io
import re
import time
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select, update

from app import db
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop, ShopSettings
from app.products import sync
from tests.scenarios.market import Market

PRODUCTS = """{ products(first: 10) { nodes { id title vendor status descriptionHtml
  variants(first: 10) { nodes { price sku inventoryQuantity selectedOptions { value } } }
  media(first: 10) { nodes { alt } }
  vendorPage: metafield(namespace: "$app", key: "vendor") { value }
  category { fullName } } } }"""
SET_STOCK = """mutation ($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input)
  @idempotent(key: "a-merchants-count") { userErrors { message } } }"""


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 640), colour).save(file, "PNG")
    return file.getvalue()


def add_picture(portal: httpx.Client, product: str, name: str, content: bytes) -> httpx.Response:
    """What the page's script does: ask for a target, send the file there, hand in the ticket."""
    wish = {"name": name, "type": "image/png", "size": len(content)}
    answer = portal.post(f"{product}/pictures/target", json=wish, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    target = answer.json()
    sent = httpx.post(target["url"], data=target["fields"], files={"file": (name, content, "image/png")})
    assert sent.is_success, sent.text
    return portal.post(f"{product}/pictures", data={"ticket": target["ticket"]})


def start_mug(portal: httpx.Client) -> str:
    """A draft with two sizes and two pictures; its path."""
    answer = portal.post("/portal/products/new", data={"title": "Stoneware mug"})
    assert answer.status_code == 200, answer.text
    path = answer.url.path
    assert add_picture(portal, path, "Front.png", picture("teal")).status_code == 200
    assert add_picture(portal, path, "Back.png", picture("maroon")).status_code == 200
    return path


def mug_form(**changes: str) -> dict[str, str]:
    return {
        "title": "Stoneware mug",
        "description": "Thrown by hand.\n\nHolds <b>350 ml</b> & more.",
        "option_1_name": "Size",
        "option_1_values": "Small, Large",
        "variant_0_key": '["Small"]',
        "variant_0_price": "18.00",
        "variant_0_stock": "5",
        "variant_0_sku": "MUG-S",
        "variant_1_key": '["Large"]',
        "variant_1_price": "24.50",
        "variant_1_stock": "3",
        "variant_1_sku": "MUG-L",
        "do": "submit",
        **changes,
    }


def the_product(shop: Shop) -> Product:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Product)).one()


def in_shopify(market: Market) -> dict[str, Any]:
    [node] = market.ask_shopify(PRODUCTS)["products"]["nodes"]
    return dict(node)


def send_mug(market: Market, portal: httpx.Client) -> str:
    path = start_mug(portal)
    market.settle()
    answer = portal.post(path, data=mug_form())
    assert "Sent. You get an e-mail" in answer.text, answer.text
    market.settle()
    return path


def test_a_mug_goes_from_the_form_to_the_storefront(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = send_mug(market, portal)
    made = in_shopify(market)
    assert (made["status"], made["vendor"], made["title"]) == ("DRAFT", "Ada's Ceramics", "Stoneware mug")
    assert made["vendorPage"]["value"].startswith("gid://shopify/Metaobject/")
    assert [(v["price"], v["sku"], v["inventoryQuantity"]) for v in made["variants"]["nodes"]] == [
        ("18.00", "MUG-S", 5),
        ("24.50", "MUG-L", 3),
    ]
    assert len(made["media"]["nodes"]) == 2
    product = the_product(shop)
    assert product.status == ProductStatus.IN_REVIEW
    assert market.mails("ada@example.com")[0]["subject"] == "Stoneware mug is being reviewed"
    assert httpx.get(f"{market.storefront_url()}/products/stoneware-mug").status_code == 404

    page = market.merchant(f"/app/review/{product.id}")
    assert "Stoneware mug" in market.merchant("/app/review").text
    assert "350 ml" in page.text
    assert market.merchant(f"/app/review/{product.id}/approve", {}).status_code == 200
    market.settle()
    assert the_product(shop).status == ProductStatus.PUBLISHED
    shown = httpx.get(f"{market.storefront_url()}/products/stoneware-mug")
    assert shown.status_code == 200
    assert "Stoneware mug" in shown.text
    assert market.mails("ada@example.com")[0]["subject"] == "Stoneware mug is on sale"
    assert "On sale since" in portal.get(path).text


def test_with_auto_approval_nobody_has_to_press_a_button(market: Market, shop: Shop, portal: httpx.Client) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(auto_approve_products=True))
    send_mug(market, portal)
    assert the_product(shop).status == ProductStatus.PUBLISHED
    assert in_shopify(market)["status"] == "ACTIVE"
    subjects = [mail["subject"] for mail in market.mails("ada@example.com")]
    assert subjects[0] == "Stoneware mug is on sale"
    assert "Stoneware mug is being reviewed" not in subjects


def test_a_product_comes_back_for_changes_and_goes_again_as_the_same_product(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = send_mug(market, portal)
    first = in_shopify(market)["id"]
    product = the_product(shop)
    refused = market.merchant(f"/app/review/{product.id}/ask_for_changes", {"reason": ""})
    assert refused.status_code == 422
    market.merchant(f"/app/review/{product.id}/ask_for_changes", {"reason": "Say how to wash it."})
    market.settle()
    assert "Say how to wash it." in market.mails("ada@example.com")[0]["text"]
    assert "Say how to wash it." in portal.get(path).text
    portal.post(path, data=mug_form(description="Dishwasher safe."))
    market.settle()
    again = in_shopify(market)
    assert (again["id"], again["descriptionHtml"]) == (first, "<p>Dishwasher safe.</p>")
    assert the_product(shop).status == ProductStatus.IN_REVIEW


def test_a_job_that_dies_after_the_call_makes_no_second_product(
    market: Market, shop: Shop, portal: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = start_mug(portal)
    market.settle()
    portal.post(path, data=mug_form())

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(sync, "_note", die)
        with pytest.raises(SystemExit):
            sync.push_product(shop.id, the_product(shop).id)
    assert the_product(shop).shopify_gid is None
    made = in_shopify(market)["id"]
    market.settle()
    assert in_shopify(market)["id"] == made
    assert (the_product(shop).shopify_gid, the_product(shop).status) == (made, ProductStatus.IN_REVIEW)


def test_what_is_missing_is_said_and_what_was_typed_is_kept(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = portal.post("/portal/products/new", data={"title": "Bowl"}).url.path
    answer = portal.post(
        path, data={"title": "Bowl, large", "description": "", "do": "submit", "variant_0_key": '["Default Title"]'}
    )
    assert "Saved, but not sent yet" in answer.text
    assert "Add at least one picture" in answer.text
    assert (the_product(shop).title, the_product(shop).status) == ("Bowl, large", ProductStatus.DRAFT)
    broken = portal.post(path, data=mug_form(title="", variant_0_price="cheap"))
    assert broken.status_code == 422
    assert "Nothing was saved yet" in broken.text
    assert 'value="cheap"' in broken.text
    assert the_product(shop).title == "Bowl, large"


def test_stock_that_the_vendor_counts_is_live_and_a_sale_comes_back(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = send_mug(market, portal)
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    with db.scoped(shop.id) as session:
        small, large = session.scalars(select(Variant).order_by(Variant.position)).all()
    portal.post(f"{path}/stock", data={f"stock_{small.id}": "11", f"stock_{large.id}": "3"})
    market.settle()
    assert [v["inventoryQuantity"] for v in in_shopify(market)["variants"]["nodes"]] == [11, 3]
    with db.scoped(shop.id) as session:
        location = session.get_one(Shop, shop.id).location_gid
    count = {
        "inventoryItemId": small.inventory_item_gid,
        "locationId": location,
        "quantity": 7,
        "changeFromQuantity": None,
    }
    change = {"name": "available", "reason": "correction", "quantities": [count]}
    assert market.ask_shopify(SET_STOCK, {"input": change})["inventorySetQuantities"]["userErrors"] == []
    market.settle()
    with db.scoped(shop.id) as session:
        assert session.get_one(Variant, small.id).stock == 7
    assert "Enter a whole number" in portal.post(f"{path}/stock", data={f"stock_{small.id}": "-1"}).text


def test_a_product_taken_off_sale_is_hidden_in_the_shop(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = send_mug(market, portal)
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    portal.post(f"{path}/withdraw")
    market.settle()
    assert (the_product(shop).status, in_shopify(market)["status"]) == (ProductStatus.DRAFT, "DRAFT")
    assert httpx.get(f"{market.storefront_url()}/products/stoneware-mug").status_code == 404


def test_a_file_that_is_no_picture_is_refused_in_words(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = portal.post("/portal/products/new", data={"title": "Bowl"}).url.path
    wish = {"name": "virus.exe", "type": "application/octet-stream", "size": 10}
    refused = portal.post(f"{path}/pictures/target", json=wish, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["errors"]["pictures"]) == (422, "Use a JPEG, PNG, WebP or GIF picture.")
    add_picture(portal, path, "broken.png", b"this is not a picture")
    market.settle()
    assert "not a picture" in portal.get(path).text
    forged = portal.post(f"{path}/pictures", data={"ticket": "e30.x"}, headers={"Accept": "application/json"})
    assert forged.status_code == 422


def test_without_scripts_a_plain_upload_works_too(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = portal.post("/portal/products/new", data={"title": "Bowl"}).url.path
    files = [
        ("files", ("One.png", picture("navy"), "image/png")),
        ("files", ("Two.png", picture("olive"), "image/png")),
    ]
    assert "Added." in portal.post(f"{path}/pictures", files=files).text
    market.settle()
    page = portal.get(path).text
    assert len(re.findall(r'<img src="http[^"]+/files/', page)) == 2


def test_another_vendor_finds_nothing_of_adas(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = start_mug(portal)
    market.settle()
    bea = market.onboard("Bea's Bakery", "bea@example.com")
    assert bea.get(path).status_code == 404
    assert bea.post(path, data=mug_form(title="Stolen")).status_code == 404
    assert bea.post(f"{path}/withdraw").status_code == 404
    assert bea.post(f"{path}/stock", data={"stock_1": "0"}).status_code == 404
    assert bea.get(f"{path}/pictures").status_code == 404
    assert "Stoneware" not in bea.get("/portal/products").text
    assert "Stoneware" not in bea.get("/portal/products/export.csv").text
    assert the_product(shop).title == "Stoneware mug"


def test_the_list_is_searched_filtered_and_exported(market: Market, shop: Shop, portal: httpx.Client) -> None:
    start_mug(portal)
    portal.post("/portal/products/new", data={"title": "=SUM(A1) bowl"})
    assert "bowl" not in portal.get("/portal/products?q=mug").text.replace("Search title", "")
    assert "No product matches" in portal.get("/portal/products?status=published").text
    lines = portal.get("/portal/products/export.csv").text.lstrip("\ufeff").splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("'=SUM(A1) bowl,draft")


def test_the_merchant_approves_several_at_once(market: Market, shop: Shop, portal: httpx.Client) -> None:
    send_mug(market, portal)
    product_id = the_product(shop).id
    answer = market.merchant("/app/review/approve", {"tick": f"product {product_id}"})
    assert "Done for 1 of 1." in answer.headers["HX-Trigger"]
    market.settle()
    assert the_product(shop).status == ProductStatus.PUBLISHED
    assert "Stoneware mug" in market.merchant("/app/products?status=published").text
    assert "on sale" in market.merchant("/app/emails?kind=product_published").text


def test_an_edit_in_the_admin_reaches_the_vendor(market: Market, shop: Shop, portal: httpx.Client) -> None:
    path = send_mug(market, portal)
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    edit = """mutation ($id: ID!) { productUpdate(product: {id: $id, title: "Mug, renamed by Mona"}) {
      userErrors { message } } }"""
    market.ask_shopify(edit, {"id": the_product(shop).shopify_gid})
    market.settle()
    assert "Mug, renamed by Mona" in portal.get(path).text
    delete = "mutation ($id: ID!) { productDelete(input: {id: $id}) { userErrors { message } } }"
    market.ask_shopify(delete, {"id": the_product(shop).shopify_gid})
    market.settle()
    assert the_product(shop).status == ProductStatus.ARCHIVED


def test_a_paused_vendors_products_leave_the_shop_and_come_back(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = send_mug(market, portal)
    product = the_product(shop)
    market.merchant(f"/app/review/{product.id}/approve", {})
    market.settle()
    market.merchant(f"/app/vendors/{product.vendor_id}/suspend", {"reason": "Three complaints about breakage."})
    market.settle()
    assert in_shopify(market)["status"] == "DRAFT"
    assert httpx.get(f"{market.storefront_url()}/products/stoneware-mug").status_code == 404
    assert httpx.get(f"{market.storefront_url()}/a/market/vendors.json").json() == {"vendors": []}
    assert "Three complaints" in market.mails("ada@example.com")[0]["text"]
    assert "hidden" in portal.get(path).text
    market.merchant(f"/app/vendors/{product.vendor_id}/reinstate", {})
    market.settle()
    assert in_shopify(market)["status"] == "ACTIVE"
    assert httpx.get(f"{market.storefront_url()}/products/stoneware-mug").status_code == 200
    [listed] = httpx.get(f"{market.storefront_url()}/a/market/vendors.json?q=ada").json()["vendors"]
    assert (listed["name"], "email" in listed) == ("Ada's Ceramics", False)


def test_what_the_merchant_hid_by_hand_stays_hidden(market: Market, shop: Shop, portal: httpx.Client) -> None:
    send_mug(market, portal)
    product = the_product(shop)
    market.merchant(f"/app/review/{product.id}/approve", {})
    market.settle()
    hide = """mutation ($id: ID!) { productUpdate(product: {id: $id, status: DRAFT}) { userErrors { message } } }"""
    market.ask_shopify(hide, {"id": the_product(shop).shopify_gid})
    market.settle()
    market.merchant(f"/app/vendors/{product.vendor_id}/suspend", {"reason": "A break."})
    market.settle()
    market.merchant(f"/app/vendors/{product.vendor_id}/reinstate", {})
    market.settle()
    assert in_shopify(market)["status"] == "DRAFT"


def test_what_the_staff_take_off_sale_is_hidden_until_they_put_it_back_here_or_in_the_admin(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    send_mug(market, portal)
    product = the_product(shop)
    market.merchant(f"/app/review/{product.id}/approve", {})
    market.settle()
    market.merchant(f"/app/review/{product.id}/take_down", {"reason": "The glaze is not food safe."})
    market.settle()
    assert in_shopify(market)["status"] == "DRAFT"
    assert "The glaze is not food safe." in portal.get(f"/portal/products/{product.id}").text
    market.merchant(f"/app/review/{product.id}/put_back", {})
    market.settle()
    assert (in_shopify(market)["status"], the_product(shop).taken_down_at) == ("ACTIVE", None)
    market.merchant(f"/app/review/{product.id}/take_down", {"reason": "Again."})
    market.settle()
    time.sleep(1)  # Shopify tells whole seconds: what staff did in the one in which we hid it cannot be told from that
    show = """mutation ($id: ID!) { productUpdate(product: {id: $id, status: ACTIVE}) { userErrors { message } } }"""
    market.ask_shopify(show, {"id": the_product(shop).shopify_gid})
    market.settle()
    assert (in_shopify(market)["status"], the_product(shop).taken_down_at) == ("ACTIVE", None)


def test_a_vendors_new_name_reaches_their_products(market: Market, shop: Shop, portal: httpx.Client) -> None:
    send_mug(market, portal)
    rename = """mutation ($id: ID!) { metaobjectUpdate(id: $id, metaobject: {fields: [
      {key: "name", value: "Ada & Daughters"}]}) { userErrors { message } } }"""
    market.ask_shopify(rename, {"id": in_shopify(market)["vendorPage"]["value"]})
    market.settle()
    assert in_shopify(market)["vendor"] == "Ada & Daughters"


def test_a_draft_is_saved_by_itself_but_not_over_another_windows_changes(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = start_mug(portal)
    found = re.search(r'data-version="([\d.]+)"', portal.get(path).text)
    assert found
    asks_json = {"Accept": "application/json"}
    typed = mug_form(title="Mug, half a thought", do="autosave", version=found[1])
    saved = portal.post(path, data=typed, headers=asks_json)
    assert saved.status_code == 200, saved.text
    assert the_product(shop).title == "Mug, half a thought"
    stale = portal.post(path, data=typed | {"title": "Older"}, headers=asks_json)
    assert (stale.status_code, "another window" in stale.json()["message"]) == (409, True)
    wrong = typed | {"title": "", "version": saved.json()["version"]}
    assert portal.post(path, data=wrong, headers=asks_json).status_code == 422
    assert the_product(shop).title == "Mug, half a thought"


def test_ticked_products_are_changed_together_with_a_result_for_each(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    send_mug(market, portal)
    product_id = the_product(shop).id
    assert "Tick the products first" in portal.post("/portal/products", data={"do": "archive"}).text
    page = portal.post("/portal/products", data={"do": "price", "percent": "10", "product": [product_id, 999]})
    assert "0 of 2 done" in page.text
    page = portal.post("/portal/products", data={"do": "stock", "stock": "9", "product": product_id})
    assert "2 variants changed." in page.text
    market.settle()
    assert [v["inventoryQuantity"] for v in in_shopify(market)["variants"]["nodes"]] == [9, 9]
    copy = portal.post(f"/portal/products/{product_id}/duplicate")
    assert "This is a copy of" in copy.text
    assert 'value="Copy of Stoneware mug"' in copy.text
