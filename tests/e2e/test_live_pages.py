"""A page that follows what happens, also while it is still on its way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, Route, expect

from app.config import get_config
from app.models.vendors import Vendor
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.e2e.looks import listen
from tests.e2e.slowness import Held, wait_on
from tests.e2e.test_live_stock import served_live
from tests.e2e.test_portal_accessibility import _sign_in, address
from tests.orders.conftest import Post, goods, post, store

__all__ = ["address", "goods", "post", "store"]


@pytest.fixture
def live(address: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The live server, which the portal's pages may listen to."""
    with served_live(database, tmp_path, PORTAL_URL=address) as place:
        config = replace(get_config(), live_url=place)
        monkeypatch.setattr("app.live.pages.get_config", lambda: config)
        monkeypatch.setattr("app.auth.portal.get_config", lambda: config)
        yield


@pytest.mark.usefixtures("live")
def test_an_order_that_comes_before_the_page_can_listen_is_shown_without_loading_it_again(
    address: str, ada: Vendor, goods: SimpleNamespace, store: Store, post: Post, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    _sign_in(page, address, ada)
    held = Held(page, "**/live?*")
    page.goto(f"{address}/portal/orders")
    held.wait()
    order = buy(store, (goods.mug, 1))
    post.deliver()
    expect(page.get_by_text(order["name"])).to_have_count(0)
    held.let_go()
    expect(page.get_by_text(order["name"]).first).to_be_visible()


@pytest.mark.usefixtures("live")
def test_a_page_whose_ticket_ran_out_listens_again_although_the_app_was_away(
    address: str, ada: Vendor, goods: SimpleNamespace, store: Store, post: Post, open_browser: Callable[..., Page]
) -> None:
    page, streams, renewals = open_browser(), list[str](), list[str]()
    _sign_in(page, address, ada)
    page.goto("about:blank")  # the page that the door led to listens, too
    heard = listen(page.context)

    def end_the_first(route: Route) -> None:
        streams.append(route.request.url)
        route.fulfill(status=204) if len(streams) == 1 else route.continue_()

    def refuse_the_first(route: Route) -> None:
        if route.request.resource_type == "fetch":
            renewals.append(route.request.url)
        route.fulfill(status=503) if len(renewals) == 1 else route.continue_()

    def listens_again() -> bool:
        page.clock.fast_forward(60_000)
        return len(streams) > 1

    page.route("**/live?*", end_the_first)
    page.route("**/portal/orders", refuse_the_first)
    page.clock.install()
    page.goto(f"{address}/portal/orders")
    wait_on(page, listens_again)
    assert len(renewals) == 2
    order = buy(store, (goods.mug, 1))
    post.deliver()
    expect(page.get_by_text(order["name"]).first).to_be_visible()
    assert [words for words in heard if "status of 503" not in words] == []
