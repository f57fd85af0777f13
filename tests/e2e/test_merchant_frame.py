"""The real app inside the admin: saving, being refused, getting lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from demo.place import Place


@pytest.fixture
def zenith(marketplace: Place, open_browser: Callable[..., Page]) -> Page:
    """Zenith's owner in the app, installed when it was not."""
    page = open_browser()
    page.goto(f"{marketplace.url('devstore')}/store/zenith/apps/stallkeeper")
    install = page.get_by_role("button", name="Install")
    if install.count():
        install.click()
    expect(page.frame_locator("#app-frame").get_by_role("heading", name="Home")).to_be_visible(timeout=20_000)
    return page


def visit(page: Page, path: str) -> FrameLocator:
    page.goto(page.url.partition("/apps/")[0] + "/apps/stallkeeper" + path)
    return page.frame_locator("#app-frame")


def test_a_refused_form_keeps_what_was_typed_and_says_where_to_look(zenith: Page) -> None:
    inside = visit(zenith, "/app/settings")
    days = inside.get_by_label("Days to hold money")
    bar = zenith.get_by_role("region", name="Unsaved changes")
    days.fill("a while")
    bar.get_by_role("button", name="Save").click()
    expect(days).to_have_attribute("aria-invalid", "true")
    expect(days).to_have_value("a while")
    expect(days).to_be_focused()
    expect(bar).to_be_visible()
    days.fill("21")
    bar.get_by_role("button", name="Save").click()
    expect(zenith.get_by_text("Settings saved")).to_be_visible()
    expect(bar).to_be_hidden()
    zenith.reload()
    expect(inside.get_by_label("Days to hold money")).to_have_value("21")


def test_an_address_that_is_not_there_says_so_inside_the_admin(zenith: Page) -> None:
    inside = visit(zenith, "/app/nowhere/at/all")
    expect(inside.get_by_role("heading", name="Not found")).to_be_visible()
    inside.get_by_role("link", name="Go to Home").click()
    expect(inside.get_by_role("heading", name="Home")).to_be_visible()
