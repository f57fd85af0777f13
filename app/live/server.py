"""Server-sent events: a small ASGI app that holds thousands of idle connections and passes on what Redis says.

GET /live?ticket=… answers with a stream of `id: <number>` and `data: <kind>`. One Redis subscription per process feeds
every stream. A page that was cut off names the last number it saw (Last-Event-ID) and gets what it missed; when that
cannot be known any more, it gets `Resync` and looks for itself. A stream ends when its ticket does.
"""

import asyncio
import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app import clock
from app.config import get_config
from app.live.channels import Pass, find_pass, is_public, log_of
from app.queue import redis_url

HEARTBEAT_SECONDS: Final = 15.0
RESYNC: Final = "Resync"
"""Said in place of news that are lost: whatever the page shows may be old."""
_BACKLOG: Final = 100
_ASKING_AT_ONCE: Final = 20
_NUMBER: Final = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)

News = tuple[str, str]
"""The number of an announcement, empty when it has none, and what it says."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger()


class Switchboard:
    """Which streams listen to which channel, and the one task that reads Redis for all of them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: dict[str, set[asyncio.Queue[News]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None
        # After a restart every page comes back at once.
        self._asking = asyncio.Semaphore(_ASKING_AT_ONCE)

    @contextlib.contextmanager
    def listen(self, channel: str) -> Any:
        """A queue that receives the news announced on `channel`."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())
        stream: asyncio.Queue[News] = asyncio.Queue(_BACKLOG)
        self._streams[channel].add(stream)
        try:
            yield stream
        finally:
            self._streams[channel].discard(stream)
            if not self._streams[channel]:
                del self._streams[channel]

    async def list_missed(self, channel: str, last: str) -> list[News]:
        """What was announced after number `last`; one Resync when the log does not reach back that far."""
        try:
            async with self._asking, Redis.from_url(self._url, socket_timeout=5, socket_connect_timeout=2) as redis:
                entries: Any = await redis.xrange(log_of(channel), min=last)
        except RedisError as error:
            log.warning("live_redis_lost", error=str(error))
            return [("", RESYNC)]
        found = [(number.decode(), fields[b"data"].decode()) for number, fields in entries]
        # The page's own last number must still be in the log: else what came next may be gone as well.
        return found[1:] if found and found[0][0] == last else [("", RESYNC)]

    async def _read(self) -> None:
        lost = False
        while True:
            try:
                async with Redis.from_url(self._url) as redis, redis.pubsub() as pubsub:
                    await pubsub.psubscribe("live:*")
                    if lost:
                        self._tell_everybody_to_resync()
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self._pass_on(message["channel"].decode(), message["data"])
            except RedisError as error:
                log.warning("live_redis_lost", error=str(error))
            lost = True
            await asyncio.sleep(1)

    def _pass_on(self, channel: str, message: bytes) -> None:
        news = json.loads(message)
        for stream in self._streams.get(channel, ()):
            _put(stream, (str(news["id"]), str(news["data"])))

    def _tell_everybody_to_resync(self) -> None:
        for streams in self._streams.values():
            for stream in streams:
                _put(stream, ("", RESYNC))


def _put(stream: "asyncio.Queue[News]", news: News) -> None:
    """A page that did not read for a hundred events is told to look for itself instead of hearing some of them."""
    if stream.full():
        while not stream.empty():
            stream.get_nowait()
        news = (news[0], RESYNC)
    stream.put_nowait(news)


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
    headers = _headers(b"text/event-stream", public=is_public(ticket.channel))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with board.listen(ticket.channel) as stream:
        gone = asyncio.ensure_future(_wait_until_gone(receive))
        try:
            last = await _catch_up(board, ticket, _read_last(scope, query), send)
            await _stream(send, stream, gone, ticket.until, last)
        finally:
            gone.cancel()


def _read_last(scope: Scope, query: Mapping[str, list[str]]) -> str | None:
    """The number after which the page knows nothing: from the header that browsers send, or from the address."""
    held = dict(scope.get("headers", ())).get(b"last-event-id", b"").decode("ascii", "replace")
    last = held or query.get("last", [""])[0]
    return last if _NUMBER.fullmatch(last) else None


async def _catch_up(board: Switchboard, ticket: Pass, last: str | None, send: Send) -> str | None:
    """Say what was missed; returns the number of the last thing said. Listening has begun, so nothing falls between."""
    await _write(send, b"retry: 3000\n\n")
    for number, data in await board.list_missed(ticket.channel, last) if last else ():
        await _say(send, number, data)
        last = number or last
    return last


async def _stream(
    send: Send, stream: "asyncio.Queue[News]", gone: "asyncio.Future[None]", until: float, last: str | None
) -> None:
    while not gone.done() and clock.now().timestamp() < until:
        waiting = asyncio.ensure_future(stream.get())
        watched: set[asyncio.Future[Any]] = {waiting, gone}
        await asyncio.wait(watched, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            await _write(send, b": still here\n\n")
            continue
        number, data = waiting.result()
        if data == RESYNC or last is None or _place(number) > _place(last):
            await _say(send, number, data)
            last = number or last
    await send({"type": "http.response.body", "body": b""})


def _place(number: str) -> tuple[int, int]:
    milliseconds, _, count = number.partition("-")
    return int(milliseconds), int(count)


async def _say(send: Send, number: str, data: str) -> None:
    name = f"id: {number}\n" if number else ""
    await _write(send, f"{name}data: {data}\n\n".encode())


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _reply(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _headers(b"text/plain")})
    await send({"type": "http.response.body", "body": body})


def _headers(kind: bytes, *, public: bool = False) -> list[tuple[bytes, bytes]]:
    """Only our own pages may read, which live at APP_URL; what is public, the storefront's too."""
    url = urlsplit(get_config().app_url)
    reader = "*" if public else f"{url.scheme}://{url.netloc}"
    return [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"access-control-allow-origin", reader.encode()),
    ]
