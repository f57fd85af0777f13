"""A slow line and a slow computer, for whoever asks: `STALLKEEPER_SLOW=1` (or another seed) before the browser's tests.

Every request waits for up to 0.4 s on its way out and its answer as long on its way back, each by chance: scripts come
late and in any order, answers long after the click. Nothing is lost. What fails so can fail for a customer in a train.
"""

import asyncio
import os
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Route

SEED = os.environ.get("STALLKEEPER_SLOW", "")
PATIENCE = 60_000
"""Milliseconds that a test waits for what must come: no machine is too busy for them."""
_SECONDS = 0.4
_TIMES_SLOWER = 3


@contextmanager
def slow_line() -> Iterator[str]:
    """A proxy for the browser that holds everything up. Yields its address; nothing when nobody asked for it."""
    if not SEED:
        yield ""
        return
    loop, line = asyncio.new_event_loop(), _Line(SEED)
    server = loop.run_until_complete(asyncio.start_server(line.serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    asyncio.run_coroutine_threadsafe(_end(server), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def slow_down(page: Page) -> None:
    """Scripts of the page take longer. Not those of a frame from another site, which has a process of its own."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": _TIMES_SLOWER})


def wait_on(page: Page, there: Callable[[], object]) -> None:
    """Until the test itself has been told something, such as of a request that it holds up."""
    for _ in range(PATIENCE // 20):
        if there():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came")


def close(context: BrowserContext) -> None:
    """A test's hold on requests ends, lest what breaks there breaks the next test. Chromium does not always say that a
    window has gone: it is left to the browser's own end then, and said. (Playwright has no limit of its own here.)
    """
    context.unroute_all(behavior="ignoreErrors")
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")
    try:
        context._sync(asyncio.wait_for(context._impl_obj.close(reason=None), PATIENCE / 1000))
    except TimeoutError:
        warnings.warn("A window of the browser did not close", stacklevel=2)


class Held:
    """Answers to one address that do not come until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        self._page, self._is_over = page, False
        self._routes: list[Route] = []
        page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        if self._is_over:
            route.continue_()
        else:
            self._routes.append(route)

    def wait(self) -> None:
        """Until somebody has asked."""
        wait_on(self._page, lambda: self._routes)

    def let_go(self) -> None:
        self._is_over = True
        for route in self._routes:
            route.continue_()


class _Line:
    """One request per connection, so that each is held up by itself."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)
        self._under_way = set[asyncio.Task[None] | None]()
        """Of a task whose browser has said all it has to say asyncio itself keeps no hold."""

    async def serve(self, browser: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._under_way.add(task := asyncio.current_task())
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._carry(browser, back)
        finally:
            back.close()
            self._under_way.discard(task)

    async def _carry(self, browser: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        method, url, rest = (await browser.readuntil(b"\r\n\r\n")).split(b" ", 2)
        at = urlsplit(b"//" + url if method == b"CONNECT" else url)
        await self._wait()
        site, to = await asyncio.open_connection("127.0.0.1", at.port or 80)
        try:
            if method == b"CONNECT":
                back.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = (at.path or b"/") + (b"?" + at.query if at.query else b"")
                to.write(b" ".join((method, path, _alone(rest))))
            sending = asyncio.create_task(_pass_on(browser, to))
            await self._wait()
            await _pass_on(site, back)
            sending.cancel()
        finally:
            to.close()

    async def _wait(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, _SECONDS))


def _alone(head: bytes) -> bytes:
    """The headers, saying that no other request follows on this connection."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"proxy-", b"connection:"))]
    return b"\r\n".join((lines[0], b"Connection: close", *lines[1:]))


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Also that no more comes: a site waits for the rest of what a browser that has gone began to send."""
    try:
        while some := await source.read(65536):
            target.write(some)
            await target.drain()
    finally:
        with suppress(OSError):
            target.write_eof()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
