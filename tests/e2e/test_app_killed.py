"""The app as an installation runs it, killed in the middle; and its database gone, while customers go on shopping."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import URL, make_url

from app.models.shops import Shop as AppShop
from demo.people import wait_for
from tests.devstore.conftest import open_shopify
from tests.devstore.storefront.conftest import Shop, shop
from tests.e2e.looks import PHONE, take_screenshot
from tests.e2e.test_local_first import Market, cart, opened, put_in_cart, settled, sign_in, wish
from tests.ports import free_ports
from tests.proxy import Proxy

__all__ = ["open_shopify", "shop"]
ROOT = Path(__file__).parents[2]
AWAY = "Kept in this browser. Your account could not be reached."
LONG = 120_000
"""As long as a browser may wait between two tries, and a busy machine for a server."""
SHAPES = """() => [...document.querySelectorAll('main, main .sk')]
    .map((block) => [block.className, block.innerText, Math.round(block.getBoundingClientRect().height)])"""


class Program:
    """`stallkeeper serve`: its processes can be killed and started again at the same address."""

    def __init__(self, database_url: str, log: Path) -> None:
        (self.port,) = free_ports(1)
        self._env = {**os.environ, "DATABASE_URL": database_url}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._env, stdout=log, stderr=log, start_new_session=True
            )
        wait_for("the web server", self._is_there)

    def stop(self) -> None:
        """kill -9, its workers as well."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _is_there(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Wire:
    """Between the app and its database; it can be cut for as long as one likes."""

    def __init__(self, database_url: str) -> None:
        self._url = make_url(database_url)
        self._is_cut = False
        self._proxy = Proxy(self._find)

    @property
    def url(self) -> str:
        apart: URL = self._url.set(
            host="127.0.0.1", port=self._proxy.port, query={"sslmode": "disable", "gssencmode": "disable"}
        )
        return apart.render_as_string(hide_password=False)

    def cut(self) -> None:
        self._is_cut = True
        self._proxy.reset()

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self._proxy.close()

    def _find(self) -> str | int:
        if self._is_cut:
            raise OSError("cut")
        folder, port = self._url.query.get("host"), self._url.query.get("port", "5432")
        return f"{folder}/.s.PGSQL.{port}" if folder else self._url.port or 5432


@pytest.fixture
def wire(database: str) -> Iterator[Wire]:
    laid = Wire(database)
    yield laid
    laid.close()


@pytest.fixture
def market(shop: Shop, acme: AppShop, wire: Wire, tmp_path: Path) -> Iterator[Market]:
    app = Program(wire.url, tmp_path / "web.log")
    yield from opened(shop, acme, app, f"http://127.0.0.1:{app.port}")


def carts(market: Market) -> list[int]:
    return [value["quantity"] for (kind, _), value in market.kept().items() if kind == "cart"]


def test_an_app_that_is_killed_while_it_stores_gets_everything_once_it_is_back(
    market: Market, database: str, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    sign_in(page, market)
    put_in_cart(page, market, "rye-loaf", 2)
    settled(page)
    with psycopg.connect(make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)) as lock:
        lock.execute("LOCK TABLE customer_syncs IN ACCESS EXCLUSIVE MODE")
        with page.expect_request(lambda request: "wishlist" in (request.post_data or "")):
            page.get_by_role("button", name="Add to wishlist").click()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        wait_for("the server to be in the middle of it", lambda: _count(lock, waiting) > 0)
        market.app.stop()
    page.wait_for_function("window.stallkeeper.failures > 0")
    wish(page, market, "morning-mug")
    page.goto(f"{market.url}/pages/wishlist")
    line = page.get_by_text(AWAY).first
    expect(line).to_be_visible()
    expect(page.locator('[data-kind="wishlist"] [data-title]')).to_have_text(["Morning mug", "Rye loaf"])
    take_screenshot(page, "app-killed-phone")
    market.app.start()
    expect(line).to_be_hidden(timeout=LONG)
    settled(page)
    mug, loaf = market.goods()
    assert {key for kind, key in market.kept() if kind == "wishlist"} == {mug, loaf}
    assert (cart(page), carts(market)) == ({"rye-loaf": 2}, [2])


def _count(connection: psycopg.Connection[Any], query: str) -> int:
    found = connection.execute(query.encode()).fetchone()
    assert found
    return int(found[0])


def test_without_the_database_pages_keep_content_and_shape_and_the_queue_drains_by_itself(
    market: Market, wire: Wire, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(PHONE)
    sign_in(page, market)
    paths = ("/products/rye-loaf", "/pages/vendors/adas-ceramics", "/pages/vendors", "/pages/sell", "/")
    for path in paths:  # what was looked at is on the pages from now on
        page.goto(market.url + path)
        settled(page)
    before = {path: _look(page, market, path, "synced") for path in paths}
    wire.cut()
    assert {path: _look(page, market, path, "failed") for path in paths} == before
    wish(page, market, "morning-mug")
    put_in_cart(page, market, "rye-loaf", 2)
    page.goto(f"{market.url}/pages/wishlist")
    line = page.get_by_text(AWAY).first
    expect(line).to_be_visible()
    take_screenshot(page, "database-away-phone")
    wire.mend()
    expect(line).to_be_hidden(timeout=LONG)
    settled(page)
    assert market.kept()["wishlist", market.goods()[0]]["title"] == "Morning mug"
    assert (cart(page), carts(market)) == ({"rye-loaf": 2}, [2])


def _look(page: Page, market: Market, path: str, state: str) -> list[Any]:
    page.goto(market.url + path)
    settled(page, state)
    expect(page.locator("[data-sk]:not([data-sk-ready]), .sk-tile [data-price]:empty")).to_have_count(0)
    shapes: list[Any] = page.evaluate(SHAPES)
    return shapes
