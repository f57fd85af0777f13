"""Our page in a customer's account, in a browser: orders by vendor, asking to send something back, what comes of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from werkzeug.security import generate_password_hash

from app.models.shops import Shop
from devstore import server
from devstore.orders.return_requests import move_return
from devstore.store import Doc, Store
from tests.account.test_return_requests import order
from tests.devstore.conftest import Shopify, open_shopify, shopify
from tests.devstore.orders.cast import ACME
from tests.devstore.orders.conftest import edge, goods, store
from tests.devstore.orders.test_returns import hear, read_all
from tests.e2e.looks import DESKTOP, LEVEL, PHONE, examine, list_small_targets, take_screenshot
from tests.e2e.test_local_first import CLEO, Served
from tests.shopify.signing import KEY, SECRET
from wsgi import create_app

__all__ = ["edge", "goods", "open_shopify", "order", "shopify", "store"]


@pytest.fixture
def address(order: Doc, shopify: Shopify, store: Store) -> Iterator[str]:
    """The storefront in which Cleo bought, and has an account."""
    cleo = store.get(ACME, "customer", order["customer_id"])
    assert cleo is not None
    store.put(ACME, "customer", {**cleo, "password_hash": generate_password_hash(CLEO["password"])})
    app = Served(create_app())
    config = replace(shopify.config, app_url=f"http://127.0.0.1:{app.port}", client_secret=SECRET, client_id=KEY)
    site = Served(server.create_storefront(config, store, ACME))
    yield f"http://localhost:{site.port}"
    site.stop()
    app.stop()


def open_page(page: Page, address: str) -> None:
    page.goto(f"{address}/account/login")
    page.get_by_label("Email").fill(CLEO["email"])
    page.get_by_label("Password").fill(CLEO["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Your marketplace orders").click()
    expect(page.get_by_role("button", name="Return items").first).to_be_visible()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_customer_asks_to_send_something_back_and_sees_what_the_shop_decides(
    address: str, order: Doc, store: Store, acme: Shop, open_browser: Callable[..., Page], screen: dict[str, int]
) -> None:
    page = open_browser(screen)
    open_page(page, address)
    page.get_by_role("button", name="Return items").click()
    page.get_by_role("button", name="Ask to return").click()
    expect(page.get_by_text("Choose at least one item.")).to_be_visible()
    page.get_by_label("Mug (2)").check()
    page.get_by_label("How many, of 2").fill("3")
    page.get_by_role("button", name="Ask to return").click()
    expect(page.get_by_text("Choose a reason").last).to_be_visible()
    expect(page.get_by_label("How many, of 2")).to_have_attribute("aria-invalid", "true")
    take_screenshot(page, f"account-return-{screen['width']}")
    assert examine(page, LEVEL) == []
    page.get_by_label("How many, of 2").fill("1")
    page.get_by_label("Why").select_option(label="It is broken or faulty")
    page.get_by_label("Anything the shop should know").fill("The handle came off")
    page.get_by_role("button", name="Ask to return").click()
    expect(page.get_by_text("Your request was sent")).to_be_visible()
    expect(page.get_by_text("The shop decides", exact=True)).to_be_visible()
    assert examine(page, LEVEL) == []
    assert screen is DESKTOP or list_small_targets(page) == []
    take_screenshot(page, f"account-return-asked-{screen['width']}")
    (kept,) = store.get(ACME, "order", order["id"])["returns"]  # type: ignore[index]
    assert [(one["quantity"], one["reason"], one["note"]) for one in kept["lines"]] == [
        (1, "defective", "The handle came off")
    ]
    move_return(store, ACME, order["id"], kept["id"], "decline", reason="RETURN_PERIOD_ENDED")
    hear(store, acme, "returns/")
    read_all(acme)
    page.reload()
    expect(page.get_by_text("Declined")).to_be_visible()
    expect(page.get_by_text("The time to return them is over.")).to_be_visible()


def test_without_the_app_the_page_says_so_and_tries_again(address: str, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    open_page(page, address)
    page.route("**/account-page/**", lambda route: route.abort())
    page.get_by_role("button", name="Return items").click()
    expect(page.get_by_text("The shop does not answer at the moment.")).to_be_visible()
    page.unroute("**/account-page/**")
    page.get_by_role("button", name="Return items").click()
    expect(page.get_by_label(re.compile("Mug"))).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Return items")).to_be_visible()
