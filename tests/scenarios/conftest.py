from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from app.config import get_config
from app.models.shops import Shop
from app.shopify.transport import get_http
from tests.e2e.slowness import close
from tests.ports import free_ports
from tests.scenarios.market import Market


@pytest.fixture
def market(database: str, unhurried_intake: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """A marketplace with nothing in it: no shop has installed the app yet."""
    market = Market(tmp_path, dict(zip(("devstore", "acme", "zenith", "app"), free_ports(4), strict=True)))
    for name, value in {**market.environment(), "DATABASE_URL": database}.items():
        monkeypatch.setenv(name, value)
    _forget_configuration()
    try:
        market.start_store()
        market.start_app()
        yield market
    finally:
        market.stop()
        monkeypatch.undo()
        _forget_configuration()


@pytest.fixture
def shop(market: Market) -> Shop:
    """Acme has installed the app."""
    return market.install()


@pytest.fixture
def portal(market: Market, shop: Shop) -> httpx.Client:
    """Ada applied, was approved and is signed in."""
    return market.onboard()


def _forget_configuration() -> None:
    """Another store on other ports: what was read and opened for the last one is of no use."""
    if get_http.cache_info().currsize:
        get_http().close()
    get_http.cache_clear()
    get_config.cache_clear()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The shared browser, left with the windows that it had."""
    before = list(chromium.contexts)
    yield chromium
    for context in chromium.contexts:
        if context not in before:
            close(context)
