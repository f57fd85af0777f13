"""Server-sent events: a small ASGI app that holds thousands of idle connections and passes on what Redis says.

GET /live?ticket=… answers with a stream of `id: <number>` and `data: <kind>`. One Redis subscription per process feeds
every stream. A page that was cut off names the last number it saw (Last-Event-ID), one that has just opened the moment
that it was made, and gets what it missed; when that cannot be known any more, it gets `Resync` and looks for itself. A
stream ends when its ticket does.
"""

import asyncio
import contextlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app import clock, metrics
from app.config import get_config
from app.live.channels import KEPT, KEPT_SECONDS, Pass, find_pass, is_public, is_vendors, log_of
from app.queue import redis_url

HEARTBEAT_SECONDS: Final = 15.0
RESYNC: Final = "Resync"
"""Said in place of news that are lost: whatever the page shows may be old."""
_BACKLOG: Final = 100
_ASKING_AT_ONCE: Final = 20
_REDIS_SECONDS: Final = 2
_NUMBER: Final = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)
_MILLISECONDS: Final = re.compile(r"\d{1,15}", re.ASCII)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class News:
    """One announcement, written out once for all the streams that pass it on."""

    place: tuple[int, int]
    """Its number in the channel's log; zeros when it has none."""
    is_resync: bool
    text: bytes


def make_news(number: str, data: str) -> News:
    """`number` as Redis writes it, "1700000000000-0", or empty."""
    milliseconds, _, count = number.partition("-")
    place = (int(milliseconds), int(count)) if number else (0, 0)
    name = f"id: {number}\n" if number else ""
    return News(place, data == RESYNC, f"{name}data: {data}\n\n".encode())


class Stream:
    """What one page has still to be told."""

    __slots__ = ("_waiting", "_wake")

    def __init__(self) -> None:
        self._waiting: list[News] = []
        self._wake = asyncio.Event()

    def put(self, news: News) -> None:
        """A page that did not read for a hundred events is told to look for itself instead of hearing some of them."""
        if len(self._waiting) >= _BACKLOG:
            self._waiting.clear()
            news = make_news("-".join(map(str, news.place)), RESYNC)
        self._waiting.append(news)
        self._wake.set()

    def wake(self) -> None:
        """Have `take` return although nothing came."""
        self._wake.set()

    async def take(self, seconds: float) -> list[News] | None:
        """Everything that waits, as soon as something does; None when it stayed quiet for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return None
        self._wake.clear()
        taken, self._waiting = self._waiting, []
        return taken


class Switchboard:
    """Which streams listen to which channel, and the one task that reads Redis for all of them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: dict[str, set[Stream]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None
        self._is_heard = asyncio.Event()
        self._has_missed = False
        # After a restart every page comes back at once.
        self._asking = asyncio.Semaphore(_ASKING_AT_ONCE)

    @contextlib.contextmanager
    def listen(self, channel: str) -> Iterator[Stream]:
        """A stream that receives the news announced on `channel`."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())
        stream = Stream()
        self._streams[channel].add(stream)
        try:
            yield stream
        finally:
            self._streams[channel].discard(stream)
            if not self._streams[channel]:
                del self._streams[channel]

    async def wait_until_heard(self) -> None:
        """Until Redis tells us of every announcement. While it is away the page opens, and looks for itself later."""
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                await self._is_heard.wait()
        except TimeoutError:
            self._has_missed = True

    async def list_missed(self, channel: str, last: str) -> Sequence[News]:
        """What was announced after number `last`; one Resync when the log does not reach back that far."""
        found = await self._read_log(channel, last)
        # The page's own last number must still be in the log: else what came next may be gone as well.
        if not found or found[0][0] != last:
            return [make_news("", RESYNC)]
        return [make_news(*each) for each in found[1:]]

    async def list_since(self, channel: str, since: int) -> Sequence[News]:
        """What was announced from a moment on, in milliseconds since 1970; one Resync when some of it may be gone."""
        found = await self._read_log(channel, f"{since}-0")
        # The newest are kept for a while: when these are fewer, they are all there were.
        if found is None or len(found) >= KEPT or time.time() - since / 1000 > KEPT_SECONDS:
            return [make_news("", RESYNC)]
        return [make_news(*each) for each in found]

    async def _read_log(self, channel: str, first: str) -> list[tuple[str, str]] | None:
        """Numbers and words of what is kept from number `first` on, oldest first. None when Redis does not say."""
        try:
            async with self._asking, Redis.from_url(self._url, socket_timeout=5, socket_connect_timeout=2) as redis:
                entries: Any = await redis.xrange(log_of(channel), min=first)
        except RedisError as error:
            log.warning("live_redis_lost", error=str(error))
            return None
        return [(number.decode(), fields[b"data"].decode()) for number, fields in entries]

    async def _read(self) -> None:
        while True:
            try:
                async with Redis.from_url(self._url) as redis, redis.pubsub() as pubsub:
                    await pubsub.psubscribe("live:*")
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self._pass_on(message["channel"].decode(), message["data"])
                        elif message["type"] == "psubscribe":
                            self._begin()
            except RedisError as error:
                log.warning("live_redis_lost", error=str(error))
            self._has_missed = True
            self._is_heard.set()
            await asyncio.sleep(1)

    def _begin(self) -> None:
        if self._has_missed:
            self._tell_everybody_to_resync()
        self._has_missed = False
        self._is_heard.set()

    def _pass_on(self, channel: str, message: bytes) -> None:
        said = json.loads(message)
        news = make_news(str(said["id"]), str(said["data"]))
        for stream in self._streams.get(channel, ()):
            stream.put(news)

    def _tell_everybody_to_resync(self) -> None:
        news = make_news("", RESYNC)
        for streams in self._streams.values():
            for stream in streams:
                stream.put(news)


def create_live() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application."""
    board = Switchboard(redis_url())

    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live_through(receive, send)
        elif scope["type"] == "http":
            await _answer(board, scope, receive, send)

    return live


async def _live_through(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            metrics.publish_forever("live")
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(board: Switchboard, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/healthz":
        await _reply(send, 200, b"ok")
        return
    query = parse_qs(scope["query_string"].decode("ascii", "replace"))
    ticket = find_pass(query.get("ticket", [""])[0])
    if ticket is None:
        # 204 tells an EventSource to stop asking; the page then asks for a new ticket.
        await _reply(send, 204, b"")
        return
    headers = _headers(b"text/event-stream", ticket.channel)
    with board.listen(ticket.channel) as stream:
        # What the page reads when it is open must not be older than the first news it hears.
        await board.wait_until_heard()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_wait_until_gone(receive))
        gone.add_done_callback(lambda _: stream.wake())
        try:
            await _write(send, b"retry: 3000\n\n")
            place = await _catch_up(board, ticket, _read_last(scope, query), _read_since(query), send)
            await _stream(send, stream, gone, ticket.until, place)
        finally:
            gone.cancel()


def _read_last(scope: Scope, query: Mapping[str, list[str]]) -> str | None:
    """The number after which the page knows nothing: from the header that browsers send, or from the address."""
    held = dict(scope.get("headers", ())).get(b"last-event-id", b"").decode("ascii", "replace")
    last = held or query.get("last", [""])[0]
    return last if _NUMBER.fullmatch(last) else None


def _read_since(query: Mapping[str, list[str]]) -> int | None:
    """When the page was made that has heard nothing yet."""
    since = query.get("since", [""])[0]
    return int(since) if _MILLISECONDS.fullmatch(since) else None


async def _catch_up(
    board: Switchboard, ticket: Pass, last: str | None, since: int | None, send: Send
) -> tuple[int, int]:
    """Say what was missed; returns the place of the last thing said. Listening has begun, so nothing falls between."""
    missed: Sequence[News] = ()
    if last is not None:
        missed = await board.list_missed(ticket.channel, last)
    elif since is not None:
        missed = await board.list_since(ticket.channel, since)
    for news in missed:
        await _write(send, news.text)
    if any(news.is_resync for news in missed):
        # The log began anew, and its numbers may be lower than the page's: Redis was emptied, or its clock set back.
        return 0, 0
    return max([make_news(last or "", "").place, *(news.place for news in missed)])


async def _stream(
    send: Send, stream: Stream, gone: "asyncio.Future[None]", until: float, place: tuple[int, int]
) -> None:
    while not gone.done() and (left := until - clock.now().timestamp()) > 0:
        taken = await stream.take(min(HEARTBEAT_SECONDS, left))
        if taken is None:
            await _write(send, b": still here\n\n")
            continue
        fresh = [news for news in taken if news.is_resync or news.place > place]
        if fresh:
            await _write(send, b"".join(news.text for news in fresh))
            # They rise, but for a Resync without a number: after that any number is news.
            place = fresh[-1].place
    await send({"type": "http.response.body", "body": b""})


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _reply(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _headers(b"text/plain")})
    await send({"type": "http.response.body", "body": body})


def _headers(kind: bytes, channel: str = "") -> list[tuple[bytes, bytes]]:
    """Only our own pages may read: the merchant's at APP_URL, vendors' at PORTAL_URL. What is public, anybody's."""
    config = get_config()
    url = urlsplit(config.portal_url if is_vendors(channel) else config.app_url)
    reader = "*" if is_public(channel) else f"{url.scheme}://{url.netloc}"
    return [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"access-control-allow-origin", reader.encode()),
    ]
