"""A stack at work: started, asked whether it keeps the contract, put under load."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import conditions, orders, servers
from bench.intake import stacks
from bench.intake.stacks import Stack
from tests.ports import free_ports

Row = dict[str, Any]
MOST_REQUESTS = 2_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One measurement: an order's lines, connections at once, seconds of load, and how much longer each fsync takes."""

    lines: int
    connections: int
    seconds: float = 5.0
    fsync_ms: int = 0

    @property
    def body(self) -> bytes:
        return orders.encode(orders.order(1, self.lines))

    @property
    def words(self) -> str:
        disk = f", every fsync {self.fsync_ms} ms longer" * bool(self.fsync_ms)
        size = f"{len(self.body) / 1000:.1f} kB"
        return f"orders/create of {size}, {self.connections} connections, {self.seconds:g} s a round{disk}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers of this run are."""

    folder: Path
    database: servers.Database
    bell: servers.Bell

    @property
    def environment(self) -> dict[str, str]:
        """Without the library that may slow down this place's disk: it is meant for PostgreSQL alone."""
        return _without_shim(servers.environment(self.folder, self.database.url, self.bell.url))

    def count(self) -> int:
        return int(str(self.database.ask("SELECT count(*) FROM inbox_events")[0][0]))


def _without_shim(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name not in {"LD_PRELOAD", "SHIM_CONTROL"}}


@contextlib.contextmanager
def serving(stack: Stack, place: Place) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The stack's process and the port on which it answers by now."""
    port = free_ports(1)[0]
    process = _start(stack, stack.environment(place.environment, _node_url(place.database, stack), port), place.folder)
    try:
        _await_answer(stack, port, process)
        yield process, port
    finally:
        servers.end(process)


def _node_url(database: servers.Database, stack: Stack) -> str:
    """The same socket in the spelling of the stack's client."""
    if stack is stacks.OURS:
        return database.url
    folder, port = database.socket.rsplit("/.s.PGSQL.", 1)
    return f"postgresql://postgres@localhost:{port}/postgres?host={folder}"


def _start(stack: Stack, env: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    pin = ["taskset", "-c", "0"] if conditions.can_pin() else []
    with (folder / "stack.log").open("ab") as log:
        command = [*pin, *stack.command]
        return subprocess.Popen(command, cwd=stack.folder, env=env, stdout=log, stderr=log, start_new_session=True)


def load(port: int, wanted: Wanted, run: str, *, seconds: float = 0, at_most: int = MOST_REQUESTS) -> Row:
    """In a process of its own, beside PostgreSQL. `at_most` so many requests, each then about another order."""
    pin = ["taskset", "-c", "1"] if conditions.can_pin() else []
    told = {
        "port": port,
        "headers": headers(wanted.body, "{id}", "{signature}"),
        "body": wanted.body.decode(),
        "secret": servers.API_SECRET,
        "other_orders": at_most < MOST_REQUESTS,
        "run": run,
        "connections": wanted.connections,
        "seconds": seconds or wanted.seconds,
        "at_most": at_most,
    }
    done = subprocess.run(
        [*pin, sys.executable, "-m", "bench.intake.load"],
        cwd=servers.ROOT,
        env=_without_shim(os.environ),
        input=json.dumps(told).encode(),
        capture_output=True,
        timeout=(seconds or wanted.seconds) + 60,
        check=True,
    )
    answer: Row = json.loads(done.stdout)
    return answer


def headers(body: bytes, name: str, signature: str | None = None) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-Sha256": signature or orders.sign(servers.API_SECRET, body),
        "X-Shopify-Shop-Domain": servers.SHOP,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": name,
        "X-Shopify-Event-Id": name,
        "X-Shopify-Triggered-At": "2026-11-20T09:00:00.123456789Z",
    }


def _await_answer(stack: Stack, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"{stack.name} ended with {process.returncode} before it answered")
        with contextlib.suppress(OSError):
            _ask(port, b"{}", {"Content-Type": "application/json"})
            return
        time.sleep(0.1)
    raise SystemExit(f"{stack.name} does not answer")


def see_contract(stack: Stack, port: int, body: bytes) -> None:
    """200 for a signed webhook and for its duplicate, 401 for a wrong signature."""
    wrong = orders.sign("another secret", body)
    answers = [_ask(port, body, headers(body, "one")), _ask(port, body, headers(body, "one"))]
    answers.append(_ask(port, body, headers(body, "two", wrong)))
    if answers != [200, 200, 401]:
        print(f"{stack.name} answers {answers} instead of [200, 200, 401]")


def _ask(port: int, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/webhooks", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
