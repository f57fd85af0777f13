"""What customers keep, in real browsers: the development store's pages, its proxy, and the app behind it."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import select
from werkzeug.security import generate_password_hash
from werkzeug.serving import BaseWSGIServer

from app import db
from app.models.shops import Shop as AppShop
from app.models.storefront import CustomerItem
from app.privacy.erasure import forget_customer
from app.privacy.rules import Person
from app.storefront import rules
from devstore import server
from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop, shop
from tests.e2e.looks import DESKTOP, LEVEL, PHONE, examine, take_screenshot
from tests.e2e.slowness import Held
from tests.ports import free_ports
from tests.servers import make_server
from tests.shopify.signing import KEY, SECRET
from wsgi import create_app

__all__ = ["open_shopify", "shop"]
LOCALES = Path(__file__).parents[2] / "extensions" / "theme" / "locales"
CLEO = {"email": "cleo@example.com", "password": "secret"}
MOVED = """window.moved = [];
new PerformanceObserver((list) => moved.push(...list.getEntries().filter((entry) => !entry.hadRecentInput)))
    .observe({ type: 'layout-shift', buffered: true });"""
HERE = "Kept in this browser for now."
CONSENT = "Shopify.customerPrivacy.setTrackingConsent"


class Served:
    """A WSGI application on a port of its own that can be taken away and brought back."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._server: BaseWSGIServer | None = None
        (self.port,) = free_ports(1)
        self.start()

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self._application)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class App(Protocol):
    """What answers for the app; it can be taken away and brought back."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Market:
    """Acme's storefront and the app, both over HTTP."""

    shop: Shop
    app: App
    site: Served
    acme: AppShop

    @property
    def url(self) -> str:
        return f"http://localhost:{self.site.port}"

    def kept(self) -> dict[tuple[str, str], Any]:
        """What the app holds, whoever's it is."""
        with db.scoped(self.acme.id) as session:
            return {(row.kind, row.key): row.value for row in session.scalars(select(CustomerItem))}

    def goods(self) -> tuple[str, str]:
        return str(self.shop.mug["id"]), str(self.shop.loaf["id"])


@pytest.fixture
def market(shop: Shop, acme: AppShop) -> Iterator[Market]:
    app = Served(create_app())
    yield from opened(shop, acme, app, f"http://127.0.0.1:{app.port}")


def opened(shop: Shop, acme: AppShop, app: App, app_url: str) -> Iterator[Market]:
    """Acme's storefront, whose proxy asks the app at `app_url`; Cleo has an account there."""
    config = shop.configured(app_url=app_url, client_id=KEY, client_secret=SECRET)
    site = Served(server.create_storefront(config, shop.store, ACME))
    give_account(shop)
    yield Market(shop, app, site, acme)
    site.stop()
    app.stop()


def give_account(shop: Shop) -> None:
    names = {"first_name": "Cleo", "last_name": "Customer", "phone": None}
    account: dict[str, Any] = {**names, "addresses": [], "metafields": [], "tags": [], "email": CLEO["email"]}
    shop.store.put(ACME, "customer", {**account, "password_hash": generate_password_hash(CLEO["password"])})


def sign_in(page: Page, market: Market) -> None:
    page.goto(f"{market.url}/account/login")
    page.get_by_label("Email").fill(CLEO["email"])
    page.get_by_label("Password").fill(CLEO["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/account$"))
    settled(page)


def settled(page: Page, state: str = "synced") -> None:
    page.wait_for_function("state => window.stallkeeper?.state === state && !window.stallkeeper.running", arg=state)


def wish(page: Page, market: Market, product: str) -> None:
    page.goto(f"{market.url}/products/{product}")
    page.get_by_role("button", name="Add to wishlist").click()
    expect(page.get_by_role("button", name="On your wishlist")).to_have_attribute("aria-pressed", "true")


def put_in_cart(page: Page, market: Market, product: str, units: int) -> None:
    page.goto(f"{market.url}/products/{product}")
    page.get_by_label("Quantity").fill(str(units))
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="View cart")).to_be_visible()
    page.wait_for_function(
        "JSON.parse(localStorage.getItem('sk:cart'))?.token && window.stallkeeper && !window.stallkeeper.running"
    )


def cart(page: Page) -> dict[str, int]:
    found: dict[str, int] = page.evaluate(
        "fetch('/cart.js').then(a => a.json()).then(c => Object.fromEntries(c.items.map(i => [i.handle, i.quantity])))"
    )
    return found


def wishlist(page: Page, market: Market) -> set[str]:
    page.goto(f"{market.url}/pages/wishlist")
    expect(page.locator('[data-sk="rows"][data-kind="wishlist"][data-sk-ready]')).to_be_attached()
    return set(page.locator('[data-kind="wishlist"] [data-title]').all_text_contents())


def test_a_guests_lists_and_cart_become_the_accounts_on_two_devices(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    wish(phone, market, "morning-mug")
    put_in_cart(phone, market, "rye-loaf", 1)
    wish(desk, market, "rye-loaf")
    put_in_cart(desk, market, "rye-loaf", 2)
    put_in_cart(desk, market, "morning-mug", 1)
    assert market.kept() == {}, "a guest's items stay in the browser"
    sign_in(phone, market)
    sign_in(desk, market)
    assert cart(desk) == {"rye-loaf": 3, "morning-mug": 1}
    assert wishlist(desk, market) == {"Morning mug", "Rye loaf"}
    wishlist(phone, market)
    phone.evaluate("window.stallkeeper.sync({ now: true })")
    expect(phone.locator('[data-kind="wishlist"] [data-title]')).to_have_count(2)
    settled(phone)
    assert cart(phone) == {"rye-loaf": 3, "morning-mug": 1}
    phone.goto(f"{market.url}/cart")
    expect(phone.get_by_label("Quantity").first).to_be_visible()
    take_screenshot(phone, "local-first-cart-phone")


def test_nothing_moves_on_pages_that_show_what_is_kept(market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.add_init_script(MOVED)
    for product in ("morning-mug", "rye-loaf"):
        wish(page, market, product)
        settled(page, "guest")  # by then it counts as looked at
    for path, kind in (("/pages/wishlist", "wishlist"), ("/search?q=nothing", "viewed")):
        page.goto(market.url + path)
        tiles = page.locator(f'[data-kind="{kind}"] .sk-tile')
        expect(tiles.locator("[data-price]")).to_have_text(["$8.50", "From $24.00"])
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
        assert page.evaluate("moved") == [], path
    put_in_cart(page, market, "rye-loaf", 1)
    page.goto(f"{market.url}/cart")
    with page.expect_event("load"):  # the page loads itself anew
        page.get_by_role("button", name="Keep this cart for later").click()
    expect(page.locator('[data-later="carts"][data-sk-near]')).to_be_attached()
    expect(page.locator(".sk-carts__row li")).to_have_text(re.compile("^1 . Rye loaf"))
    assert page.evaluate("moved") == []


def test_what_is_done_while_the_app_is_away_is_kept_said_and_sent_later(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    sign_in(page, market)
    market.app.stop()
    page.goto(f"{market.url}/products/rye-loaf")
    settled(page, "failed")
    expect(page.get_by_text(HERE)).to_be_hidden()
    wish(page, market, "morning-mug")
    expect(page.get_by_text(HERE)).to_be_visible()
    take_screenshot(page, "local-first-heart-phone")
    assert wishlist(page, market) == {"Morning mug"}
    line = page.get_by_text("Kept in this browser. Your account could not be reached.")
    expect(line).to_be_visible()
    expect(line).to_have_count(1)  # although the page has two lists
    expect(page.get_by_text("$24.00")).to_be_visible()
    assert examine(page, LEVEL) == []
    take_screenshot(page, "local-first-app-away-phone")
    assert ("wishlist", market.goods()[0]) not in market.kept()
    market.app.start()
    page.get_by_role("button", name="Try again").click()
    expect(line).to_be_hidden()
    settled(page)
    assert market.kept()["wishlist", market.goods()[0]]["title"] == "Morning mug"


def test_what_is_said_below_a_heart_fits_a_phone_in_every_language(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    page.goto(f"{market.url}/products/morning-mug")
    expect(page.get_by_role("button", name="Add to wishlist")).to_be_enabled()
    told = {
        file.stem: json.loads(file.read_text("utf-8")) for file in LOCALES.glob("*.json") if "schema" not in file.stem
    }
    for language, words in told.items():
        for state in ("later", "full", "untaken"):
            page.locator(".sk-wish [data-status]").evaluate(
                """(line, [said, again]) => {
                  line.firstElementChild.textContent = said;
                  line.lastElementChild.textContent = again;
                  line.hidden = false;
                }""",
                [words["kept"][state], words["kept"]["again"]],
            )
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], f"{language}: {words['kept'][state]}"


def test_that_there_is_no_more_room_is_said_at_the_item_it_is_about(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    page.goto(f"{market.url}/products/morning-mug")
    settled(page, "guest")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    full = page.get_by_text("There is no more room.").locator("visible=true")
    page.evaluate("stallkeeper.put('wishlist', '999', { handle: 'another' })")
    expect(full).to_have_count(0)
    page.get_by_role("button", name="Add to wishlist").click()
    expect(page.locator(".sk-wish").get_by_text("There is no more room.")).to_be_visible()
    page.evaluate("stallkeeper.sync({ now: true })")
    expect(full, "other news do not take it away").to_have_count(1)
    expect(page.get_by_role("button", name="Add to wishlist")).to_have_attribute("aria-pressed", "false")


def test_that_the_account_has_no_more_room_is_said_where_it_matters_and_all_is_kept(
    market: Market, open_browser: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_browser(PHONE)
    wish(page, market, "morning-mug")
    sign_in(page, market)
    monkeypatch.setattr(rules, "LARGEST_ACCOUNT", len(market.kept()))
    wish(page, market, "rye-loaf")
    line = page.get_by_text("Kept in this browser. Your account does not take this.").locator("visible=true")
    expect(page.locator(".sk-wish").locator(line)).to_be_visible()
    take_screenshot(page, "local-first-crowded-phone")
    assert page.locator("[data-again]").locator("visible=true").count() == 0, "another try would do nothing"
    page.get_by_role("button", name="On your wishlist").click()
    mug, loaf = market.goods()
    page.wait_for_function("key => !window.stallkeeper.items.find('wishlist', key)", arg=loaf)
    expect(line).to_have_count(0)
    wish(page, market, "rye-loaf")
    expect(page.locator(".sk-wish").locator(line)).to_be_visible()
    told: list[Any] = []

    def hear(request: Request) -> None:
        if request.url.endswith("/sync"):
            told.append(request.post_data_json)

    page.on("request", hear)
    page.goto(f"{market.url}/products/morning-mug")
    settled(page)
    page.evaluate("window.stallkeeper.sync({ now: true })")
    expect(page.locator(".sk-wish").locator(line)).to_have_count(0)
    assert [item for body in told for item in body["items"] if item["key"] == loaf] == [], "it was refused already"
    assert told[-1]["room"]
    assert wishlist(page, market) == {"Morning mug", "Rye loaf"}
    expect(page.locator('[data-kind="wishlist"]').locator(line)).to_be_visible()
    page.get_by_role("button", name="Remove: Morning mug").click()
    page.wait_for_function(
        "() => !window.stallkeeper.running && !window.stallkeeper.items.pending().some(i => !i.isUntaken)"
    )
    assert market.kept()["wishlist", mug] is None
    assert ("wishlist", loaf) not in market.kept()
    monkeypatch.undo()
    page.reload()
    settled(page)
    page.evaluate("window.stallkeeper.sync({ now: true })")
    expect(line).to_have_count(0)
    assert market.kept()["wishlist", loaf]["title"] == "Rye loaf"


def test_a_customer_who_goes_offline_and_comes_back_loses_nothing_and_brings_nothing_back(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    mug, loaf = market.goods()
    wish(phone, market, "morning-mug")
    wish(phone, market, "rye-loaf")
    sign_in(phone, market)
    sign_in(desk, market)
    assert set(market.kept()) >= {("wishlist", mug), ("wishlist", loaf)}
    assert wishlist(phone, market) == {"Morning mug", "Rye loaf"}
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Remove: Morning mug").click()
    expect(phone.locator('[data-kind="wishlist"] [data-title]')).to_have_count(1)
    desk.goto(f"{market.url}/products/morning-mug")
    expect(desk.get_by_role("button", name="On your wishlist")).to_be_visible()
    phone.context.set_offline(False)
    phone.wait_for_function(
        "key => JSON.parse(localStorage.getItem(key))[2] === 1", arg=f"sk:{whoami(phone)}:i:wishlist:{mug}"
    )
    assert market.kept()["wishlist", mug] is None
    desk.evaluate("window.stallkeeper.sync({ now: true })")
    expect(desk.get_by_role("button", name="Add to wishlist")).to_be_visible()


def whoami(page: Page) -> str:
    who: str = page.wait_for_function("window.stallkeeper?.items.who").json_value()
    return who


def test_an_answer_that_never_came_changes_nothing(market: Market, open_browser: Callable[..., Page]) -> None:
    """The app is killed after it stored and before it answered; the browser sends again."""
    page = open_browser()
    sign_in(page, market)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().text())
            route.abort("connectionreset")

    page.route("**/a/market/sync", lose)
    wish(page, market, "rye-loaf")
    page.wait_for_function("window.stallkeeper.failures === 1")
    put_in_cart(page, market, "rye-loaf", 2)
    page.evaluate("window.stallkeeper.sync({ now: true })")
    settled(page)
    assert json.loads(lost[0])["ok"]
    assert cart(page) == {"rye-loaf": 2}
    lines = [value["quantity"] for (kind, _), value in market.kept().items() if kind == "cart"]
    assert lines == [2]


def test_two_tabs_show_the_same_and_count_a_cart_once(market: Market, open_browser: Callable[..., Page]) -> None:
    one = open_browser()
    sign_in(one, market)
    two = one.context.new_page()
    two.goto(f"{market.url}/products/morning-mug")
    wish(one, market, "morning-mug")
    expect(two.get_by_role("button", name="On your wishlist")).to_be_visible()
    put_in_cart(one, market, "rye-loaf", 2)
    for page in (one, two):
        page.evaluate("window.stallkeeper.sync({ now: true })")
    for page in (one, two):
        settled(page)
    assert [value["quantity"] for (kind, _), value in market.kept().items() if kind == "cart"] == [2]


def test_without_consent_nothing_is_remembered_and_nothing_leaves_the_browser(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    page.goto(f"{market.url}/products/morning-mug")
    page.wait_for_function("window.Shopify.customerPrivacy && localStorage.length")
    expect(page.locator('[data-kind="wishlist"] .sk-toggle')).to_be_visible()
    page.evaluate(f"{CONSENT}({{ preferences: false, analytics: false, marketing: false }})")
    sent: list[str] = []
    page.context.on("request", lambda request: sent.append(request.url))
    page.goto(f"{market.url}/account/login")
    page.get_by_label("Email").fill(CLEO["email"])
    page.get_by_label("Password").fill(CLEO["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/account$"))
    wish(page, market, "rye-loaf")
    page.goto(f"{market.url}/search?q=mug")
    assert wishlist(page, market) == {"Rye loaf"}, "what they asked for is there"
    settled(page, "local")
    page.wait_for_timeout(1500)
    # What anybody may read of a product is read, and nothing told about who reads it.
    public = re.compile(r"/a/market/(stock\.json\?product=\d+|questions\.json\?vendor=[\w-]+&product=\d+)$")
    told = [url for url in sent if not public.search(url)]
    assert [url for url in told if "/a/market" in url or "localhost" not in url] == []
    held = page.evaluate("Object.keys(localStorage).filter(name => /:i:(viewed|search|preference):/.test(name))")
    assert held == []
    assert market.kept() == {}
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"_tracking_consent", "customer-acme", "cart-acme"}
    page.evaluate(f"{CONSENT}({{ preferences: true }})")
    settled(page)
    assert [kind for kind, _ in market.kept()] == ["wishlist"]


def test_what_was_looked_at_and_searched_for_can_be_seen_and_cleared(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(DESKTOP)
    page.goto(f"{market.url}/products/morning-mug")
    settled(page, "guest")
    page.goto(f"{market.url}/search?q=bread")
    settled(page, "guest")
    page.goto(f"{market.url}/products/rye-loaf")
    section = page.locator(".sk-kept", has_text="Recently viewed")
    expect(section.get_by_text("Morning mug")).to_be_visible()
    expect(section.get_by_text("Rye loaf")).to_have_count(0)
    expect(section.get_by_role("link", name="bread")).to_be_visible()
    assert examine(page, LEVEL) == []
    take_screenshot(page, "local-first-viewed-desk")
    section.get_by_role("button", name="Clear history").click()
    expect(section).to_be_hidden()


def test_all_lists_are_deleted_at_once_on_every_device_and_can_be_brought_back(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    sign_in(phone, market)
    put_in_cart(phone, market, "rye-loaf", 1)
    for product in ("morning-mug", "rye-loaf"):
        wish(phone, market, product)
        settled(phone)  # by then it counts as looked at
    sent(phone, "wishlist", market.goods()[1])
    sign_in(desk, market)
    assert wishlist(phone, market) == wishlist(desk, market) == {"Rye loaf", "Morning mug"}
    phone.get_by_text("Delete all my lists").click()
    phone.get_by_role("button", name="Delete", exact=True).click()
    expect(phone.get_by_text("Nothing here yet.")).to_be_visible()
    expect(phone.get_by_role("button", name="Undo")).to_be_focused()
    assert examine(phone, LEVEL) == []
    take_screenshot(phone, "local-first-deleted-phone")
    phone.get_by_role("button", name="Undo").click()
    expect(phone.locator('[data-kind="wishlist"] [data-title]')).to_have_text(["Rye loaf", "Morning mug"])
    phone.get_by_role("button", name="Delete", exact=True).click()
    for product in market.goods():
        sent(phone, "wishlist", product)
    settled(phone)
    lists = {name: value for name, value in market.kept().items() if not name[0].endswith("cart")}
    assert ("viewed", market.goods()[0]) in lists
    assert set(lists.values()) == {None}, "that they were deleted is remembered"
    desk.evaluate("stallkeeper.sync({ now: true })")
    expect(desk.get_by_text("Nothing here yet.")).to_be_visible()
    assert cart(phone) == cart(desk) == {"rye-loaf": 1}


def delete_all(page: Page, market: Market) -> None:
    page.goto(f"{market.url}/pages/wishlist")
    page.get_by_text("Delete all my lists").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


def test_deleting_all_lists_says_so_only_where_the_account_heard_of_it(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    sign_in(phone, market)
    wish(phone, market, "morning-mug")
    sent(phone, "wishlist", market.goods()[0])
    settled(phone)
    phone.evaluate(f"{CONSENT}({{ preferences: false }})")
    delete_all(phone, market)
    expect(phone.get_by_text("Deleted in this browser only: your privacy choices")).to_be_visible()
    expect(phone.get_by_text("Deleted.", exact=True)).to_have_count(0)
    assert market.kept()["wishlist", market.goods()[0]]
    # A device that never asked for the lists: what it does not know is deleted, too.
    desk.route("**/a/market/sync", lambda route: route.abort())
    desk.goto(f"{market.url}/account/login")
    desk.get_by_label("Email").fill(CLEO["email"])
    desk.get_by_label("Password").fill(CLEO["password"])
    desk.get_by_role("button", name="Sign in").click()
    desk.wait_for_url(re.compile("/account$"))
    delete_all(desk, market)
    expect(desk.get_by_text("Deleted in this browser. Your account could not be reached")).to_be_visible()
    expect(desk.get_by_text("Kept in this browser. Your account").locator("visible=true")).to_have_count(0)
    desk.unroute("**/a/market/sync")
    desk.evaluate("stallkeeper.soon = () => {}")
    desk.get_by_role("button", name="Undo").click()
    desk.get_by_role("button", name="Delete", exact=True).click()
    expect(desk.get_by_text("Deleted.", exact=True)).to_be_visible()
    lists = {value for (kind, _), value in market.kept().items() if not kind.endswith("cart")}
    assert lists == {None}


def test_a_cart_is_kept_for_later_and_put_back(market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    sign_in(page, market)
    put_in_cart(page, market, "rye-loaf", 2)
    page.goto(f"{market.url}/cart")
    page.get_by_role("button", name="Keep this cart for later").click()
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()
    expect(page.get_by_text(re.compile("2 . Rye loaf"))).to_be_visible()
    assert examine(page, LEVEL) == []
    take_screenshot(page, "local-first-saved-cart-phone")
    page.get_by_role("button", name="Put back into the cart").click()
    expect(page.get_by_text("No cart is kept for later.")).to_be_visible()
    settled(page)
    assert cart(page) == {"rye-loaf": 2}


def test_which_kept_cart_the_account_does_not_take_is_said_beside_it(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    sign_in(page, market)
    page.goto(f"{market.url}/cart")
    expect(page.locator('[data-later="carts"][data-sk-near]')).to_be_attached()
    for key, title, words in (("smallcart", "Rye loaf", ""), ("largecart", "Engraved mug", "x" * 530_000)):
        line = {"variant": 1, "quantity": 1, "title": title, "properties": {"words": words}}
        page.evaluate("([key, line]) => stallkeeper.put('saved', key, { lines: [line] })", [key, line])
    words = "Kept in this browser. Your account does not take this."
    said = page.get_by_text(words).locator("visible=true")
    expect(page.locator(".sk-carts__row").filter(has=said)).to_have_text(re.compile("Engraved mug"))
    expect(page.locator(".sk-carts").get_by_role("status")).to_contain_text(words)
    assert examine(page, LEVEL) == []


def sent(page: Page, kind: str, key: str) -> None:
    """What this page edited last has arrived."""
    row = f"sk:{whoami(page)}:i:{kind}:{key}"
    page.wait_for_function("row => JSON.parse(localStorage.getItem(row))?.[2] === 1", arg=row)


def test_how_the_directory_is_sorted_and_what_was_searched_for_is_remembered_and_goes_along(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    phone.goto(f"{market.url}/pages/vendors")
    settled(phone, "guest")
    expect(phone.get_by_label("Sort by")).to_be_visible()
    phone.get_by_label("Sort by").focus()
    expect(phone.locator("[data-sk-near]")).to_be_attached()
    phone.get_by_label("Sort by").select_option("new")
    phone.get_by_label("Find a vendor").fill("Bakery")
    phone.get_by_label("Find a vendor").press("Enter")
    phone.get_by_label("Find a vendor").fill("clay")
    phone.get_by_label("Find a vendor").blur()
    phone.wait_for_function("window.stallkeeper.items.list('search').length === 2")
    phone.goto(f"{market.url}/pages/vendors")
    expect(phone.get_by_label("Sort by")).to_have_value("new")
    expect(phone.locator("[data-sk-vendor]").first).to_have_text(re.compile("Ada's Ceramics"))
    phone.get_by_label("Find a vendor").focus()
    expect(phone.get_by_text("You looked for:")).to_be_visible()
    take_screenshot(phone, "local-first-directory-phone")
    assert examine(phone, LEVEL) == []
    phone.get_by_role("button", name="Remove: clay").click()
    expect(phone.get_by_role("button", name="clay", exact=True)).to_have_count(0)
    phone.get_by_role("button", name="Bakery", exact=True).click()
    expect(phone.get_by_role("status").first).to_have_text("1 vendor")
    sign_in(phone, market)
    kept = market.kept()
    assert kept["preference", "vendors"] == {"is": "sort=new"}
    assert kept["search", "vendors:bakery"] == {"words": "Bakery"}
    sign_in(desk, market)
    desk.goto(f"{market.url}/pages/vendors")
    expect(desk.get_by_label("Sort by")).to_have_value("new")
    desk.get_by_label("Sort by").select_option("rating")
    desk.wait_for_function("window.stallkeeper.items.find('preference', 'vendors').value.is === 'sort=rating'")
    sent(desk, "preference", "vendors")
    phone.goto(f"{market.url}/pages/vendors")
    settled(phone)
    phone.evaluate("window.stallkeeper.sync({ now: true })")
    expect(phone.get_by_label("Sort by")).to_have_value("rating")
    take_screenshot(desk, "local-first-directory-desk")


def test_a_review_that_was_begun_survives_closing_and_signing_in(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    phone.goto(f"{market.url}/pages/vendors/adas-ceramics")
    phone.get_by_text("Write a review").click()
    phone.get_by_label("4 of 5 stars").check(force=True)
    phone.get_by_label("Your review").fill("Finer than in the picture")
    phone.goto(f"{market.url}/pages/vendors/adas-ceramics")
    expect(phone.get_by_label("Your review")).to_have_value("Finer than in the picture")
    take_screenshot(phone, "local-first-review-phone")
    assert examine(phone, LEVEL) == []
    phone.get_by_role("button", name="Sign in and send").click()
    phone.get_by_label("Email").fill(CLEO["email"])
    phone.get_by_label("Password").fill(CLEO["password"])
    phone.get_by_role("button", name="Sign in").click()
    phone.wait_for_url(re.compile("/pages/vendors/adas-ceramics#reviews-.+$"))
    expect(phone.get_by_label("Your review")).to_have_value("Finer than in the picture")
    expect(phone.get_by_label("4 of 5 stars")).to_be_checked()
    settled(phone)
    assert market.kept()["review", "adas-ceramics"]["stars"] == 4
    sign_in(desk, market)
    desk.goto(f"{market.url}/pages/vendors/adas-ceramics")
    desk.get_by_label("Your review").fill("Finer than in the picture, and whole")
    sent(desk, "review", "adas-ceramics")
    phone.get_by_role("heading", name="Write a review").click()
    phone.evaluate("window.stallkeeper.sync({ now: true })")
    expect(phone.get_by_label("Your review")).to_have_value("Finer than in the picture, and whole")
    desk.evaluate("window.stallkeeper.remove('review', 'adas-ceramics')")  # as when it was sent
    sent(desk, "review", "adas-ceramics")
    phone.evaluate("window.stallkeeper.sync({ now: true })")
    expect(phone.get_by_label("Your review")).to_be_hidden()


def test_a_shared_browser_keeps_no_draft_for_the_next_person(market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    apply = f"{market.url}/pages/sell"
    name = page.get_by_label("Shop name")
    page.goto(apply)
    expect(page.locator("[data-sk-near]")).to_be_attached()
    name.fill("Guest's Goods")
    page.reload()
    expect(name).to_have_value("Guest's Goods")
    sign_in(page, market)
    page.goto(apply)
    expect(name).to_have_value("Guest's Goods")
    name.fill("Cleo's Clay")
    page.evaluate(
        "q => localStorage.setItem('sk:asked', q)", json.dumps([{"at": 9e12, "who": whoami(page), "key": "1"}])
    )
    page.goto(f"{market.url}/account/logout")
    settled(page, "guest")
    assert page.evaluate("[localStorage.getItem('sk:application'), localStorage.getItem('sk:asked')]") == [None, None]
    page.goto(apply)
    expect(page.locator("[data-sk-near]")).to_be_attached()
    expect(name).to_have_value("")
    name.fill("Another guest's")
    page.evaluate(
        "() => { const held = JSON.parse(localStorage.getItem('sk:application'));"
        " localStorage.setItem('sk:application', JSON.stringify({ ...held, at: held.at - 25 * 36e5 })) }"
    )
    page.reload()
    expect(page.locator("[data-sk-near]")).to_be_attached()
    expect(name).to_have_value("")


@pytest.mark.parametrize("state", ["guest", "local"], ids=["agreed", "withdrew"])
def test_nothing_in_the_browser_names_who_has_signed_out(
    market: Market, open_browser: Callable[..., Page], state: str
) -> None:
    page = open_browser()
    sign_in(page, market)
    wish(page, market, "morning-mug")
    put_in_cart(page, market, "rye-loaf", 1)
    sent(page, "wishlist", market.goods()[0])
    settled(page)
    cleo = whoami(page)
    kept = "Object.entries({ ...localStorage, ...sessionStorage }).flat().join(' ')"
    assert cleo in page.evaluate(kept)
    if state == "local":
        page.evaluate(f"{CONSENT}({{ preferences: false }})")
    page.goto(f"{market.url}/account/logout")
    settled(page, state)
    assert cleo not in page.evaluate(kept)


def test_a_browser_whose_customer_was_erased_forgets_them_and_sends_nothing_back(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    sign_in(page, market)
    wish(page, market, "morning-mug")
    put_in_cart(page, market, "rye-loaf", 2)
    sent(page, "wishlist", market.goods()[0])
    settled(page)
    forget_customer(market.acme.id, Person(customer_id=int(whoami(page))))
    page.evaluate("window.stallkeeper.sync({ now: true })")
    for _ in range(2):
        settled(page, "guest")
        assert page.evaluate("window.stallkeeper.items.all()") == []
        page.goto(f"{market.url}/")
    assert wishlist(page, market) == set()
    held = Held(page, "**/a/market/sync")
    wish(page, market, "morning-mug")
    held.let_go()
    expect(page.get_by_role("button", name="Add to wishlist")).to_have_attribute("aria-pressed", "false")
    settled(page, "guest")
    assert market.kept() == {}
    assert cart(page) == {"rye-loaf": 2}, "Shopify's own cart is theirs as before"


def test_following_a_vendor_lists_them(market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    page.goto(f"{market.url}/pages/vendors/adas-ceramics")
    page.get_by_role("button", name="Follow Ada's Ceramics").click()
    expect(page.get_by_role("button", name="Following Ada's Ceramics")).to_be_visible()
    take_screenshot(page, "local-first-follow-phone")
    page.goto(f"{market.url}/pages/wishlist")
    expect(page.get_by_role("link", name="Ada's Ceramics")).to_have_attribute("href", "/pages/vendors/adas-ceramics")
    page.get_by_role("button", name="Stop following: Ada's Ceramics").click()
    expect(page.get_by_text("You follow nobody yet.")).to_be_visible()


def test_a_paid_cart_does_not_come_back(market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    sign_in(page, market)
    put_in_cart(page, market, "rye-loaf", 2)
    # Whoever pays before the modules have come has paid all the same.
    page.route("**/sk-*.js", lambda route: route.abort())
    page.goto(f"{market.url}/cart")
    page.get_by_role("button", name="Check out").click()
    page.wait_for_url(re.compile("/checkout"))
    page.unroute("**/sk-*.js")
    # Bought elsewhere on the way: what matters here is that the cart has gone.
    page.context.clear_cookies(name="cart-acme")
    page.goto(f"{market.url}/")
    settled(page)
    page.evaluate("window.stallkeeper.sync({ now: true })")
    settled(page)
    assert cart(page) == {}
