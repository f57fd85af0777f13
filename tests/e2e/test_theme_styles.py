"""The blocks' look where it is easily forgotten: right to left, in the colours of the reader's own, without scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.conftest import shop
from tests.e2e.looks import DESKTOP, PHONE
from tests.e2e.slowness import Held
from tests.e2e.test_local_first import MOVED, Market, market, sign_in

__all__ = ["market", "open_shopify", "shop"]
PAGES = ("/", "/products/morning-mug", "/pages/vendors/adas-ceramics", "/pages/vendors", "/pages/wishlist", "/cart",
         "/search?q=mug", "/pages/sell", "/pages/vendor-portal")  # fmt: skip
# What is drawn of ours while no sheet of ours is there, at any frame.
BARE = """window.bare = new Set();
const look = () => {
  const isThere = [...document.styleSheets].some(({ href }) => href?.includes('stallkeeper.css'));
  if (!isThere) for (const block of document.querySelectorAll('.sk')) if (block.offsetHeight) bare.add(block.className);
  requestAnimationFrame(look);
};
look();"""
FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn))))"
STYLES = Path(__file__).parents[2] / "extensions" / "theme" / "assets" / "stallkeeper.css"


def test_the_application_form_is_in_sight_in_a_theme_that_reads_from_right_to_left(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    def turn(route: Route) -> None:
        route.fulfill(body=route.fetch().text().replace("<html ", '<html dir="rtl" ', 1), content_type="text/html")

    page = open_browser(PHONE)
    page.route("**/pages/sell", turn)
    page.goto(f"{market.url}/pages/sell")
    box = page.get_by_label("Shop name").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def test_three_stars_look_like_three_in_the_readers_own_colours_too(open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.emulate_media(forced_colors="active")
    stars = '<span class="sk-stars" style="--sk-part: 60%">★★★★★</span>'
    page.set_content(f'<style>{STYLES.read_text("utf-8")}</style><section class="sk">{stars}</section>')
    drawn = page.locator(".sk-stars").evaluate("stars => getComputedStyle(stars).backgroundImage")
    assert "60%" in drawn


def test_nothing_is_shown_without_scripts_that_would_do_nothing(market: Market, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{market.url}/products/morning-mug")
    expect(page.locator(".sk-card")).to_be_visible()
    for block in (".sk-wish", ".sk-questions"):
        expect(page.locator(block)).to_be_attached()
        expect(page.locator(block)).to_be_hidden()
    page.goto(f"{market.url}/pages/wishlist")
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.get_by_role("heading", name="Vendors you follow")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_no_block_is_shown_before_its_style_sheet_and_none_moves_when_that_comes(
    market: Market, open_browser: Callable[..., Page], screen: ViewportSize
) -> None:
    page = open_browser(screen)
    sign_in(page, market)
    # What scripts draw when an answer comes is another matter.
    page.route("**/sk-*.js", lambda route: route.abort())
    page.add_init_script(MOVED)
    page.add_init_script(BARE)
    for path in PAGES:
        held = Held(page, "**/stallkeeper.css")
        page.goto(market.url + path, wait_until="commit")
        held.wait()
        page.evaluate(FRAMES)
        held.let_go()
        page.wait_for_load_state()
        page.evaluate(FRAMES)
        assert page.evaluate("[...bare]") == [], path
        assert page.evaluate("moved.map(({ value }) => value)") == [], path
