"""Ten thousand open pages in one process: raw sockets that note when each of them heard which news."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field
from typing import Final, cast

_NEWS: Final = re.compile(rb"data: (\{[^\n]*\})\n")
_AT_ONCE: Final = 100
"""How many connections are being opened at any moment, as after a restart."""
_PATIENCE_SECONDS: Final = 30.0


@dataclass(slots=True)
class Hearing:
    """Which pages are open, and when each heard the news that is being waited for."""

    open: int = 0
    lost: int = 0
    wanted: bytes = b""
    heard_at: list[float] = field(default_factory=list)
    all_heard: asyncio.Event = field(default_factory=asyncio.Event)
    streams: list[asyncio.BaseTransport] = field(default_factory=list)

    def expect(self, news: bytes) -> None:
        self.wanted, self.heard_at = news, []
        self.all_heard.clear()

    def hear(self, now: float) -> None:
        self.heard_at.append(now)
        if len(self.heard_at) >= self.open:
            self.all_heard.set()

    def close(self) -> None:
        for stream in self.streams:
            stream.close()


class Page(asyncio.Protocol):
    """One server-sent events stream. It checks the answer once and then looks for news only."""

    def __init__(self, hearing: Hearing, request: bytes, opened: "asyncio.Future[None]") -> None:
        self._hearing = hearing
        self._request = request
        self._opened = opened
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        text = self._kept + data
        if not self._opened.done():
            if b"retry:" not in text:
                self._kept = text
                return
            self._open(text)
        whole, _, self._kept = text.rpartition(b"\n")
        for news in _NEWS.findall(whole + b"\n"):
            if news == self._hearing.wanted:
                self._hearing.hear(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(exc or ConnectionError("the stream ended before it began"))
        else:
            self._hearing.open -= 1
            self._hearing.lost += 1

    def _open(self, text: bytes) -> None:
        if text.startswith(b"HTTP/1.1 200"):
            self._hearing.open += 1
            self._opened.set_result(None)
        else:
            self._opened.set_exception(ConnectionError(text[:40].decode("ascii", "replace")))


async def open_pages(port: int, ticket: str, count: int) -> Hearing:
    """Open so many streams with one ticket. Raises ConnectionError when one of them is refused."""
    hearing, turn = Hearing(), asyncio.Semaphore(_AT_ONCE)
    request = f"GET /live?ticket={ticket} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()
    loop = asyncio.get_running_loop()

    async def open_one() -> None:
        async with turn:
            opened = loop.create_future()
            stream, _ = await loop.create_connection(lambda: Page(hearing, request, opened), "127.0.0.1", port)
            hearing.streams.append(stream)
            await asyncio.wait_for(opened, _PATIENCE_SECONDS)

    await asyncio.gather(*(open_one() for _ in range(count)))
    return hearing


async def wait_for_all(hearing: Hearing) -> None:
    """Until every open page heard the expected news, or half a minute is over."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(hearing.all_heard.wait(), _PATIENCE_SECONDS)
