"""`make bench-intake`: signed orders/create per second into the same durable table, ours beside Node's.

One process each, the server on one core, PostgreSQL and the load on the other. The stacks take turns in every round,
because a machine is never the same a minute later: compare figures of one run only.
"""

import argparse
import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import conditions, installed, orders, servers
from bench.intake import stacks
from bench.intake.stacks import STACKS, Stack
from tests.scenarios.market import free_ports

RESULT = servers.ROOT / "var" / "bench" / "intake.json"
LINES = 15
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One measurement: an order's lines, connections at once, seconds of load."""

    lines: int
    connections: int
    seconds: float

    @property
    def body(self) -> bytes:
        return orders.encode(orders.order(1, self.lines))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers of this run are."""

    folder: Path
    database: servers.Database
    bell: servers.Bell


def measure(stack: Stack, place: Place, wanted: Wanted, run: str) -> Row:
    """Start the stack, see that it keeps the contract, load it, and count what lies in the table afterwards."""
    place.database.run("TRUNCATE inbox_events")
    place.database.run("CHECKPOINT")
    port = free_ports(1)[0]
    base = servers.environment(place.folder, place.database.url, place.bell.url)
    process = _start(stack, stack.environment(base, node_url(place.database, stack), port), place.folder)
    try:
        _await(stack, port, process)
        _see_contract(stack, port, wanted.body)
        _load(port, Wanted(wanted.lines, wanted.connections, 1.0), f"{run}-warm")
        cpu, before = conditions.cpu_seconds(process.pid), _count(place)
        loaded = _load(port, wanted, run)
        cpu = conditions.cpu_seconds(process.pid) - cpu
        stored = _count(place) - before
    finally:
        servers.end(process)
    answered = int(loaded["statuses"].get("200", 0))
    if stored < answered:
        raise SystemExit(f"{stack.name} answered {answered} and stored {stored}")
    return {
        "stack": stack.name,
        "answered": answered,
        "other": {status: count for status, count in loaded["statuses"].items() if status != "200"},
        "stored": stored,
        "per_second": round(answered / loaded["took"], 1),
        "cpu_us": round(cpu * 1e6 / max(1, sum(loaded["statuses"].values())), 1),
        **loaded["ms"],
    }


def node_url(database: servers.Database, stack: Stack) -> str:
    """The same socket in the spelling of the stack's client."""
    if stack is stacks.OURS:
        return database.url
    folder, port = database.socket.rsplit("/.s.PGSQL.", 1)
    return f"postgresql://postgres@localhost:{port}/postgres?host={folder}"


def summarize(rows: Sequence[Row], mine: str = stacks.OURS.name) -> list[Row]:
    """Per stack the median of its rounds, and how many times its pace ours is."""
    found = []
    for stack in dict.fromkeys(row["stack"] for row in rows):
        own = [row for row in rows if row["stack"] == stack]
        pace = [row["per_second"] for row in own]
        middle = {
            name: median(row[name] for row in own) for name in ("per_second", "p50", "p95", "p99", "max", "cpu_us")
        }
        found.append({"stack": stack, **middle, "least": min(pace), "most": max(pace), "rounds": len(own)})
    ours = next(row["per_second"] for row in found if row["stack"] == mine)
    return [{**row, "ours_is": round(ours / row["per_second"], 2) if row["per_second"] else None} for row in found]


def render(rows: Sequence[Row], wanted: Wanted) -> str:
    size = f"{len(wanted.body) / 1000:.1f} kB"
    lines = [f"\norders/create of {size}, {wanted.connections} connections, {wanted.seconds:g} s a round"]
    names = f"{'per second':>10} {'least-most':>15} {'p50':>7} {'p95':>7} {'p99':>7} ms {'CPU us':>7} {'ours is':>8}"
    lines.append(f"{'':<26} {names}")
    for row in rows:
        times = "-" if row["ours_is"] is None else f"{row['ours_is']:.2f} x"
        spread = f"{row['least']:.0f}-{row['most']:.0f}"
        ms = " ".join(f"{row[name]:>7.1f}" for name in ("p50", "p95", "p99"))
        lines.append(
            f"{row['stack']:<26} {row['per_second']:>10.0f} {spread:>15} {ms}    {row['cpu_us']:>7.0f} {times:>8}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, nargs="+", default=[32])
    parser.add_argument("--lines", type=int, nargs="+", default=[LINES], help="of an order; 620 make 0.68 MB")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stacks.install()
    result: Row = {"conditions": conditions.describe(), "versions": stacks.versions(), "measured": []}
    with servers.temporary_folder() as folder:
        place = Place(folder, installed.open_database(folder), servers.Bell(folder))
        try:
            _prepare(place)
            result["conditions"] |= _describe(place.database)
            for lines in asked.lines:
                for connections in asked.connections:
                    _play(place, Wanted(lines, connections, asked.seconds), asked.rounds, result)
        finally:
            place.bell.stop()
            place.database.stop()
    result["conditions"]["load_average_after"] = conditions.describe()["load_average"]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    found = result["conditions"]
    print(f"\n{conditions.render(found)}, PostgreSQL {found['postgresql']} with {found['body_compression']}")
    print(f"written to {RESULT.relative_to(servers.ROOT)}")


def _play(place: Place, wanted: Wanted, rounds: int, result: Row) -> None:
    rows = []
    for turn in range(rounds):
        for at in range(len(STACKS)):
            stack = STACKS[(at + turn) % len(STACKS)]
            rows.append(measure(stack, place, wanted, f"{turn}-{at}"))
    summary = summarize(rows)
    shown = {"lines": wanted.lines, "bytes": len(wanted.body), "connections": wanted.connections}
    result["measured"].append({**shown, "seconds": wanted.seconds, "summary": summary, "rounds": rows})
    print(render(summary, wanted), flush=True)


def _prepare(place: Place) -> None:
    """The same for everybody: full durability, and no checkpoint in the middle of a round."""
    place.database.run("ALTER SYSTEM SET max_wal_size = '4GB'")
    place.database.run("SELECT pg_reload_conf()")
    settings = {name: place.database.ask(f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit")}
    if set(settings.values()) != {"on"}:
        raise SystemExit(f"PostgreSQL is not durable: {settings}")
    conditions.pin(place.database.pid, 1)
    conditions.pin(place.bell.pid, 1)


def _describe(database: servers.Database) -> dict[str, str]:
    """The server, and how it squeezes bodies: the older method costs more than all the rest of storing them."""
    squeezed = "SELECT attcompression FROM pg_attribute WHERE attrelid = 'inbox_events'::regclass AND attname = 'body'"
    version, method = database.ask("SHOW server_version")[0][0], database.ask(squeezed)[0][0]
    return {"postgresql": str(version).split()[0], "body_compression": "lz4" if method == "l" else "pglz"}


def _start(stack: Stack, env: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    pin = ["taskset", "-c", "0"] if conditions.can_pin() else []
    with (folder / "stack.log").open("ab") as log:
        command = [*pin, *stack.command]
        return subprocess.Popen(command, cwd=stack.folder, env=env, stdout=log, stderr=log, start_new_session=True)


def _load(port: int, wanted: Wanted, run: str) -> Row:
    """In a process of its own, beside PostgreSQL."""
    pin = ["taskset", "-c", "1"] if conditions.can_pin() else []
    told = {
        "port": port,
        "head": _head(wanted.body),
        "body": wanted.body.decode(),
        "run": run,
        "connections": wanted.connections,
        "seconds": wanted.seconds,
    }
    done = subprocess.run(
        [*pin, sys.executable, "-m", "bench.intake.load"],
        cwd=servers.ROOT,
        input=json.dumps(told).encode(),
        capture_output=True,
        timeout=wanted.seconds + 60,
        check=True,
    )
    answer: Row = json.loads(done.stdout)
    return answer


def _headers(body: bytes, name: str, signature: str | None = None) -> dict[str, str]:
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


def _head(body: bytes) -> str:
    lines = [f"{name}: {value}" for name, value in _headers(body, "{id}").items()]
    return "\r\n".join(["POST /webhooks HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *lines, "", ""])


def _await(stack: Stack, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"{stack.name} ended with {process.returncode} before it answered")
        with contextlib.suppress(OSError):
            _ask(port, b"{}", {"Content-Type": "application/json"})
            return
        time.sleep(0.1)
    raise SystemExit(f"{stack.name} does not answer")


def _see_contract(stack: Stack, port: int, body: bytes) -> None:
    """200 for a signed webhook and for its duplicate, 401 for a wrong signature."""
    wrong = orders.sign("another secret", body)
    answers = [_ask(port, body, _headers(body, "one")), _ask(port, body, _headers(body, "one"))]
    answers.append(_ask(port, body, _headers(body, "two", wrong)))
    if answers != [200, 200, 401]:
        print(f"{stack.name} answers {answers} instead of [200, 200, 401]")


def _ask(port: int, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/webhooks", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _count(place: Place) -> int:
    return int(str(place.database.ask("SELECT count(*) FROM inbox_events")[0][0]))


if __name__ == "__main__":
    main()
