"""A network that misbehaves on demand: a TCP port in front of a server's socket, in a thread of its own."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_CHUNK = 64 * 1024
T = TypeVar("T")


class Proxy:
    """`calm` passes everything on; `slow` waits before each chunk; `frozen` passes nothing; `half` cuts a chunk."""

    def __init__(self, find_upstream: Callable[[], str | int]) -> None:
        self._find_upstream = find_upstream
        self._weather, self._delay = "calm", 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._accept, sock=listener))

    def calm(self) -> None:
        self._weather = "calm"

    def slow(self, seconds: float) -> None:
        """Hold every chunk for so long, in both directions."""
        self._weather, self._delay = "slow", seconds

    def freeze(self) -> None:
        """Pass nothing on, close nothing: what a cut cable looks like until somebody's patience ends."""
        self._weather = "frozen"

    def cut_half_way(self) -> None:
        """The next chunk on each connection arrives in half, then the connection is reset."""
        self._weather = "half"

    def reset(self) -> None:
        """Reset every connection that is open now."""
        self._loop.call_soon_threadsafe(self._reset_all)

    def close(self) -> None:
        self.calm()
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _end(self) -> None:
        self._server.close()
        self._reset_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reset_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        try:
            upstream = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, upstream[1]}
        self._writers |= ends
        pumps = [
            asyncio.ensure_future(self._pump(reader, upstream[1])),
            asyncio.ensure_future(self._pump(upstream[0], writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers -= ends
            for pump in pumps:
                pump.cancel()
            for end in ends:
                end.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The server behind listens on a unix socket, or on a port of this machine."""
        where = self._find_upstream()
        if isinstance(where, int):
            return await asyncio.open_connection("127.0.0.1", where)
        return await asyncio.open_unix_connection(where)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if self._weather == "slow":
                    await asyncio.sleep(self._delay)
                while self._weather == "frozen":  # noqa: ASYNC110 - another thread changes the weather
                    await asyncio.sleep(0.05)
                half = self._weather == "half"
                writer.write(chunk[: len(chunk) // 2] if half else chunk)
                await writer.drain()
                if half:
                    return
