"""`make bench-proxy`: what storefronts ask per second, signed as by Shopify.

Bulk syncs of customers' items, durable when answered: each request is another customer's, 20 items, some new and some
edited since; afterwards the table is compared with what was acknowledged. And what pages ask us for beside what Shopify
draws: the next 20 of 200 reviews, 20 answered questions, a product's stock, and where a printed code leads (each scan
by another device, so each is counted). The server runs on core 0, PostgreSQL and the load on core 1.

The limit says how many a second two cores allow that do nothing else: so much CPU did our server and PostgreSQL spend
on each. A busy machine spoils it less than the pace, which also pays for the load itself.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import conditions, servers
from bench.intake.load import Load, percentiles

RESULT = servers.ROOT / "var" / "bench" / "proxy.json"
CUSTOMERS = 2000
ITEMS = 20
NEW, AGAIN = "new edits", "the same again"
PRODUCTS = 40
PORT = 4391
CODE = "mugsmugs"
READS = {
    "reviews": ("reviews.json", {"vendor": "ada", "from": "10"}),
    "questions": ("questions.json", {"vendor": "ada"}),
    "stock": ("stock.json", {"product": "8000001"}),
    "code": (f"q/{CODE}", {}),
}
_SEED = """
    SET session_replication_role = replica;
    INSERT INTO vendor_reviews (shop_id, vendor_id, vendor_order_id, stars, title, words, shown_name, state)
    SELECT shop_id, id, number, 1 + number % 5, 'As in the picture', repeat('It came whole. ', 15), 'Cleo', 'published'
    FROM vendors, generate_series(1, 200) AS number WHERE handle = 'ada';
    INSERT INTO questions (shop_id, vendor_id, key, words, shown_name, may_be_shown, state, answer, answered_at)
    SELECT shop_id, id, 'benchquestion' || number, 'Is it safe for the dishwasher?', 'Cleo', true, 'answered',
      'Yes, and for the oven.', now()
    FROM vendors, generate_series(1, 20) AS number WHERE handle = 'ada';
    INSERT INTO products (shop_id, vendor_id, shopify_gid, handle, title, status, published_at)
    SELECT shop_id, id, 'gid://shopify/Product/8000001', 'mug', 'Mug', 'published', now()
    FROM vendors WHERE handle = 'ada';
    INSERT INTO variants (shop_id, vendor_id, product_id, position, price_minor, currency, stock, shopify_gid)
    SELECT shop_id, vendor_id, id, number, 2400, 'USD', 4, 'gid://shopify/ProductVariant/' || 9000000 + number
    FROM products, generate_series(1, 3) AS number;
    INSERT INTO qr_codes (shop_id, vendor_id, code, name)
    SELECT shop_id, id, '{code}', 'On the stall' FROM vendors WHERE handle = 'ada'
"""


class Syncs:
    """Request number n is customer n % CUSTOMERS's next one."""

    def __init__(self, *, repeat: bool) -> None:
        self._repeat = repeat
        self._began = int(time.time() * 1000)
        self._heads = [self._head(customer) for customer in range(CUSTOMERS)]

    def __call__(self, number: int) -> bytes:
        customer, turn = number % CUSTOMERS, number // CUSTOMERS
        return self._write(customer, 0 if self._repeat else turn, turn)

    def _write(self, customer: int, turn: int, since: int) -> bytes:
        # Half of the items are those of the turn before, edited again.
        first = 8_000_000 + turn * (ITEMS // 2) % PRODUCTS
        items = [
            {
                "kind": "viewed" if n % 2 else "wishlist",
                "key": str(first + n),
                "clock": f"{self._began + turn:012x}-{n:04x}-{customer:08d}",
                "value": {
                    "handle": f"stoneware-bowl-{first + n}",
                    "title": f"Stoneware bowl {n}, glazed",
                    "image": _IMAGE,
                },
            }
            for n in range(ITEMS)
        ]
        body = json.dumps({"account": str(1_000_000 + customer), "since": since, "items": items}).encode()
        return self._heads[customer] + f"Content-Length: {len(body)}\r\n\r\n".encode() + body

    def _head(self, customer: int) -> bytes:
        query = sign({"logged_in_customer_id": str(1_000_000 + customer)})
        return f"POST /proxy/sync?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n".encode()


class Reads:
    """The same page's question again and again, as visitors of one vendor ask it, each with a device of their own."""

    def __init__(self, what: str) -> None:
        path, asked = READS[what]
        query = sign({**asked, "logged_in_customer_id": ""})
        # Of a device that scans again within the hour only one scan counts.
        self._head = f"GET /proxy/{path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Phone/{time.time_ns()}."

    def __call__(self, number: int) -> bytes:
        return f"{self._head}{number}\r\n\r\n".encode()


_IMAGE = "https://cdn.shopify.com/s/files/1/0000/0001/files/stoneware-bowl.jpg?width=600"


def sign(more: dict[str, str]) -> str:
    """A query as Shopify forwards it; it is good for 90 seconds."""
    held = {"shop": servers.SHOP, "path_prefix": "/a/market", "timestamp": str(int(time.time())), **more}
    message = "".join(f"{name}={value}" for name, value in sorted(held.items()))
    return urlencode(
        {**held, "signature": hmac.new(servers.API_SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()}
    )


def load(wanted: dict[str, Any]) -> None:
    """What the load's own process does."""
    write = Reads(wanted["what"]) if wanted["what"] in READS else Syncs(repeat=wanted["what"] == AGAIN)
    play = Load(PORT, write, at_most=10**9)
    took = play.play(wanted["connections"], wanted["seconds"])
    print(json.dumps({"statuses": play.statuses, "took": took, "ms": percentiles(play.seconds)}))


def measure(
    web: "subprocess.Popen[bytes]", database: servers.Database, bell: servers.Bell, wanted: dict[str, Any]
) -> dict[str, Any]:
    """One round of one kind: pace, times in ms, and the CPU us that each request took of us and of the stores.

    Half a second before it is for connections and caches that a server makes once.
    """
    warm, _ = _send({**wanted, "seconds": 0.5})
    processes = {"cpu_us": [web.pid], "stores_us": [database.pid, bell.pid]}
    before = {name: sum(map(conditions.cpu_seconds, pids)) for name, pids in processes.items()}
    good, said = _send(wanted)
    spent = {name: sum(map(conditions.cpu_seconds, pids)) - before[name] for name, pids in processes.items()}
    each = {name: round(seconds * 1e6 / good) for name, seconds in spent.items()}
    pace = {"per_second": round(good / said["took"]), "limit": round(2 * good / sum(spent.values()))}
    return {**wanted, "answered": warm + good, **pace, **each, **said["ms"]}


def _send(wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """How many were answered as they should be, which is all of them, and what the load's process says."""
    pin = ["taskset", "-c", "1"] if conditions.can_pin() else []
    command = [*pin, sys.executable, "-m", "bench.syncs", "--load", json.dumps(wanted)]
    done = subprocess.run(command, cwd=servers.ROOT, capture_output=True, text=True, timeout=120, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    right = "302" if wanted["what"] == "code" else "200"
    if set(said["statuses"]) != {right}:
        raise SystemExit(f"not every request for {wanted['what']} was answered {right}: {said['statuses']}")
    return int(said["statuses"][right]), said


def check(database: servers.Database, rows: Sequence[dict[str, Any]]) -> None:
    """Nothing was acknowledged that does not lie in the table, and each scan was counted."""
    synced = sum(row["answered"] for row in rows if row["what"] not in READS)
    scanned = sum(row["answered"] for row in rows if row["what"] == "code")
    for query, answered in (
        ("SELECT coalesce(sum(revision), 0) FROM customer_syncs", synced),
        ("SELECT coalesce(sum(scans), 0) FROM qr_scans", scanned),
    ):
        held = int(str(database.ask(query)[0][0]))
        if held != answered:
            raise SystemExit(f"{answered} were acknowledged, {held} lie in the table: {query}")


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise SystemExit("the server did not start")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.syncs", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.load:
        load(json.loads(asked.load))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wanted = {"connections": asked.connections, "seconds": asked.seconds}
    with servers.temporary_folder() as folder:
        rows, described = _play(folder, wanted, asked.rounds)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"conditions": described, "items": ITEMS, "rounds": rows}, indent=2) + "\n")
    for row in rows:
        name = row["what"] if row["what"] in READS else f"{row['what']}, {ITEMS} items"
        times = f"p50 {row['p50']:.1f} ms, p99 {row['p99']:.1f} ms"
        cpu = f"{row['cpu_us']} us of CPU each and {row['stores_us']} of PostgreSQL and Redis"
        print(f"{name:<24} {row['per_second']:>6}/s, {times}; {cpu}: two cores allow {row['limit']}/s")
    print(conditions.render(described), f"\nwritten to {RESULT.relative_to(servers.ROOT)}", sep="")


def _play(folder: Path, wanted: dict[str, Any], rounds: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    database, bell = servers.Database(folder), servers.Bell(folder)
    described = conditions.describe()
    try:
        conditions.pin(database.pid, 1)
        servers.make_shop(database)
        database.run(_SEED.format(code=CODE))
        env = servers.environment(folder, database.url, bell.url)
        web = servers.start(["app.cli", "serve", "--port", str(PORT)], env, folder / "web.log", core=conditions.core(0))
        try:
            wait_for(PORT)
            kinds = (NEW, AGAIN, *READS)
            rows = [measure(web, database, bell, {**wanted, "what": what}) for _ in range(rounds) for what in kinds]
            check(database, rows)
        finally:
            servers.end(web)
    finally:
        bell.stop()
        database.stop()
    return rows, described


if __name__ == "__main__":
    main()
