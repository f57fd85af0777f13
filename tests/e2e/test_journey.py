"""The web pixel in real browsers: what visitors do arrives, and nothing leaves without their consent."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import clock, db
from app.journey import pixel, service
from app.models.journey import Activity, ActivityDay
from app.models.shops import Shop as AppShop
from devstore import server
from tests.conftest import make_vendor
from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop, shop
from tests.e2e.test_local_first import CONSENT, Market, Served
from tests.journey.conftest import put_on_sale
from tests.shopify.signing import SECRET
from wsgi import create_app

__all__ = ["open_shopify", "shop"]


@pytest.fixture
def market(shop: Shop, acme: AppShop) -> Iterator[Market]:
    """Acme's storefront with the app's pixel in it, and the app that hears it."""
    app = Served(create_app())
    url = f"http://127.0.0.1:{app.port}"
    site = Served(server.create_storefront(shop.configured(app_url=url, client_secret=SECRET), shop.store, ACME))
    settings = {"account": pixel.make_settings(acme.id)["account"], "endpoint": f"{url}/pixel"}
    shop.store.put(ACME, "web_pixel", {"settings": settings})
    yield Market(shop, app, site, acme)
    site.stop()
    app.stop()


def told(market: Market) -> list[tuple[str, int]]:
    with db.scoped(market.acme.id) as session:
        rows = session.scalars(select(Activity).order_by(Activity.happened_at, Activity.product_number))
        return [(row.kind, row.product_number) for row in rows]


def hears(page: Page, do: Callable[[], object]) -> None:
    """Do something of which the pixel tells, and wait until the app has it."""
    with page.expect_response("**/pixel") as answer:
        do()
    assert answer.value.status == 204


def buy(page: Page, market: Market) -> None:
    """Look at the mug, put it into the cart, look at the cart, begin to pay."""
    hears(page, lambda: page.goto(f"{market.url}/products/morning-mug"))
    hears(page, lambda: page.get_by_role("button", name="Add to cart").click())
    expect(page.get_by_role("link", name="View cart")).to_be_visible()
    hears(page, lambda: page.goto(f"{market.url}/cart"))
    hears(page, lambda: page.goto(f"{market.url}/checkout"))


def test_real_clicks_become_the_funnel(market: Market, open_browser: Callable[..., Page]) -> None:
    ada = make_vendor(market.acme, "Ada's Ceramics", "ada@example.com")
    mug, loaf = int(market.shop.mug["id"]), int(market.shop.loaf["id"])
    put_on_sale(ada, mug, "Morning mug")
    began = clock.now().date()
    one, two = open_browser(), open_browser()
    buy(one, market)
    hears(two, lambda: two.goto(f"{market.url}/products/morning-mug"))
    hears(two, lambda: two.goto(f"{market.url}/products/rye-loaf"))
    hears(two, lambda: two.goto(f"{market.url}/search?q=zebra"))
    assert told(market) == [
        ("product_viewed", mug),
        ("product_added_to_cart", mug),
        ("cart_viewed", mug),
        ("checkout_started", mug),
        ("product_viewed", mug),
        ("product_viewed", loaf),
        ("search_submitted", 0),
    ]
    if clock.now().date() != began:
        pytest.skip("midnight came between the clicks: visitors count by day")
    service.roll_up(market.acme.id)
    with db.scoped(market.acme.id) as session:
        days = {row.product_number: row for row in session.scalars(select(ActivityDay))}
    assert (days[0].visitors, days[0].viewers, days[0].adders, days[0].starters) == (2, 2, 1, 1)
    assert (days[mug].views, days[mug].viewers, days[mug].adders) == (2, 2, 1)


def test_a_visitor_who_refuses_sends_nothing_until_they_agree(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    page.goto(f"{market.url}/pages/sell")
    page.wait_for_function("window.Shopify.customerPrivacy")
    page.evaluate(f"{CONSENT}({{ preferences: false, analytics: false, marketing: false }})")
    sent: list[str] = []
    page.context.on("request", lambda request: sent.append(request.url))
    page.goto(f"{market.url}/products/morning-mug")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="View cart")).to_be_visible()
    page.goto(f"{market.url}/checkout")
    page.wait_for_timeout(500)
    page.goto(f"{market.url}/products/rye-loaf")
    page.wait_for_timeout(500)
    assert [url for url in sent if re.search(r"/pixel|web-pixels/\d", url)] == []
    kept: list[str] = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert [name for name in kept if not name.startswith("sk:")] == [], "nothing is kept for it either"
    assert told(market) == []
    page.wait_for_function("window.Shopify.customerPrivacy")
    hears(page, lambda: page.evaluate(f"{CONSENT}({{ analytics: true }})"))
    assert told(market) == [("product_viewed", int(market.shop.loaf["id"]))], "the page they are on, and no earlier one"


def test_what_could_not_be_sent_is_sent_by_the_next_page(market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(f"{market.url}/")
    market.app.stop()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/pixel")):
        page.goto(f"{market.url}/products/morning-mug")
    page.wait_for_function("sessionStorage.length > 0")
    market.app.start()
    hears(page, lambda: page.goto(f"{market.url}/"))
    assert told(market) == [("product_viewed", int(market.shop.mug["id"]))]
    page.wait_for_function("sessionStorage.length === 0")
