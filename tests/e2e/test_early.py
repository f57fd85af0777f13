"""What app/static/early.js holds back for htmx, on a page of nothing else: each kind of trigger hears its own event."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route

from tests.e2e.slowness import wait_on

EARLY = (Path(__file__).parents[2] / "app/static/early.js").read_text()
ADDRESS = "http://early.localhost/"
PAGE = f"""<!doctype html><title>Early</title><script>{EARLY}</script>
<input aria-label="Category" hx-get="/categories" hx-trigger="input changed delay:250ms">
<button hx-post="/remove"><svg width="40" height="40"><rect width="40" height="40"></rect></svg></button>
<script src="/late.js" defer></script>"""
LATE = """window.heard = [];
for (const type of ['input', 'change', 'click'])
  document.addEventListener(type, ({ target }) => heard.push(`${type} ${target.localName}`));"""


def test_words_that_were_left_and_a_picture_that_was_clicked_reach_who_waits_for_them(
    open_browser: Callable[..., Page],
) -> None:
    page = open_browser()
    waiting: list[Route] = []
    page.route(ADDRESS, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.route(f"{ADDRESS}late.js", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright cannot call a built-in
    page.goto(ADDRESS, wait_until="commit")
    page.get_by_label("Category").press_sequentially("mug")
    page.get_by_label("Category").press("Tab")
    page.locator("svg").click()
    wait_on(page, lambda: waiting)
    waiting[0].fulfill(body=LATE, content_type="text/javascript")
    page.wait_for_function("window.heard?.length")
    assert page.evaluate("heard") == ["input input", "click button"]
