"""A vendor who packs the next parcel while the shop's system still takes the last one."""

from collections.abc import Callable
from types import SimpleNamespace

from playwright.sync_api import Page, expect

from app.models.vendors import Vendor
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.e2e.looks import PHONE
from tests.e2e.test_portal_accessibility import _sign_in, address
from tests.orders.conftest import Post, goods, post, store

__all__ = ["address", "goods", "post", "store"]


def test_what_is_typed_stays_while_the_page_follows_the_last_parcel(
    address: str, ada: Vendor, goods: SimpleNamespace, store: Store, post: Post, open_browser: Callable[..., Page]
) -> None:
    buy(store, (goods.mug, 2))
    post.deliver()
    page = open_browser(PHONE)
    _sign_in(page, address, ada)
    page.goto(f"{address}/portal/orders/1")
    page.locator("[name^=units-]").fill("1")
    page.get_by_role("button", name="I have sent it").click()
    expect(page.locator("[name^=units-]")).to_have_value("1")
    expect(page.locator("#order[hx-get]")).to_be_attached()
    number = page.get_by_label("Tracking number")
    number.fill("1Z999AA10123456784")
    for _ in range(2):
        with page.expect_response(f"{address}/portal/orders/1"):
            pass
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(number).to_have_value("1Z999AA10123456784")
    expect(number).to_be_focused()
