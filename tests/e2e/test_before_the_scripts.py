"""A fast person on a slow line: what is done before a script, or an answer, has come counts as well."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from demo.place import Place
from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.app_end import AppEnd, app_end
from tests.devstore.storefront.conftest import shop
from tests.e2e.looks import PHONE
from tests.e2e.slowness import Held
from tests.e2e.test_local_first import Market, market, put_in_cart, sign_in
from tests.e2e.test_storefront_scripts import _answer, address

__all__ = ["address", "app_end", "market", "open_shopify", "shop"]


def test_what_a_merchant_saves_before_htmx_has_come_is_saved(marketplace: Place, zenith: Page) -> None:
    held = Held(zenith, "**/static/vendor/htmx.js")
    zenith.goto(f"{marketplace.url('devstore')}/store/zenith/apps/stallkeeper/app/settings", wait_until="commit")
    days = zenith.frame_locator("#app-frame").get_by_label("Days to hold money")
    days.fill("23")
    bar = zenith.get_by_role("region", name="Unsaved changes")
    bar.get_by_role("button", name="Save").click()
    expect(bar).to_be_hidden()
    held.let_go()
    expect(zenith.get_by_text("Settings saved")).to_be_visible()
    zenith.reload()
    expect(days).to_have_value("23")


def test_an_application_begun_before_its_script_has_come_is_asked_everything_and_kept(
    address: str, app_end: AppEnd, open_browser: Callable[..., Page]
) -> None:
    question = {"name": "q7", "kind": "text", "label": "Why you?", "help": "", "choices": [], "required": False}
    _answer(app_end, 200, {"terms": "", "questions": [question]})
    page = open_browser(PHONE)
    held = Held(page, "**/sk-apply.js")
    page.goto(f"{address}/pages/sell", wait_until="commit")
    page.get_by_label("Shop name").fill("Ada's Ceramics")
    held.wait()
    held.let_go()
    expect(page.get_by_label("Why you?")).to_be_visible()
    page.goto(f"{address}/cart")
    page.goto(f"{address}/pages/sell")
    expect(page.get_by_label("Shop name")).to_have_value("Ada's Ceramics")


def test_a_directory_that_is_searched_before_its_script_has_come_keeps_the_words_and_the_order_that_was_asked_for(
    address: str, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    held = Held(page, "**/sk-filters.js")
    page.goto(f"{address}/pages/vendors?vendors.sort=new", wait_until="commit")
    held.wait()
    page.get_by_label("Find a vendor").fill("ceramics")
    held.let_go()
    expect(page.get_by_text("1 vendor", exact=True)).to_be_visible()
    expect(page.get_by_label("Find a vendor")).to_have_value("ceramics")
    expect(page.get_by_label("Sort")).to_have_value("new")


def test_what_is_bought_while_the_cart_is_being_sent_is_sent_after_it(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    sign_in(page, market)
    put_in_cart(page, market, "rye-loaf", 1)
    page.goto(f"{market.url}/products/morning-mug")
    page.wait_for_function("window.stallkeeper?.state === 'synced' && !window.stallkeeper.running")
    held = Held(page, "**/a/market/sync")
    page.evaluate("void window.stallkeeper.sync({ now: true })")
    held.wait()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="View cart")).to_be_visible()
    page.wait_for_function("Boolean(window.stallkeeper.next)")
    held.let_go()
    page.wait_for_function("!window.stallkeeper.next && !window.stallkeeper.running")
    lines = {value["handle"]: value["quantity"] for (kind, _), value in market.kept().items() if kind == "cart"}
    assert lines == {"rye-loaf": 1, "morning-mug": 1}


@pytest.mark.parametrize("happens", ["painted", "a second has gone"])
def test_what_blocks_can_do_comes_once_the_page_is_painted_or_nobody_looks_at_it(
    address: str, open_browser: Callable[..., Page], happens: str
) -> None:
    page = open_browser(PHONE)
    modules: list[str] = []
    page.on("request", lambda request: modules.append(request.url) if "/sk-" in request.url else None)
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))  # no page is so slow that its second has gone already
    page.add_init_script("""
        window.PerformanceObserver = class extends PerformanceObserver {
            observe(what) {
                if (what.type === 'paint') window.paint = () => super.observe(what);
                else super.observe(what);
            }
        };
    """)
    page.goto(f"{address}/products/morning-mug")
    page.wait_for_function("Boolean(window.paint)")
    assert modules == []
    heart = page.locator(".sk-toggle")
    expect(heart).to_be_disabled()
    if happens == "painted":
        page.evaluate("paint()")
    else:
        page.clock.run_for(1000)
    expect(heart).to_be_enabled()
