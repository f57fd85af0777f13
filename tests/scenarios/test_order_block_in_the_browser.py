"""The block on Shopify's order page: the app's own script in a real browser, calling the app from another origin."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.scenarios.market import Market
from tests.scenarios.test_money_story import _buy, _wait, sellers, shop

__all__ = ["sellers", "shop"]

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("width", [1280, 390])
def test_the_order_page_shows_who_sends_what(
    market: Market, browser: Browser, shop: Shop, sellers: dict[str, Vendor], width: int
) -> None:
    order = _buy(market, {"MUG": 2, "LOAF": 1})
    market.settle()
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{market.store_url}/store/acme/orders/{order['id']}")
    block = page.frame_locator("iframe[title*=order-block]")
    expect(block.get_by_text("Ada's Mugs")).to_be_visible()
    expect(block.get_by_text("2 x Mug")).to_be_visible()
    expect(block.get_by_text("Bea's Loafs")).to_be_visible()
    expect(block.get_by_text("To ship")).to_have_count(2)
    expect(block.get_by_text("The money waits until the order is sent.")).to_have_count(2)
    block.get_by_text("Open in Stallkeeper").click()
    page.wait_for_url("**/apps/stallkeeper/app/orders/*")


def test_it_says_where_the_money_is(market: Market, shop: Shop, sellers: dict[str, Vendor]) -> None:
    def say(order: dict[str, Any]) -> str:
        [part] = market.merchant(f"/app/blocks/order?id=gid://shopify/Order/{order['id']}").json()["vendors"]
        words: str = part["money"]
        return words

    kept, returned = _buy(market, {"MUG": 1}), _buy(market, {"MUG": 1})
    market.settle()
    assert say(kept) == "The money waits until the order is sent."
    for order in (kept, returned):
        httpx.post(f"{market.store_url}/_control/orders/{order['id']}/fulfil", json={}).raise_for_status()
    market.settle()
    assert say(kept).startswith("The money is on hold for the return period. Released on ")
    back = {"lines": [{"sku": "MUG", "quantity": 1}], "shipping": "full"}
    httpx.post(f"{market.store_url}/_control/orders/{returned['id']}/refund", json=back).raise_for_status()
    httpx.post(f"{market.store_url}/_control/orders/{kept['id']}/dispute", json={}).raise_for_status()
    market.settle()
    assert say(returned) == ""
    assert say(kept) == "The money that the customer disputes is on hold until the bank decides."
    other = _buy(market, {"LOAF": 1})
    httpx.post(f"{market.store_url}/_control/orders/{other['id']}/fulfil", json={}).raise_for_status()
    market.settle()
    _wait(market, days=20)
    assert say(other) == "Released."


def test_it_says_what_may_not_be_sent_and_names_no_earnings_before_the_payment(
    market: Market, shop: Shop, sellers: dict[str, Vendor]
) -> None:
    held, unpaid, both = _buy(market, {"MUG": 1}), *(_buy(market, {"MUG": 1}, pay=False) for _ in range(2))
    stopped = {"reason": "INCORRECT_ADDRESS"}
    for order in (held, both):
        httpx.post(f"{market.store_url}/_control/orders/{order['id']}/hold", json=stopped).raise_for_status()
    market.settle()
    shown = []
    for order in (held, unpaid, both):
        [part] = market.merchant(f"/app/blocks/order?id=gid://shopify/Order/{order['id']}").json()["vendors"]
        shown.append((part["state"], bool(part["earned"])))
    assert shown == [("Do not send yet", True), ("Not paid yet", False), ("Do not send yet", False)]


def test_only_a_session_token_opens_it(market: Market, shop: Shop, sellers: dict[str, Vendor]) -> None:
    order = _buy(market, {"MUG": 1})
    market.settle()
    address = f"{market.app_url}/app/blocks/order?id=gid://shopify/Order/{order['id']}"
    refused = httpx.get(address, headers={"Sec-Fetch-Dest": "empty"})
    assert refused.status_code == 401
    asked = httpx.options(address, headers={"Origin": "https://extensions.shopifycdn.com"})
    assert asked.status_code == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    shown = market.merchant(f"/app/blocks/order?id=gid://shopify/Order/{order['id']}")
    assert shown.headers["Access-Control-Allow-Origin"] == "*"
    assert [vendor["name"] for vendor in shown.json()["vendors"]] == ["Ada's Mugs"]
    unknown = market.merchant("/app/blocks/order?id=gid://shopify/Order/x")
    assert unknown.json()["vendors"] == []
    market.install("zenith")
    rival = market.merchant(f"/app/blocks/order?id=gid://shopify/Order/{order['id']}", shop="zenith")
    assert rival.json()["vendors"] == []
