"""What app/static/merchant.js does on a page of nothing else: what it brings into sight, and what it holds back."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

SCRIPT = (Path(__file__).parents[2] / "app/static/merchant.js").read_text()
RESULTS = "<s-banner style='display:block'><ul><li data-outcome>Mug is on sale.</li></ul></s-banner>"
ADDRESS = "http://results.localhost/"
PAGE = f"<!doctype html><title>Results</title>{RESULTS}<p style='height:4000px'>Rows</p><script>{SCRIPT}</script>"
SWAPPED = """(text) => document.dispatchEvent(
    new CustomEvent("htmx:after:swap", { detail: { ctx: { request: { method: "POST" }, text } } }))"""


def test_new_results_come_into_sight_and_old_ones_stay_where_they_are(open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.route(ADDRESS, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(ADDRESS)
    page.evaluate("scrollTo(0, 3000)")
    page.evaluate(SWAPPED, "<p>Saved</p>")
    expect(page.get_by_text("Mug is on sale.")).not_to_be_in_viewport()
    page.evaluate(SWAPPED, RESULTS)
    expect(page.get_by_text("Mug is on sale.")).to_be_in_viewport()


def test_what_is_sent_as_somebody_types_is_not_held_back_as_a_second_press_is(
    open_browser: Callable[..., Page],
) -> None:
    page = open_browser()
    forms = "<form id=press></form><form id=typed hx-trigger=input></form><form id=queue hx-sync='queue all'></form>"
    body = f"<!doctype html><title>Forms</title>{forms}<script>{SCRIPT}</script>"
    page.route(ADDRESS, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(ADDRESS)
    ask = """(method) => [...document.forms].map((sourceElement) => {
        const detail = { ctx: { sourceElement, request: { method } } };
        document.dispatchEvent(new CustomEvent("htmx:config:request", { detail }));
        return sourceElement.getAttribute("hx-sync"); })"""
    assert page.evaluate(ask, "GET") == [None, None, "queue all"]
    assert page.evaluate(ask, "POST") == ["drop", None, "queue all"]
