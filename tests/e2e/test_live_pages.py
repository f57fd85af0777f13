"""A page that follows what happens, also while it is still on its way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from app.config import get_config
from app.models.vendors import Vendor
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.e2e.test_before_the_scripts import Held
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
