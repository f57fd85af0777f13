"""`make bench-drain`: webhooks per second from the inbox's row to the committed effect, by one worker process.

Every row is another order of three lines: split among two vendors and the store, commission, ledger, outbox.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench import conditions, installed, orders, servers

RESULT = servers.ROOT / "var" / "bench" / "drain.json"
LINES = 3
_PATIENCE_SECONDS = 300.0
_INSERT = """
    INSERT INTO inbox_events (shop_domain, topic, webhook_id, event_id, body) VALUES (%s, 'orders/create', %s, %s, %s)
"""
_HANDLED = """
    SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state IN ('failed', 'dead', 'refused')),
           extract(epoch FROM max(handled_at) - %s::timestamptz) FROM inbox_events WHERE id > %s
"""
_EFFECTS = """
    SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_lines),
           (SELECT count(*) FROM domain_events),
           (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries)
"""


def fill(database: servers.Database, first: int, count: int) -> int:
    """Put so many orders into the inbox, as the intake does; returns the last id before them."""
    before = int(str(database.ask("SELECT coalesce(max(id), 0) FROM inbox_events")[0][0]))
    rows = (
        (servers.SHOP, f"w{number}", f"e{number}", orders.encode(orders.order(number, LINES)))
        for number in range(first, first + count)
    )
    with psycopg.connect(database.url) as connection, connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
    return before


def drain(database: servers.Database, env: dict[str, str], log: Path, after: int, count: int) -> dict[str, Any]:
    """Start one worker process, ring once, and wait until it has worked off every row after `after`."""
    worker = servers.start(["app.cli", "worker", "events"], env, log, core=conditions.core(0))
    try:
        time.sleep(4)  # its start is not what is measured
        began = datetime.now(UTC)
        cpu = conditions.cpu_seconds(worker.pid)
        ring = "from app.queue import enqueue; enqueue('jobs.events.drain', queue='events')"
        subprocess.run([sys.executable, "-c", ring], cwd=servers.ROOT, env=env, check=True, timeout=60)
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            done, bad, seconds = database.ask(_HANDLED, began, after)[0]
            if int(str(done)) + int(str(bad)) >= count:
                break
            time.sleep(0.2)
        spent = conditions.cpu_seconds(worker.pid) - cpu
    finally:
        servers.end(worker)
    first = database.ask(
        "SELECT extract(epoch FROM min(handled_at) - %s) FROM inbox_events WHERE id > %s", began, after
    )
    busy = float(str(seconds)) - float(str(first[0][0]))
    return {
        "events": int(str(done)),
        "not_done": count - int(str(done)),
        "seconds": round(busy, 3),
        "events_per_second": round(int(str(done)) / busy, 1) if busy else 0.0,
        "worker_cpu_ms_per_event": round(spent * 1000 / max(1, int(str(done))), 2),
    }


def check(database: servers.Database, count: int) -> None:
    """Each order has its effects, once, and the books are at zero."""
    found = tuple(int(str(value)) for value in database.ask(_EFFECTS)[0])
    kept, lines, events, balance = found
    if (kept, lines, events, balance) != (count, LINES * count, 2 * count, 0):
        raise SystemExit(f"the effects are not those of {count} orders: {found}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drain", description=__doc__)
    parser.add_argument("--events", type=int, default=2000, help="for each of the two rounds")
    count = parser.parse_args(arguments).events
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with servers.temporary_folder() as folder:
        database, bell = installed.open_database(folder), servers.Bell(folder)
        try:
            conditions.pin(database.pid, 1)
            servers.make_shop(database)
            env = servers.environment(folder, database.url, bell.url)
            fresh = drain(database, env, folder / "worker.log", fill(database, 0, count), count)
            check(database, count)
            bell.kill()  # with it the bells for the first round's e-mails, which are not what is measured
            bell.start()
            database.run("ANALYZE")
            warm = drain(database, env, folder / "worker.log", fill(database, count, count), count)
            check(database, 2 * count)
        finally:
            bell.stop()
            database.stop()
    result: dict[str, Any] = {"conditions": conditions.describe(), "lines": LINES, "fresh": fresh, "warm": warm}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    for name, row in (("fresh database", fresh), ("warm database", warm)):
        pace = f"{row['events_per_second']:>8.1f} events/s"
        print(f"{name:<15} {pace}, {row['worker_cpu_ms_per_event']:.2f} ms of CPU each, {row['events']} events")
    print(conditions.render(result["conditions"]), f"\nwritten to {RESULT.relative_to(servers.ROOT)}", sep="")


if __name__ == "__main__":
    main()
