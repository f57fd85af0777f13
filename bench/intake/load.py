"""A load generator: so many connections, each sends the next webhook when the last one was answered. Bounded in time.

One thread, raw sockets and epoll, because it shares its core with PostgreSQL. Prints one JSON object.
"""

import base64
import contextlib
import hmac
import json
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_GRACE_SECONDS = 10.0


@dataclass(slots=True)
class Connection:
    """A keep-alive connection and the request that is under way on it."""

    socket: socket.socket
    left: memoryview = field(default_factory=lambda: memoryview(b""))
    began: float = 0.0
    answer: bytes = b""


class Load:
    """`write` makes the request with a number."""

    def __init__(self, port: int, write: Callable[[int], bytes], at_most: int) -> None:
        self._port, self._write, self._at_most = port, write, at_most
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}
        self._sent = 0
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []

    def play(self, connections: int, seconds: float) -> float:
        """Send for so long, then wait for what is under way. Returns how long the sending took."""
        for _ in range(connections):
            self._connect()
        began = time.perf_counter()
        until = began + seconds
        for connection in list(self._open.values()):
            self._send_next(connection)
        while self._open and (now := time.perf_counter()) < until + _GRACE_SECONDS:
            more = now < until and self._sent < self._at_most
            for number, events in self._poll.poll(0.5):
                self._serve(self._open[number], events, more=more)
        return min(time.perf_counter(), until) - began

    def _connect(self) -> Connection:
        one = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.setblocking(False)
        connection = self._open[one.fileno()] = Connection(one)
        self._poll.register(one.fileno(), select.EPOLLIN)
        return connection

    def _send_next(self, connection: Connection) -> None:
        self._sent += 1
        request = self._write(self._sent)
        connection.began = time.perf_counter()
        connection.left = memoryview(request)
        self._push(connection)

    def _push(self, connection: Connection) -> None:
        waits = len(connection.left) > 0
        with contextlib.suppress(BlockingIOError):
            connection.left = connection.left[connection.socket.send(connection.left) :]
        if waits:
            events = select.EPOLLIN | (select.EPOLLOUT if connection.left else 0)
            self._poll.modify(connection.socket.fileno(), events)

    def _serve(self, connection: Connection, events: int, *, more: bool) -> None:
        if events & select.EPOLLOUT:
            self._push(connection)
        if not events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            return
        try:
            received = connection.socket.recv(65536)
        except OSError:
            received = b""
        connection.answer += received
        if not received:
            self._end(connection, 0, again=more)
        elif is_whole(connection.answer):
            self.seconds.append(time.perf_counter() - connection.began)
            self.statuses[int(connection.answer[9:12])] += 1
            connection.answer = b""
            if more:
                self._send_next(connection)
            else:
                self._close(connection)

    def _end(self, connection: Connection, status: int, *, again: bool) -> None:
        """The server hung up."""
        self.statuses[status] += 1
        self._close(connection)
        if again:
            self._send_next(self._connect())

    def _close(self, connection: Connection) -> None:
        del self._open[connection.socket.fileno()]
        self._poll.unregister(connection.socket.fileno())
        connection.socket.close()


def is_whole(answer: bytes) -> bool:
    """Whether an HTTP answer has arrived to its end."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if lines.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(lines.get(b"content-length", b"0"))


class Writer:
    """The same order again and again under other ids; or another order each time, signed anew."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self._run, self._secret = str(wanted["run"]), str(wanted["secret"])
        self._body = str(wanted["body"]).encode()
        self._other_orders = wanted["other_orders"]
        lines = [f"{name}: {value}" for name, value in wanted["headers"].items()]
        whole = ["POST /webhooks HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(self._body)}", *lines, "", ""]
        head = "\r\n".join(whole).encode()
        self._head = head if self._other_orders else head.replace(b"{signature}", self._sign(self._body))

    def __call__(self, number: int) -> bytes:
        name = f"{self._run}-{number}".encode()
        if not self._other_orders:
            return self._head.replace(b"{id}", name) + self._body
        # Every number of an order begins with its own: orders.py.
        body = self._body.replace(b"5000000001", b"5%09d" % (100_000 + number))
        return self._head.replace(b"{id}", name).replace(b"{signature}", self._sign(body)) + body

    def _sign(self, body: bytes) -> bytes:
        return base64.b64encode(hmac.digest(self._secret.encode(), body, "sha256"))


def main() -> None:
    """Reads its orders as JSON from standard input."""
    wanted: dict[str, Any] = json.load(sys.stdin)
    load = Load(wanted["port"], Writer(wanted), wanted["at_most"])
    took = load.play(wanted["connections"], wanted["seconds"])
    print(json.dumps({"statuses": load.statuses, "took": took, "ms": percentiles(load.seconds)}))


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the slowest, in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in at.items()}
    return {name: round(value * 1000, 2) for name, value in {**found, "max": ordered[-1]}.items()}


if __name__ == "__main__":
    main()
