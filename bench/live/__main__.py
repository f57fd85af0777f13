"""`make bench-live`: what ten thousand open pages cost, and how soon all of them know that a product is sold out.

The whole way is measured: Shopify's signed webhook to the web server, the inbox, the worker that takes the stock over,
Redis, the live server, and each of the pages, which one process holds on sockets of its own.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import resource
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import httpx

from app.reservations.rules import describe
from bench import conditions, servers
from bench.live.pages import Hearing, open_pages, wait_for_all

RESULT: Final = servers.ROOT / "var" / "bench" / "live.json"
WEB_PORT, LIVE_PORT = 27980, 27981
PRODUCT, VARIANT, ITEM, LOCATION = 7, 70, 700, 1
_SPARE_FILES: Final = 200


def make_product(database: servers.Database, shop_id: int) -> None:
    """One product with one variant on sale, as the catalogue holds it."""
    database.run("UPDATE shops SET location_gid = %s WHERE id = %s", f"gid://shopify/Location/{LOCATION}", shop_id)
    product = """
        INSERT INTO products (shop_id, vendor_id, shopify_gid, title, status)
        SELECT shop_id, id, %s, 'Blue mug', 'published' FROM vendors WHERE handle = 'ada'
    """
    database.run(product, f"gid://shopify/Product/{PRODUCT}")
    variant = """
        INSERT INTO variants (shop_id, vendor_id, product_id, price_minor, currency, stock, shopify_gid,
                              inventory_item_gid)
        SELECT shop_id, vendor_id, id, 2400, 'USD', 0, %s, %s FROM products
    """
    gids = f"gid://shopify/ProductVariant/{VARIANT}", f"gid://shopify/InventoryItem/{ITEM}"
    database.run(variant, *gids)


def tell_of_stock(number: int, available: int) -> None:
    """Shopify's webhook inventory_levels/update, signed. Raises when it is not answered 200."""
    level = {"inventory_item_id": ITEM, "location_id": LOCATION, "available": available}
    body = json.dumps({**level, "updated_at": datetime.now(UTC).isoformat()}).encode()
    signature = base64.b64encode(hmac.digest(servers.API_SECRET.encode(), body, hashlib.sha256)).decode()
    headers = {
        "X-Shopify-Topic": "inventory_levels/update",
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Shop-Domain": servers.SHOP,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": f"w{number}",
        "X-Shopify-Event-Id": f"e{number}",
    }
    httpx.post(f"http://127.0.0.1:{WEB_PORT}/webhooks", content=body, headers=headers).raise_for_status()


def memory_mib(pid: int) -> float:
    """What a process and its children hold, shared pages counted once."""
    total = 0
    for process in (pid, *conditions.children(pid)):
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


@contextmanager
def running(folder: Path, env: dict[str, str]) -> Iterator[Popen[bytes]]:
    """Web, worker and live; gives the live server's process."""
    live = ["app.cli", "live", "--port", str(LIVE_PORT)]
    with ExitStack() as ending:
        for name, arguments, core in (
            ("web", ["app.cli", "serve", "--port", str(WEB_PORT)], 1),
            ("worker", ["app.cli", "worker", "events"], 1),
            ("live", live, 0),
        ):
            process = servers.start(arguments, env, folder / f"{name}.log", core=conditions.core(core))
            ending.callback(servers.end, process)
        _wait_until_up(WEB_PORT)
        _wait_until_up(LIVE_PORT)
        time.sleep(3)  # the worker's start is not what is measured
        yield process


def _wait_until_up(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(f"nothing answers at port {port}")


async def measure(live: Popen[bytes], ticket: str, pages: int, changes: int) -> dict[str, Any]:
    """Open the pages, change the stock so often, one change at a time, and note who heard it when."""
    empty, began = memory_mib(live.pid), time.monotonic()
    hearing = await open_pages(LIVE_PORT, ticket, pages)
    opening = time.monotonic() - began
    full, cpu = memory_mib(live.pid), conditions.cpu_seconds(live.pid)
    rounds = [await _change(hearing, number) for number in range(changes)]
    lost, memory = hearing.lost, memory_mib(live.pid)
    spent = conditions.cpu_seconds(live.pid) - cpu
    hearing.close()
    return {
        "pages": pages,
        "opened_in_seconds": round(opening, 2),
        "memory_mib_empty": round(empty, 1),
        "memory_mib_open": round(full, 1),
        "memory_mib_after": round(memory, 1),
        "live_cpu_ms_per_change": round(spent * 1000 / changes, 1),
        "lost": lost,
        "changes": rounds,
    }


async def _change(hearing: Hearing, number: int) -> dict[str, Any]:
    available = (number + 1) % 2  # it begins with none
    hearing.expect(json.dumps({"variants": [asdict(describe(VARIANT, available, carts=0))]}).encode())
    began = time.monotonic()
    await asyncio.to_thread(tell_of_stock, number, available)
    await wait_for_all(hearing)
    seconds = sorted(at - began for at in hearing.heard_at)
    if not seconds:
        sys.exit(f"No page heard of change {number}: is what pages are told still what this looks for?")
    await asyncio.sleep(0.5)
    return {
        "heard": len(seconds),
        "first": round(seconds[0], 3),
        "median": round(statistics.median(seconds), 3),
        "p99": round(seconds[int(len(seconds) * 0.99) - 1], 3),
        "last": round(seconds[-1], 3),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--changes", type=int, default=10)
    wanted = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _allow_files(wanted.pages + _SPARE_FILES)
    with servers.temporary_folder() as folder, ExitStack() as ending:
        database, bell = servers.Database(folder), servers.Bell(folder)
        ending.callback(database.stop)
        ending.callback(bell.stop)
        shop_id = servers.make_shop(database)
        make_product(database, shop_id)
        env = servers.environment(folder, database.url, bell.url)
        os.environ.update(env)
        ticket = _ticket(shop_id)
        with running(folder, env) as live:
            conditions.pin(os.getpid(), 1)
            found = asyncio.run(measure(live, ticket, wanted.pages, wanted.changes))
    result: dict[str, Any] = {"conditions": conditions.describe(), **found}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    _print(result)


def _ticket(shop_id: int) -> str:
    # The settings are read when this is imported.
    from app.live.channels import stock_ticket  # noqa: PLC0415

    return stock_ticket(shop_id, PRODUCT)


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        sys.exit(
            f"This shell lets a process open {hard} files; {count} are needed: ulimit -n {count}, or fewer --pages."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def _print(result: dict[str, Any]) -> None:
    print(f"{result['pages']} pages opened in {result['opened_in_seconds']} s, {result['lost']} lost")
    memory = f"{result['memory_mib_empty']} MiB without pages, {result['memory_mib_open']} with them"
    print(f"{memory}, {result['memory_mib_after']} after all changes")
    print(f"{result['live_cpu_ms_per_change']} ms of the live server's CPU for each change")
    print("heard by      first     median        p99       last  seconds from Shopify's webhook")
    for row in result["changes"]:
        print(
            f"{row['heard']:>8} {row['first']:>10.3f} {row['median']:>10.3f} {row['p99']:>10.3f} {row['last']:>10.3f}"
        )
    print(conditions.render(result["conditions"]), f"\nwritten to {RESULT.relative_to(servers.ROOT)}", sep="")


if __name__ == "__main__":
    main()
