"""Every page of a marketplace with a history, found by following its links, at a desk and on a phone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Frame, Page, expect

from demo.pages import shape_of, walk
from tests.e2e.looks import DESKTOP, PHONE, examine, list_small_targets, listen
from tests.e2e.story import Screens

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _own_widths(told: Screens) -> Iterator[None]:
    """The people of the story have their windows afterwards as wide as they were."""
    people = (told.mona, told.ada, told.cleo)
    before = [person.viewport_size or DESKTOP for person in people]
    yield
    for person, size in zip(people, before, strict=True):
        person.set_viewport_size({"width": size["width"], "height": size["height"]})


def test_every_page_of_the_merchant(told: Screens) -> None:
    def open_page(path: str) -> Frame:
        told.open_app(path)
        framed = told.mona.frames[1]
        framed.wait_for_load_state()
        return framed

    seen = _walk(told.mona, open_page, ["/app"], r"/app(/|$)")
    assert {"/app/payouts", "/app/orders", "/app/settings", "/app/books"} <= seen
    assert {shape_of(path) for path in seen} >= {"/app/orders/0", "/app/payouts/0", "/app/vendors/0", "/app/review/0"}


def test_every_page_of_the_vendor(told: Screens) -> None:
    def open_page(path: str) -> Page:
        told.ada.goto(told.town.app + path)
        return told.ada

    seen = _walk(told.ada, open_page, ["/portal"], r"/portal(/|$)")
    assert {"/portal/money", "/portal/profile", "/portal/payout-details"} <= seen
    assert {shape_of(path) for path in seen} >= {"/portal/orders/0", "/portal/products/0", "/portal/money/payouts/0"}


def test_every_page_of_the_customer(told: Screens) -> None:
    told.open_shop("/products/harbour-mug").get_by_role("button", name="Add to cart").click()
    expect(told.cleo.get_by_role("link", name="View cart")).to_be_visible()
    first = ["/", "/cart", "/checkout", "/account/login", "/account/register"]
    seen = _walk(told.cleo, told.open_shop, first, "/")
    assert {"/products/harbour-mug", "/collections/all", "/pages/sell", "/pages/vendor-portal"} <= seen
    assert {"/pages/vendors", "/pages/vendors/adas-ceramics"} <= seen


def _walk(person: Page, open_page: Callable[[str], Page | Frame], first: list[str], inside: str) -> set[str]:
    """Open every page that links lead to, one of each shape, and fail with all that is wrong with them.

    Each is opened once and looked at in both widths, in turns at a desk first and on a phone first.
    """
    seen, faults, heard = set[str](), list[str](), listen(person.context)
    screens = [DESKTOP, PHONE]
    for path, page in walk(open_page, first, inside):
        seen.add(path)
        for screen in screens:
            _widen(person, page, screen)
            faults += [f"{path} at {screen['width']}: {fault}" for fault in _examine(page, screen)]
        faults += [f"{path}: {words}" for words in heard]
        heard.clear()
        screens.reverse()
    assert faults == [], "\n".join(faults)
    return seen


def _widen(person: Page, page: Page | Frame, screen: dict[str, int]) -> None:
    if person.viewport_size == screen:
        return
    before = page.evaluate("innerWidth")
    person.set_viewport_size({"width": screen["width"], "height": screen["height"]})
    page.wait_for_function("before => innerWidth !== before", arg=before)
    page.evaluate("new Promise(requestAnimationFrame)")  # what arranges itself anew has done so


def _examine(page: Page | Frame, screen: dict[str, int]) -> list[str]:
    return [*examine(page), *(list_small_targets(page) if screen is PHONE else [])]
