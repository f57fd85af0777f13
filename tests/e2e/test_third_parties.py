"""The storefront needs no cookie of a third party, and asks none: browsers refuse them, and so does this one."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.conftest import shop
from tests.e2e.looks import PHONE
from tests.e2e.test_local_first import Market, Served, cart, market, put_in_cart, settled, sign_in, wish, wishlist

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["market", "open_shopify", "shop"]


class Stranger:
    """A site that marks whoever comes by, and whom others may ask with cookies."""

    def __init__(self) -> None:
        self.known: dict[str, bool] = {}
        """By path, whether the browser showed its mark. Browsers ask for icons by themselves."""

    def __call__(self, request: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.known[request["PATH_INFO"]] = "mark=1" in request.get("HTTP_COOKIE", "")
        origin = request.get("HTTP_ORIGIN", "")
        allowed = [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        mark = ("Set-Cookie", "mark=1; SameSite=None; Secure; Path=/")
        start_response("200 OK", [mark, *allowed, ("Content-Length", "0")])
        return []


def refuses_third_parties(page: Page, shop_address: str) -> bool:
    """Whether a stranger who has marked this browser on a page of their own does not know it again in the shop."""
    stranger = Stranger()
    site = Served(stranger)
    try:
        address = f"http://127.0.0.1:{site.port}/"
        page.goto(f"{address}first")
        page.goto(f"{address}again")
        page.goto(shop_address)
        page.evaluate("address => fetch(address, { credentials: 'include' }).then(() => 1)", f"{address}asked")
        assert stranger.known["/again"], "on their own page the mark is kept"
        return not stranger.known["/asked"]
    finally:
        site.stop()


def test_lists_and_cart_reach_the_account_where_third_parties_keep_no_cookies(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    phone, desk = open_browser(PHONE), open_browser()
    assert refuses_third_parties(phone, market.url)
    phone.context.clear_cookies()
    asked: set[str | None] = set()
    for page in (phone, desk):
        page.context.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    wish(phone, market, "morning-mug")
    put_in_cart(phone, market, "rye-loaf", 2)
    sign_in(phone, market)
    assert market.kept()["wishlist", market.goods()[0]]["title"] == "Morning mug"
    sign_in(desk, market)
    assert wishlist(desk, market) == {"Morning mug"}
    settled(desk)
    assert cart(desk) == {"rye-loaf": 2}
    desk.goto(f"{market.url}/pages/vendors/adas-ceramics")
    settled(desk)
    assert asked == {"localhost"}, "everything is asked of the shop's own address"
    for page in (phone, desk):
        kept = {(cookie["name"], cookie["domain"]) for cookie in page.context.cookies()}
        assert kept <= {(name, "localhost") for name in ("_tracking_consent", "customer-acme", "cart-acme")}
