"""The whole marketplace, started once as `make demo` starts it but empty, and a real Chromium to click through it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo import up
from demo.people import Merchant, Town
from demo.place import Place, find_place
from tests.e2e.looks import DESKTOP, take_screenshot
from tests.e2e.slowness import PATIENCE, SEED, close, slow_down
from tests.e2e.story import STEPS, Screens

OpenBrowser = Callable[..., Page]
_SETTINGS = "/app/settings"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def marketplace() -> Iterator[Place]:
    """Every process of the product on ports of its own, with no data. Acme is for `told`, Zenith for who asks for
    `zenith`.
    """
    with open_marketplace() as place:
        yield place


@contextmanager
def open_marketplace() -> Iterator[Place]:
    """One more, for a story whose shop asks for what the others' applicants do not answer."""
    with tempfile.TemporaryDirectory(prefix="stallkeeper-", ignore_cleanup_errors=True) as folder:
        place = find_place(Path(folder))
        with up.running(place):
            yield place


@pytest.fixture(scope="session")
def told(marketplace: Place, chromium: Browser) -> Iterator[Screens]:
    """Acme with the whole main job behind it, done by clicking; its people are still at their screens.

    The clock is two weeks ahead afterwards, for everybody, and stays there: it never runs backwards.
    """
    with opening(chromium) as open_browser:
        screens = Screens(up.describe(marketplace, {}), open_browser)
        for step in STEPS:
            try:
                step(screens)
            except BaseException:
                for person in ("mona", "ada", "cleo"):
                    take_screenshot(getattr(screens, person), f"broken-off-{person}")
                raise
        yield screens


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[OpenBrowser]:
    """A new person at a screen: `open_browser(PHONE)` gives a page in a browser profile of their own."""
    with opening(chromium) as open_page:
        yield open_page


@pytest.fixture
def zenith(marketplace: Place, open_browser: OpenBrowser) -> Iterator[Page]:
    """Zenith's owner in the app, installed when it was not. Its settings are afterwards as they were found."""
    owner = Merchant(Town.of(up.describe(marketplace, {})), "zenith")
    with owner.client, owner.admin.client:
        owner.install()
        found = _read_settings(owner)
        page = open_browser()
        page.goto(f"{marketplace.url('devstore')}/store/zenith/apps/stallkeeper")
        expect(page.frame_locator("#app-frame").get_by_role("heading", name="Home")).to_be_visible()
        yield page
        if _read_settings(owner) != found:
            owner.open(_SETTINGS).submit(to=_SETTINGS, **found)
            assert _read_settings(owner) == found


def _read_settings(owner: Merchant) -> dict[str, Any]:
    fields = owner.open(_SETTINGS).fields(to=_SETTINGS)
    del fields["seen"]  # which of the saves it is
    return fields


@contextmanager
def opening(chromium: Browser) -> Iterator[OpenBrowser]:
    contexts: list[BrowserContext] = []

    def open_page(viewport: dict[str, int] = DESKTOP) -> Page:
        context = chromium.new_context(viewport={"width": viewport["width"], "height": viewport["height"]})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if SEED:
            context.on("page", slow_down)
        return context.new_page()

    yield open_page
    for context in contexts:
        close(context)
