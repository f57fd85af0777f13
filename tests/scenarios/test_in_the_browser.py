"""The product form and the review queue as people use them: with a mouse, a keyboard and scripts."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.models.products import ProductStatus
from tests.e2e.slowness import wait_on
from tests.scenarios.market import Market
from tests.scenarios.test_category_details import MUGS
from tests.scenarios.test_product_listing import mug_form, picture, send_mug, start_mug, the_product

pytestmark = pytest.mark.e2e


def open_portal(market: Market, browser: Browser, path: str, width: int = 390) -> Page:
    return show(market, browser, market.onboard(), path, width)


def show(market: Market, browser: Browser, portal: httpx.Client, path: str, width: int = 390) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": "portal", "value": portal.cookies["portal"], "url": market.app_url}])
    page = context.new_page()
    page.goto(market.app_url + path)
    return page


def test_a_vendor_lists_a_vase_on_a_phone(market: Market, browser: Browser, tmp_path: Path) -> None:
    shop = market.install()
    page = open_portal(market, browser, "/portal/products")
    page.get_by_role("link", name="Add product").first.click()
    page.get_by_label("What are you selling?").fill("Tall vase")
    page.get_by_role("button", name="Continue").click()
    files = [tmp_path / "one.png", tmp_path / "two.png"]
    for file, colour in zip(files, ("teal", "maroon"), strict=True):
        file.write_bytes(picture(colour))
    page.set_input_files("[data-drop] input", [str(file) for file in files])
    expect(page.locator("#picture-list li")).to_have_count(2)
    market.settle()
    expect(page.locator("#picture-list img")).to_have_count(2)

    page.locator("[contenteditable]").click()
    page.keyboard.type("A tall vase.")
    page.get_by_label("Category", exact=True).fill("vases")
    page.locator("[data-option]").first.click()
    expect(page.locator("[data-chosen]")).to_contain_text("Vases")
    page.locator("[name=option_1_name]").fill("Size")
    page.locator("[name=option_1_values]").fill("Small, Large")
    page.keyboard.press("Tab")
    expect(page.locator("[name=variant_1_price]")).to_be_visible()
    page.locator("[name=variant_0_price]").fill("32")
    page.locator("[name=variant_1_price]").fill("dear")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    expect(page.locator("[name=variant_1_price]")).to_have_value("dear")
    page.locator("[name=variant_1_price]").fill("48.50")
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent. You get an e-mail")).to_be_visible()
    market.settle()
    product = the_product(shop)
    assert (product.status, product.description_html) == (ProductStatus.IN_REVIEW, "<p>A tall vase.</p>")
    assert "Vases" in str(product.category_name)
    expect(page.get_by_text("Acme is looking at it")).to_be_visible()


def test_what_a_category_asks_does_not_come_after_it_was_taken_away(market: Market, browser: Browser) -> None:
    shop = market.install()
    portal = market.onboard()
    path = start_mug(portal)
    portal.post(path, data=mug_form(category_gid=MUGS, category_name="Mugs"))
    page = show(market, browser, portal, path)
    expect(page.locator("[data-attribute]").first).to_be_visible()
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/portal/products/attributes?*", hold)
    page.reload(wait_until="commit")
    wait_on(page, lambda: waiting)
    page.get_by_role("button", name="Take it away").click()
    with page.expect_response("**/portal/products/attributes?*") as late:
        waiting[0].continue_()
    late.value.finished()
    expect(page.locator("[data-chosen]")).to_have_text("None chosen")
    expect(page.locator("[data-attribute]")).to_have_count(0)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Save draft").click()
    assert the_product(shop).category_gid is None


def test_the_merchant_reviews_by_keyboard(market: Market, browser: Browser) -> None:
    shop = market.install()
    portal = market.onboard()
    send_mug(market, portal)
    product = the_product(shop)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{market.store_url}/store/acme/apps/stallkeeper/app/review/{product.id}")
    frame = page.frame_locator("#app-frame")
    frame.locator("s-page").click(position={"x": 5, "y": 5})
    page.keyboard.press("c")
    page.keyboard.type("Say how tall it is.")
    expect(frame.locator("[data-decision=ask_for_changes] s-text-area")).to_have_js_property(
        "value", "Say how tall it is."
    )
    frame.locator("[data-decision=ask_for_changes] s-button").click()
    expect(frame.locator("s-banner")).to_contain_text("Say how tall it is.")
    assert the_product(shop).status == ProductStatus.CHANGES_REQUESTED
    market.settle()
    portal.post(
        f"/portal/products/{product.id}",
        data={
            "title": "Stoneware mug",
            "description": "10 cm tall.",
            "variant_0_key": '["Default Title"]',
            "variant_0_price": "18",
            "variant_0_stock": "1",
            "do": "submit",
        },
    )
    market.settle()
    page.reload()
    frame.locator("s-page").click(position={"x": 5, "y": 5})
    page.keyboard.press("a")
    expect(frame.locator("s-banner")).to_be_visible()
    market.settle()
    assert the_product(shop).status == ProductStatus.PUBLISHED


def test_pictures_are_named_by_their_words_where_a_variant_chooses_one(market: Market, browser: Browser) -> None:
    market.install()
    portal = market.onboard()
    path = start_mug(portal)
    market.settle()
    portal.post(path, data=mug_form(do="save"))
    page = show(market, browser, portal, path)
    choice = page.locator("[name=variant_0_picture]")
    first, second = page.locator("#picture-list input[name^=alt_]").all()
    # Spaces at the end and twice, also where a long text is cut: nobody sees them.
    first.fill("The front   of it ")
    second.fill("A mug of stoneware with its handle seen  from behind")
    second.press("Tab")
    named = ["The product's", "1: The front of it", "2: A mug of stoneware with its handle seen"]
    expect(choice.locator("option")).to_have_text(named)
    choice.select_option(index=2)
    expect(page.locator(".choose", has=choice).locator("img")).to_be_visible()
