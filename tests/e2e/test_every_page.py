"""Every page of a marketplace with a history, found by following its links, at a desk and on a phone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Frame, Page, expect

from demo.pages import shape_of, walk
from tests.e2e.looks import DESKTOP, PHONE, examine, list_small_targets, listen
from tests.e2e.story import Screens

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desk", "phone"])]


@pytest.fixture(autouse=True)
def _at_this_width(told: Screens, screen: dict[str, int]) -> Iterator[None]:
    """The people of the story, with their windows as wide as asked."""
    people = (told.mona, told.ada, told.cleo)
    before = [person.viewport_size or DESKTOP for person in people]
    for person in people:
        person.set_viewport_size({"width": screen["width"], "height": screen["height"]})
    yield
    for person, size in zip(people, before, strict=True):
        person.set_viewport_size({"width": size["width"], "height": size["height"]})


def test_every_page_of_the_merchant(told: Screens, screen: dict[str, int]) -> None:
    def open_page(path: str) -> Frame:
        told.open_app(path)
        framed = told.mona.frames[1]
        framed.wait_for_load_state()
        return framed

    seen = _walk(open_page, ["/app"], r"/app(/|$)", listen(told.mona.context), screen)
    assert {"/app/payouts", "/app/orders", "/app/settings", "/app/books"} <= seen
    assert {shape_of(path) for path in seen} >= {"/app/orders/0", "/app/payouts/0", "/app/vendors/0", "/app/review/0"}


def test_every_page_of_the_vendor(told: Screens, screen: dict[str, int]) -> None:
    def open_page(path: str) -> Page:
        told.ada.goto(told.town.app + path)
        return told.ada

    seen = _walk(open_page, ["/portal"], r"/portal(/|$)", listen(told.ada.context), screen)
    assert {"/portal/money", "/portal/profile", "/portal/payout-details"} <= seen
    assert {shape_of(path) for path in seen} >= {"/portal/orders/0", "/portal/products/0", "/portal/money/payouts/0"}


def test_every_page_of_the_customer(told: Screens, screen: dict[str, int]) -> None:
    told.open_shop("/products/harbour-mug").get_by_role("button", name="Add to cart").click()
    expect(told.cleo.get_by_role("link", name="View cart")).to_be_visible()
    first = ["/", "/cart", "/checkout", "/account/login", "/account/register"]
    seen = _walk(told.open_shop, first, "/", listen(told.cleo.context), screen)
    assert {"/products/harbour-mug", "/collections/all", "/pages/sell", "/pages/vendor-portal"} <= seen
    assert {"/pages/vendors", "/pages/vendors/adas-ceramics"} <= seen


def _walk(
    open_page: Callable[[str], Page | Frame], first: list[str], inside: str, heard: list[str], screen: dict[str, int]
) -> set[str]:
    """Open every page that links lead to, one of each shape, and fail with all that is wrong with them."""
    seen, faults = set[str](), dict[str, list[str]]()
    for path, page in walk(open_page, first, inside):
        seen.add(path)
        small = list_small_targets(page) if screen is PHONE else []
        faults[path] = [*examine(page), *small, *heard]
        heard.clear()
    assert {path: found for path, found in faults.items() if found} == {}
    return seen
