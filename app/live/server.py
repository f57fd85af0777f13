"""Server-sent events: a small ASGI app that holds thousands of idle connections and passes on what Redis says.

GET /live?ticket=… answers with a stream of `data: <kind>`. One Redis subscription per process feeds every stream.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.config import get_config
from app.live.channels import find_channel
from app.queue import redis_url

HEARTBEAT_SECONDS: Final = 15.0
_BACKLOG: Final = 100

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger()


class Switchboard:
    """Which streams listen to which channel, and the one task that reads Redis for all of them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def listen(self, channel: str) -> Any:
        """A queue that receives the kinds announced on `channel`."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())
        stream: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)
        self._streams[channel].add(stream)
        try:
            yield stream
        finally:
            self._streams[channel].discard(stream)
            if not self._streams[channel]:
                del self._streams[channel]

    async def _read(self) -> None:
        while True:
            try:
                async with Redis.from_url(self._url) as redis, redis.pubsub() as pubsub:
                    await pubsub.psubscribe("live:*")
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self._pass_on(message["channel"].decode(), message["data"])
            except RedisError as error:
                log.warning("live_redis_lost", error=str(error))
            await asyncio.sleep(1)

    def _pass_on(self, channel: str, data: bytes) -> None:
        kind = str(json.loads(data)["kind"])
        for stream in self._streams.get(channel, ()):
            # A page that does not read for a hundred events has more to worry about than the next one.
            with contextlib.suppress(asyncio.QueueFull):
                stream.put_nowait(kind)


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
    ticket = parse_qs(scope["query_string"].decode("ascii", "replace")).get("ticket", [""])[0]
    channel = find_channel(ticket)
    if channel is None:
        # 204 tells an EventSource to stop asking; the page gets a new ticket when it is next loaded.
        await _reply(send, 204, b"")
        return
    await send({"type": "http.response.start", "status": 200, "headers": _headers(b"text/event-stream")})
    with board.listen(channel) as stream:
        gone = asyncio.ensure_future(_wait_until_gone(receive))
        try:
            await _stream(send, stream, gone)
        finally:
            gone.cancel()


async def _stream(send: Send, stream: "asyncio.Queue[str]", gone: "asyncio.Future[None]") -> None:
    await _write(send, b"retry: 3000\n\n")
    while not gone.done():
        waiting = asyncio.ensure_future(stream.get())
        watched: set[asyncio.Future[Any]] = {waiting, gone}
        await asyncio.wait(watched, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            await _write(send, f"data: {waiting.result()}\n\n".encode())
        else:
            waiting.cancel()
            await _write(send, b": still here\n\n")


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _reply(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _headers(b"text/plain")})
    await send({"type": "http.response.body", "body": body})


def _headers(kind: bytes) -> list[tuple[bytes, bytes]]:
    """Only our own pages may read: the portal and the embedded pages live at APP_URL."""
    url = urlsplit(get_config().app_url)
    return [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"access-control-allow-origin", f"{url.scheme}://{url.netloc}".encode()),
    ]
