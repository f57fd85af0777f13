"""A day of each: a vendor's first, her busy one, the merchant's Monday. Each begins where the last ended."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from demo import up
from tests.e2e.conftest import open_marketplace, opening
from tests.e2e.days import BUSY_DAY, FIRST_DAY, MONDAY, Zenith
from tests.e2e.looks import take_screenshot

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def zenith(chromium: Browser) -> Iterator[Zenith]:
    with open_marketplace() as place, opening(chromium) as open_browser:
        zenith = Zenith(up.describe(place, {}), open_browser)
        yield zenith
        zenith.merchant.client.close()
        zenith.merchant.admin.client.close()


def live(zenith: Zenith, day: tuple[Callable[[Zenith], None], ...]) -> None:
    for step in day:
        try:
            step(zenith)
        except BaseException:
            for person in ("fay", "nia"):
                take_screenshot(getattr(zenith, person), f"day-broken-off-{person}")
            raise


def test_a_vendors_first_day(zenith: Zenith) -> None:
    live(zenith, FIRST_DAY)
    expect(zenith.open_portal("/products").get_by_role("cell", name="Status In review")).to_be_visible()


def test_a_vendors_busy_day(zenith: Zenith) -> None:
    live(zenith, BUSY_DAY)
    expect(zenith.open_portal("/orders?status=shipped").get_by_role("link", name=re.compile("^#"))).to_have_count(2)


def test_a_merchants_monday(zenith: Zenith) -> None:
    live(zenith, MONDAY)
    assert [words for heard in zenith.heard for words in heard if not re.search("status of (401|422)", words)] == []
