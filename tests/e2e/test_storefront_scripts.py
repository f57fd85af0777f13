"""The scripts of the theme and of the app's blocks, in a browser, against a storefront of their own."""

import json
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from devstore import server
from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.app_end import AppEnd, app_end
from tests.devstore.storefront.cast import ACME, product, vendor
from tests.devstore.storefront.conftest import Shop, shop
from tests.e2e.looks import DESKTOP, LEVEL, PHONE, examine, wait_until_uncovered
from tests.e2e.slowness import wait_on
from tests.servers import make_server

PATHS = (
    "/", "/collections/all", "/products/morning-mug", "/cart", "/checkout", "/search?q=mug", "/pages/vendors",
    "/pages/vendors/adas-ceramics", "/pages/sell", "/pages/vendor-portal",
    "/account/login", "/account/register", "/404",
)  # fmt: skip
__all__ = ["app_end", "open_shopify", "shop"]


@pytest.fixture
def address(shop: Shop, app_end: AppEnd) -> Iterator[str]:
    """Where the storefront answers; its app is `app_end`."""
    site = server.create_storefront(shop.configured(app_url=app_end.url), shop.store, ACME)
    listening = make_server("127.0.0.1", 0, site)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://localhost:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


def _answer(app_end: AppEnd, status: int, body: dict[str, object]) -> None:
    app_end.answer = (status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _open_form(page: Page, address: str) -> None:
    page.goto(f"{address}/pages/sell")
    expect(page.locator("[data-sk-near]")).to_be_attached()


def _apply(page: Page) -> None:
    page.get_by_label("Shop name").fill("Ada's Ceramics")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Email").fill("ada@example")
    page.get_by_label("What would you like to sell?").fill("Mugs")


def test_choosing_a_size_changes_price_and_what_is_bought(address: str, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    page.goto(f"{address}/products/morning-mug")
    page.get_by_text("Large", exact=True).click()
    expect(page.locator("[data-price]")).to_have_text("$29.50")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="View cart")).to_be_visible()
    expect(page.get_by_role("link", name="Cart, 0 items").locator("[data-cart-count]")).to_have_text("1")
    page.get_by_role("link", name="View cart").click()
    expect(page.get_by_text("Size: Large")).to_be_visible()
    expect(page.get_by_text("$29.50 USD")).to_be_visible()


def test_a_category_of_a_vendors_page_shows_its_products(
    shop: Shop, address: str, open_browser: Callable[..., Page]
) -> None:
    mugs, vases = (f"gid://shopify/TaxonomyCategory/{code}" for code in ("hg-11-10-5-5", "hg-3-67"))
    shop.store.put(ACME, "product", {**shop.mug, "category_gid": mugs})
    product(shop.store, "Bud vase", of=shop.ada, category_gid=vases)
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/vendors/adas-ceramics")
    page.get_by_text("Vases", exact=True).click()
    expect(page.get_by_text("Morning mug")).to_be_hidden()
    expect(page.get_by_text("Bud vase")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Mugs")).to_be_checked()
    expect(page.get_by_text("Bud vase")).to_be_hidden()
    page.get_by_text("All", exact=True).click()
    expect(page.get_by_text("Bud vase")).to_be_visible()
    assert examine(page, LEVEL) == []


def test_asking_for_more_than_there_is_says_how_many_there_are(address: str, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(f"{address}/products/rye-loaf")
    page.get_by_label("Quantity").fill("9")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("You can only add 3 Rye loaf to the cart.")).to_be_visible()


def test_what_is_wrong_with_an_application_is_said_beside_its_field(
    address: str,
    app_end: AppEnd,
    open_browser: Callable[..., Page],
) -> None:
    page = open_browser(PHONE)
    _open_form(page, address)
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_label("Shop name")).to_be_focused()
    assert [request["method"] for request in app_end.requests if request["method"] == "POST"] == []
    _apply(page)
    _answer(app_end, 422, {"ok": False, "errors": {"email": "Check the address.", "country": "Choose a country."}})
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_accessible_description(
        "We answer here. Customers never see it. Check the address."
    )
    expect(page.get_by_text("Choose a country.")).to_be_visible()
    _answer(app_end, 200, {"ok": True, "message": "Thank you. Look into your inbox."})
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("Thank you. Look into your inbox.")).to_be_focused()
    expect(page.get_by_role("button", name="Send application")).to_be_hidden()


def test_a_field_that_is_jumped_to_comes_out_from_under_the_header(
    address: str,
    open_browser: Callable[..., Page],
) -> None:
    page = open_browser(PHONE)
    _open_form(page, address)
    field = page.get_by_label("Email")
    field.evaluate("field => scrollTo({top: field.getBoundingClientRect().top - 5, behavior: 'instant'})")
    field.focus()
    wait_until_uncovered(field)


def test_an_application_is_not_lost_when_the_app_is_away(
    address: str,
    app_end: AppEnd,
    open_browser: Callable[..., Page],
) -> None:
    page = open_browser()
    _open_form(page, address)
    _apply(page)
    app_end.answer = (500, {"Content-Type": "text/html"}, b"<h1>Trouble</h1>")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("We could not send your application.")).to_be_visible()
    expect(page.get_by_label("Shop name")).to_have_value("Ada's Ceramics")
    expect(page.get_by_role("button", name="Send application")).to_be_enabled()


def test_what_was_typed_survives_a_closed_page_until_it_was_sent(
    address: str, app_end: AppEnd, open_browser: Callable[..., Page]
) -> None:
    question = {
        "name": "q7",
        "kind": "choice",
        "label": "Made of <b>what</b>?",
        "help": "",
        "choices": ["Clay", "Wood"],
    }
    document = {"name": "q8", "kind": "file", "label": "Trade licence"}
    _answer(app_end, 200, {"terms": "", "questions": [{**question, "required": True}, document]})
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/sell")
    _apply(page)
    page.get_by_label("Made of <b>what</b>?").select_option("Wood")
    expect(page.get_by_text("you send from your vendor pages: Trade licence.")).to_be_visible()
    expect(page.get_by_text("What you type is kept in this browser")).to_be_visible()
    page.goto(f"{address}/cart")
    page.goto(f"{address}/pages/sell")
    expect(page.get_by_label("Made of <b>what</b>?")).to_have_value("Wood")
    expect(page.get_by_label("Shop name")).to_have_value("Ada's Ceramics")
    assert [fault for fault in examine(page) if "sk-" in fault] == []
    _answer(app_end, 200, {"ok": True, "message": "Thank you."})
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("Thank you.")).to_be_focused()
    [sent] = [request["body"].decode() for request in app_end.requests if request["method"] == "POST"]
    assert "q7=Wood" in sent
    page.reload()
    expect(page.get_by_label("Shop name")).to_have_value("")


def test_the_merchants_terms_are_shown_as_text_when_there_are_some(
    address: str,
    app_end: AppEnd,
    open_browser: Callable[..., Page],
) -> None:
    _answer(app_end, 200, {"fields": [], "terms": "Ship within <b>three</b> days."})
    page = open_browser()
    _open_form(page, address)
    expect(page.get_by_label("I accept the vendor terms.")).to_be_hidden()
    page.get_by_label("Shop name").focus()
    expect(page.get_by_label("I accept the vendor terms.")).to_be_visible()
    expect(page.get_by_text("Ship within <b>three</b> days.")).to_be_visible()


def test_the_directory_is_filtered_and_sorted_and_its_address_says_how(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    for number in range(30):
        vendor(
            shop.store, f"maker-{number}", name=f"Maker {number}", location="Porto", since=f"2024-01-{number + 1:02}"
        )
    vendor(
        shop.store, "zoe", name="Zoe Zurich", location="Basel", since="2020-01-01", away_until="2999-01-01T00:00:00Z"
    )
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/vendors")
    shown = page.locator("[data-sk-vendor]:visible")
    expect(page.get_by_label("Place")).to_be_visible()
    page.get_by_label("Place").focus()
    page.get_by_label("Place").select_option("Basel")
    expect(shown).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 vendor")
    expect(page).to_have_url(re.compile("vendors.place=Basel"))
    page.reload()
    expect(shown).to_have_count(1)
    expect(shown).to_have_text(re.compile("Zoe Zurich"))
    page.get_by_label("Not on holiday").check()
    expect(page.get_by_role("status")).to_have_text("No vendor matches. Try fewer or other words.")
    page.get_by_label("Place").select_option("")
    page.get_by_label("Begins with").select_option("M")
    page.get_by_label("Sort").select_option("new")
    expect(page.get_by_role("status")).to_have_text("30 vendors")
    expect(shown.first).to_have_text(re.compile("Maker 29"))


def test_a_search_finds_vendors_on_every_page_of_the_directory(
    address: str,
    shop: Shop,
    open_browser: Callable[..., Page],
) -> None:
    for number in range(60):
        vendor(shop.store, f"vendor-{number}", name=f"Vendor {number:02}")
    vendor(shop.store, "zoe", name="Zoë's Zithers", location="Zürich")
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/vendors?page=2")
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    page.get_by_label("Find a vendor").fill("zoe zurich")
    expect(page.get_by_text("1 vendor", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Zoë's Zithers")).to_be_visible()
    expect(page.locator("[data-sk-vendor]:visible")).to_have_count(1)
    page.get_by_label("Find a vendor").fill("")
    expect(page.locator("[data-sk-vendor]:visible")).to_have_count(63)
    page.get_by_label("Find a vendor").fill("nobody")
    expect(page.get_by_text("No vendor matches.")).to_be_visible()


def test_a_directory_whose_pages_did_not_all_come_asks_for_those_again_and_shows_none_twice(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    for number in range(98):
        vendor(shop.store, f"vendor-{number}", name=f"Vendor {number:02}")
    page = open_browser(PHONE)
    page.route("**/pages/vendors?*page=4*", lambda route: route.abort())
    page.goto(f"{address}/pages/vendors")
    page.get_by_label("Find a vendor").fill("vendor")
    expect(page.get_by_role("status")).to_have_text("74 vendors")
    expect(page.get_by_text("Page 1 of 5")).to_be_visible()
    page.unroute("**/pages/vendors?*page=4*")
    page.get_by_label("Find a vendor").fill("vendor 0")
    expect(page.get_by_role("status")).to_have_text("19 vendors")
    page.get_by_label("Find a vendor").fill("")
    expect(page.locator("[data-sk-vendor]:visible")).to_have_count(100)
    expect(page.get_by_text("Page 1 of 5")).to_be_hidden()


def test_nobody_says_that_no_vendor_matches_before_all_pages_of_the_directory_were_read(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    for number in range(30):
        vendor(shop.store, f"vendor-{number}", name=f"Vendor {number:02}")
    vendor(shop.store, "zoe", name="Zoe Zurich")
    page = open_browser(PHONE)
    page.route("**/pages/vendors?*page=2*", lambda route: route.abort())
    page.goto(f"{address}/pages/vendors")
    page.get_by_label("Find a vendor").fill("zoe")
    expect(page.get_by_role("status")).to_have_text("Not all vendors could be reached. Try again in a minute.")
    page.unroute("**/pages/vendors?*page=2*")
    page.get_by_label("Find a vendor").fill("zoe z")
    expect(page.get_by_role("status")).to_have_text("1 vendor")
    page.get_by_label("Find a vendor").fill("zoe q")
    expect(page.get_by_role("status")).to_have_text("No vendor matches. Try fewer or other words.")


def test_a_directory_whose_script_did_not_come_asks_for_it_again(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    vendor(shop.store, "zoe", name="Zoe Zurich", location="Basel")
    page = open_browser(PHONE)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "sk-filters" in request.url else None)
    page.route("**/sk-filters.js*", lambda route: route.abort())
    page.goto(f"{address}/pages/vendors")
    expect(page.get_by_label("Place")).to_be_visible()
    for row in page.locator("[data-sk-vendor]").all()[:8]:
        row.hover()
        page.wait_for_timeout(50)
    wait_on(page, lambda: asked)
    assert len(asked) == 1, "not at every movement of the mouse"
    page.unroute("**/sk-filters.js*")
    # The script is told of the failure some time after the network was: the visitor moves on until it asks again.
    page.wait_for_function(
        "() => { document.querySelector('[data-sk-search]').dispatchEvent(new Event('focusin', {bubbles: true}));"
        " return performance.getEntriesByType('resource').some(({ name }) => name.endsWith('sk-filters.js?')) }"
    )
    page.get_by_label("Place").select_option("Basel")
    expect(page.locator("[data-sk-vendor]:visible")).to_have_count(1)


def test_whoever_comes_to_the_directory_by_mouse_or_finger_finds_the_choices_filled_in(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    vendor(shop.store, "zoe", name="Zoe Zurich", location="Basel")
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/vendors")
    expect(page.get_by_label("Place")).to_be_visible()
    expect(page.get_by_label("Place").get_by_role("option")).to_have_text(["Any place"])
    page.locator("[data-sk-vendor]").first.hover()
    expect(page.get_by_label("Place").get_by_role("option")).to_contain_text(["Any place", "Basel"])


def test_vendors_are_found_by_whatever_their_names_begin_with(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    vendor(shop.store, "honey", name="🍯 Honey House")
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/vendors")
    expect(page.get_by_label("Begins with")).to_be_visible()  # until its script has come nothing hidden takes focus
    page.get_by_label("Begins with").focus()
    page.get_by_label("Begins with").select_option("🍯")
    expect(page.locator("[data-sk-vendor]:visible")).to_have_text(re.compile("Honey House"))


def test_of_a_cart_kept_for_later_what_is_there_goes_back_and_the_rest_stays(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    """In a theme that does not say its language, too."""
    page = open_browser(PHONE)
    page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => document.documentElement.removeAttribute('lang'))"
    )
    items = [{"id": each["variants"][0]["id"], "quantity": 2} for each in (shop.mug, shop.loaf)]
    page.request.post(f"{address}/cart/add.js", data={"items": items})
    page.goto(f"{address}/cart?view=plain")
    with page.expect_event("load"):  # the page loads itself anew
        page.get_by_role("button", name="Keep this cart for later").click()
    kept = page.locator(".sk-carts__row")
    expect(kept).to_contain_text("Rye loaf")
    [location] = shop.loaf["variants"][0]["quantities"]
    [variant] = shop.loaf["variants"]
    left = {**variant, "quantities": {location: {"available": 1, "on_hand": 1}}}
    shop.store.put(ACME, "product", {**shop.loaf, "variants": [left]})
    page.get_by_role("button", name="Put back into the cart").click()
    expect(page.get_by_text("There is not enough of this in stock, so it stays here.")).to_be_visible()
    expect(page, "a reload does not say it again").to_have_url(f"{address}/cart?view=plain")
    expect(kept).to_contain_text("Rye loaf")
    expect(kept).not_to_contain_text("Morning mug")
    held = page.request.get(f"{address}/cart.js").json()["items"]
    assert [(item["product_title"], item["quantity"]) for item in held] == [("Morning mug", 2)]
    shop.store.put(ACME, "product", shop.loaf)
    with page.expect_event("load"):  # the page of the cart
        page.get_by_role("button", name="Put back into the cart").click()
    expect(page.get_by_text("No cart is kept for later.")).to_be_visible()
    assert page.request.get(f"{address}/cart.js").json()["item_count"] == 4


def _keep_two_of_each(page: Page, address: str, shop: Shop) -> None:
    items = [{"id": each["variants"][0]["id"], "quantity": 2} for each in (shop.mug, shop.loaf)]
    page.request.post(f"{address}/cart/add.js", data={"items": items})
    page.goto(f"{address}/cart")
    with page.expect_event("load"):  # the page loads itself anew
        page.get_by_role("button", name="Keep this cart for later").click()
    expect(page.locator(".sk-carts__row")).to_contain_text("Rye loaf")


def _put_back(page: Page) -> None:
    page.get_by_role("button", name="Put back into the cart").click()


def _held(page: Page, address: str) -> dict[str, int]:
    return {item["handle"]: item["quantity"] for item in page.request.get(f"{address}/cart.js").json()["items"]}


def test_a_kept_cart_goes_back_once_whenever_the_page_is_left(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    """Shopify refuses all of it; the loaves alone go in; the page is left while the mugs are asked for."""
    page = open_browser(PHONE)
    _keep_two_of_each(page, address, shop)
    mug, loaf = (each["variants"][0]["id"] for each in (shop.mug, shop.loaf))
    asked = threading.Event()

    def refuse(route: Route) -> None:
        ids = [item["id"] for item in json.loads(route.request.post_data or "")["items"]]
        if len(ids) > 1:
            route.fulfill(status=422, json={"status": 422})
        elif ids == [mug]:
            page.request.post(f"{address}/cart/add.js", data=route.request.post_data_json)
            asked.set()  # they went in, and the page never hears of it
        else:
            route.continue_()

    page.route("**/cart/add.js", refuse)
    page.request.post(f"{address}/cart/add.js", data={"items": [{"id": loaf, "quantity": 1}]})
    _put_back(page)
    wait_on(page, asked.is_set)
    expect(page.get_by_role("button", name="Put back into the cart")).to_be_disabled()
    page.goto(f"{address}/cart")
    page.unroute("**/cart/add.js")
    expect(page.locator(".sk-carts__row")).not_to_contain_text("Rye loaf")
    with page.expect_event("load"):  # the page of the cart
        _put_back(page)
    expect(page.get_by_text("No cart is kept for later.")).to_be_visible()
    assert _held(page, address) == {"morning-mug": 2, "rye-loaf": 3}, "one loaf was there before"


def test_of_a_kept_cart_what_a_refusal_put_in_is_not_asked_for_again(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    _keep_two_of_each(page, address, shop)

    def take_one_each(route: Route) -> None:
        items = [{**item, "quantity": 1} for item in json.loads(route.request.post_data or "")["items"]]
        page.request.post(f"{address}/cart/add.js", data={"items": items})
        route.fulfill(status=422, json={"status": 422})

    page.route("**/cart/add.js", take_one_each, times=1)
    with page.expect_event("load"):  # the page of the cart
        _put_back(page)
    expect(page.get_by_text("No cart is kept for later.")).to_be_visible()
    assert _held(page, address) == {"morning-mug": 2, "rye-loaf": 2}


def test_a_subscription_that_was_kept_goes_back_as_a_subscription(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    """The development store knows no selling plans: its cart is told with one."""
    page = open_browser(PHONE)

    def subscribed(route: Route) -> None:
        told = route.fetch().json()
        for each in told["items"]:
            each["selling_plan_allocation"] = {"selling_plan": {"id": 77, "name": "Every month"}}
        route.fulfill(json=told)

    page.route("**/cart.js", subscribed)
    _keep_two_of_each(page, address, shop)
    expect(page.locator(".sk-carts__row li").first).to_have_text(re.compile("^2 . .+, Every month$"))
    with page.expect_request("**/cart/add.js") as asked, page.expect_event("load"):  # the page of the cart
        _put_back(page)
    added = json.loads(asked.value.post_data or "")["items"]
    assert [(one["quantity"], one["selling_plan"]) for one in added] == [(2, 77), (2, 77)]
    expect(page.get_by_text("No cart is kept for later.")).to_be_visible()


def test_a_kept_cart_stays_and_says_so_when_the_shop_does_not_answer(
    address: str, shop: Shop, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    _keep_two_of_each(page, address, shop)
    statuses = iter([422, 429])
    page.route("**/cart/add.js", lambda route: route.fulfill(status=next(statuses), json={}))
    _put_back(page)
    lost = page.get_by_text("The shop did not answer. Try again in a minute.")
    expect(lost).to_be_visible()
    expect(page.get_by_text("There is not enough of this in stock")).to_be_hidden()
    page.wait_for_timeout(1500)  # for as long as the lists are sent
    expect(lost).to_be_visible()
    page.unroute("**/cart/add.js")
    page.route(
        "**/cart/add.js", lambda route: route.abort() if route.fetch() else None
    )  # taken, and nobody hears of it
    with page.expect_event("load"):  # the page of the cart
        _put_back(page)
    expect(page.get_by_text("No cart is kept for later.")).to_be_visible()
    assert _held(page, address) == {"morning-mug": 2, "rye-loaf": 2}


def test_a_long_wishlist_is_shown_whole_and_asks_for_prices_where_the_visitor_is(
    address: str, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    page.goto(f"{address}/cart")
    page.evaluate("""() => {
        for (let n = 100; n < 250; n += 1) {
            const wish = [`019000000${n}-0000-aaaaaaaa`, {handle: 'morning-mug', title: `Mug ${n}`}, 0];
            localStorage.setItem(`sk:guest:i:wishlist:${9000 + n}`, JSON.stringify(wish));
        }
    }""")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("morning-mug.js") else None)
    page.goto(f"{address}/pages/wishlist")
    tiles = page.locator(".sk-tile")
    expect(tiles).to_have_count(150)
    expect(tiles.first.locator("[data-price]")).to_have_text("From $24.00")
    assert 0 < len(asked) < 50
    expect(tiles.last.locator("[data-price]")).to_have_text("")
    tiles.last.scroll_into_view_if_needed()
    expect(tiles.last.locator("[data-price]")).to_have_text("From $24.00")


def test_a_vendor_followed_in_one_language_is_opened_in_the_one_that_is_read(
    address: str, open_browser: Callable[..., Page]
) -> None:
    def rewrite(pattern: str, old: str, new: str) -> None:
        page.route(pattern, lambda route: route.fulfill(response=(a := route.fetch()), body=a.text().replace(old, new)))

    page = open_browser(PHONE)
    rewrite("**/pages/vendors/adas-ceramics", 'data-url="/pages/', 'data-url="/fr/pages/')
    page.goto(f"{address}/pages/vendors/adas-ceramics")
    page.get_by_role("button", name="Follow Ada's Ceramics").click()
    kept = page.evaluate("window.stallkeeper.items.find('follow', 'adas-ceramics').value")
    assert kept == {"name": "Ada's Ceramics", "url": "/pages/vendors/adas-ceramics"}
    earlier = {"name": "Bea's Bakery", "url": "/fr/pages/vendors/beas-bakery"}
    page.evaluate("value => window.stallkeeper.items.put('follow', 'beas-bakery', value)", earlier)
    rewrite("**/storefront.js", "root: '/'", "root: '/de/'")
    page.goto(f"{address}/pages/wishlist")
    for name, handle in (("Ada's Ceramics", "adas-ceramics"), ("Bea's Bakery", "beas-bakery")):
        expect(page.get_by_role("link", name=name)).to_have_attribute("href", f"/de/pages/vendors/{handle}")


def test_of_several_lists_on_a_page_the_first_asks_to_sign_in(address: str, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    page.goto(f"{address}/pages/wishlist")
    lines = page.get_by_text("Sign in to have this on all your devices")
    expect(lines).to_have_count(2)
    expect(lines.first).to_be_visible()
    expect(lines.last).to_be_hidden()


def test_a_section_that_the_theme_editor_brings_early_is_started_once(
    address: str, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => setTimeout(() =>"
        " document.body.dispatchEvent(new Event('shopify:section:load', { bubbles: true }))))"
    )
    page.goto(f"{address}/pages/vendors/adas-ceramics")
    expect(page.locator(".sk-follow[data-sk-ready]")).to_be_attached()
    page.wait_for_timeout(1500)  # the page's own blocks are started after a second at the latest
    page.get_by_role("button", name="Follow Ada's Ceramics").click()
    expect(page.get_by_role("button", name="Following Ada's Ceramics")).to_be_visible()


def test_a_question_without_words_says_what_is_missing(address: str, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    page.goto(f"{address}/products/morning-mug")
    page.get_by_text("Ask a question").click()
    words = page.get_by_label("Your question")
    words.fill("   ")
    page.get_by_role("button", name="Send the question").click()
    expect(words).to_be_focused()
    assert words.evaluate("field => field.validationMessage") != ""


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_any_page(
    address: str,
    shop: Shop,
    open_browser: Callable[..., Page],
    viewport: dict[str, int],
) -> None:
    page = open_browser(viewport)
    item = shop.mug["variants"][0]["id"]
    for path in PATHS:
        page.goto(f"{address}{path}")
        if path == "/products/morning-mug":
            page.request.post(f"{address}/cart/add.js", data={"id": item})
        assert examine(page, [*LEVEL, "best-practice"]) == [], path
