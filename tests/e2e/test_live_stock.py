"""A product page that stays open: it says what is left when that changes in Shopify, and bears the app being away."""

import contextlib
import json
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app import clock, db, queue
from app.config import get_config
from app.models.events import InboxEvent
from app.models.products import Variant
from app.models.shops import Shop as AppShop
from bench import servers
from devstore import server
from devstore.gids import gid
from jobs.events import drain
from tests.conftest import make_vendor
from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop, shop
from tests.e2e.looks import LEVEL, PHONE, examine, take_screenshot
from tests.e2e.slowness import wait_on
from tests.e2e.test_local_first import Market, Served, give_account, settled, sign_in
from tests.journey.conftest import put_on_sale
from tests.ports import free_ports
from tests.shopify.signing import SECRET
from wsgi import create_app

__all__ = ["open_shopify", "shop"]


@contextlib.contextmanager
def served_live(database: str, tmp_path: Path, **more: str) -> Iterator[str]:
    """The live server, and its address."""
    (port,) = free_ports(1)
    env = servers.environment(tmp_path, database, queue.redis_url(), SECRET_KEYS="a-test-key", **more)
    process = servers.start(["app.cli", "live", "--port", str(port)], env, tmp_path / "live.log")
    until = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        assert process.poll() is None, (tmp_path / "live.log").read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/live"
    servers.end(process)


@pytest.fixture
def live(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The live server, and an app that sends pages there."""
    with served_live(database, tmp_path) as address:
        config = replace(get_config(), live_url=address)
        monkeypatch.setattr("app.live.pages.get_config", lambda: config)
        yield


@pytest.fixture
def market(shop: Shop, acme: AppShop) -> Iterator[Market]:
    """Acme's storefront and the app, which knows Ada's loaf: three are left, by Shopify and by us."""
    ada = make_vendor(acme, "Ada's Ceramics", "ada@example.com")
    product = put_on_sale(ada, int(shop.loaf["id"]), "Rye loaf")
    variant = shop.loaf["variants"][0]
    with db.scoped(acme.id) as session:
        session.get_one(AppShop, acme.id).location_gid = "gid://shopify/Location/1"
        names = {
            "shopify_gid": gid("ProductVariant", variant["id"]),
            "inventory_item_gid": gid("InventoryItem", variant["inventory_item_id"]),
        }
        price = {"price_minor": 850, "currency": "USD", "stock": 3}
        session.add(Variant(shop_id=acme.id, vendor_id=ada.id, product_id=product.id, **names, **price))
    app = Served(create_app())
    config = shop.configured(app_url=f"http://127.0.0.1:{app.port}", client_secret=SECRET)
    site = Served(server.create_storefront(config, shop.store, ACME))
    give_account(shop)
    yield Market(shop, app, site, acme)
    site.stop()
    app.stop()


def tell(market: Market, topic: str, **body: object) -> None:
    """A webhook of Shopify's, handled."""
    held = {"updated_at": clock.now().isoformat(), **body}
    number = uuid.uuid4().hex
    with db.system() as session:
        names = {"webhook_id": number, "event_id": number}
        session.add(InboxEvent(shop_domain=market.acme.domain, topic=topic, body=json.dumps(held).encode(), **names))
    drain()


def sell(market: Market, left: int) -> None:
    item = market.shop.loaf["variants"][0]["inventory_item_id"]
    tell(market, "inventory_levels/update", inventory_item_id=item, location_id=1, available=left)


def opened(page: Page, market: Market) -> None:
    """On the page of the loaf, listening."""
    with page.expect_response(lambda answer: "/live?ticket=" in answer.url):
        page.goto(f"{market.url}/products/rye-loaf")
    expect(page.locator(".sk-stock__line")).to_contain_text("Only 3 left")


def test_a_sale_elsewhere_shows_on_an_open_page(live: None, market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser(PHONE)
    opened(page, market)
    line = page.locator(".sk-stock__line")
    variant = market.shop.loaf["variants"][0]["id"]
    tell(market, "carts/create", token="somebody", line_items=[{"variant_id": variant, "quantity": 1}])
    expect(line).to_contain_text("Only 3 left · In 1 other cart")
    assert examine(page, LEVEL) == []
    take_screenshot(page, "live-stock-phone")
    sell(market, 1)
    expect(line).to_contain_text("Only 1 left")
    sell(market, 0)
    expect(line).to_have_text("Sold out")


def test_ones_own_cart_is_no_other_cart(live: None, market: Market, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    opened(page, market)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="View cart")).to_be_visible()
    variant = market.shop.loaf["variants"][0]["id"]
    tell(market, "carts/create", token="mine", line_items=[{"variant_id": variant, "quantity": 1}])
    tell(market, "carts/create", token="hers", line_items=[{"variant_id": variant, "quantity": 1}])
    expect(page.locator(".sk-stock__line")).to_contain_text("In 1 other cart")


def test_ones_own_cart_on_another_device_is_no_other_cart(
    live: None, market: Market, open_browser: Callable[..., Page]
) -> None:
    desk, phone = open_browser(), open_browser(PHONE)
    variant = market.shop.loaf["variants"][0]["id"]
    sign_in(desk, market)
    opened(desk, market)
    desk.get_by_role("button", name="Add to cart").click()
    expect(desk.get_by_role("link", name="View cart")).to_be_visible()
    sign_in(phone, market)
    for page in (desk, phone):
        settled(page)
        page.evaluate("stallkeeper.sync({ now: true })")
        settled(page)
    wait_on(phone, lambda: sum(kind == "own_cart" for kind, _ in market.kept()) == 2)
    tokens = [page.evaluate("fetch('/cart.js').then(a => a.json()).then(c => c.token)") for page in (desk, phone)]
    assert len(set(tokens)) == 2
    for token in tokens:
        tell(market, "carts/update", token=token, line_items=[{"variant_id": variant, "quantity": 1}])
    sell(market, 2)
    line = desk.locator(".sk-stock__line")
    expect(line).to_have_text("Only 2 left")
    tell(market, "carts/create", token="hers", line_items=[{"variant_id": variant, "quantity": 1}])
    expect(line).to_have_text("Only 2 left · In 1 other cart")


def test_with_the_app_away_the_page_says_what_shopify_knows(market: Market, open_browser: Callable[..., Page]) -> None:
    market.app.stop()
    page = open_browser()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{market.url}/products/rye-loaf")
    expect(page.locator('[data-sk="stock"][data-sk-ready]')).to_be_attached()
    expect(page.locator(".sk-stock__line")).to_contain_text("Only 3 left")
    assert said == []


def test_without_scripts_the_line_is_shopifys(shop: Shop) -> None:
    assert "Only 3 left" in shop.visitor.get("/products/rye-loaf").text
    mug = shop.visitor.get("/products/morning-mug").text.split("sk-stock__line")[1].split("</p>")[0]
    assert mug.count("Only 5 left") == 2, "of each variant"
    assert mug.count("hidden") == 1, "one of them is chosen"
