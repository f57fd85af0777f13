"""`make bench-money`: orders per second into the books, and what the books' pages cost as the books grow.

Booking is measured from the webhook's body to the committed entries, in one process, with discount, tax and shipping,
one order a transaction and many. The pages are measured on books of two sizes, the second ten times the first.
"""

import argparse
import json
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from bench import books, conditions, installed, orders, servers

RESULT = servers.ROOT / "var" / "bench" / "money.json"
ROUNDS = 3
_REPEATS = 15


def measure_booking(database: servers.Database, shop_id: int, per_round: int) -> list[dict[str, Any]]:
    """Orders per second for each size of order and of batch, in turns: medians of the rounds."""
    ways = ((1, False), (1, True), (50, True), (100, True))
    kinds = [(lines, batch, beside) for lines in (3, 10) for batch, beside in ways]
    paces: dict[tuple[int, int, bool], list[float]] = {kind: [] for kind in kinds}
    spent: dict[tuple[int, int, bool], list[float]] = {kind: [] for kind in kinds}
    numbers = iter(range(1, 10_000_000))
    for lines, batch in ((3, 1), (10, 1), (3, 10), (10, 10)):
        first = [orders.encode(orders.discounted(next(numbers), lines)) for _ in range(batch * 24)]
        book(shop_id, first, batch, beside=batch > 1)
    database.run("ANALYZE")  # as PostgreSQL does by itself within a shop's first minutes
    for _ in range(ROUNDS):
        for lines, batch, beside in kinds:
            count = per_round if batch > 1 else per_round // 4
            bodies = [orders.encode(orders.discounted(next(numbers), lines)) for _ in range(count)]
            began, cpu = time.perf_counter(), time.process_time()
            book(shop_id, bodies, batch, beside=beside)
            paces[lines, batch, beside].append(count / (time.perf_counter() - began))
            spent[lines, batch, beside].append((time.process_time() - cpu) / count * 1000)
    return [
        {
            **dict(zip(("lines", "batch", "beside"), kind, strict=True)),
            "orders_per_second": round(statistics.median(paces[kind]), 1),
            "least": round(min(paces[kind]), 1),
            "most": round(max(paces[kind]), 1),
            "cpu_ms_per_order": round(statistics.median(spent[kind]), 3),
        }
        for kind in kinds
    ]


def book(shop_id: int, bodies: Sequence[bytes], batch: int, *, beside: bool) -> None:
    """As the inbox's worker does it, without the inbox. `beside`: the next beside the last, as it has batches and lone
    orders of several shops.
    """
    from jobs.events import AT_ONCE  # noqa: PLC0415 - reads the environment, which main() sets

    batches = [bodies[at : at + batch] for at in range(0, len(bodies), batch)]
    with ThreadPoolExecutor(AT_ONCE if beside else 1) as pool:
        for _ in pool.map(partial(_book, shop_id), batches):
            pass


def _book(shop_id: int, bodies: Sequence[bytes]) -> None:
    from app import db  # noqa: PLC0415 - as above
    from app.models.events import InboxEvent  # noqa: PLC0415
    from webhooks.handlers.orders import handle_together  # noqa: PLC0415

    with db.scoped(shop_id) as session:
        told = InboxEvent(topic="orders/create")
        db.write_at_commit(session)
        handle_together(session, shop_id, [(body, told) for body in bodies])


def check(database: servers.Database) -> None:
    """Every order is booked for what was paid, none is flagged, and the books are at zero."""
    database.run("ANALYZE")  # or the plan for all orders is one for none
    off = "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries"
    unbooked = """SELECT count(*) FROM orders o WHERE total_minor <> (SELECT coalesce(-sum(e.amount_minor), 0)
        FROM ledger_transactions t JOIN ledger_entries e ON e.shop_id = t.shop_id AND e.transaction_id = t.id
        WHERE t.order_id = o.id AND e.account = 'customer_receipts')"""
    flagged = "SELECT count(*) FROM orders WHERE jsonb_array_length(flags) > 0"
    found = [int(str(database.ask(query)[0][0])) for query in (off, unbooked, flagged)]
    if any(found):
        raise SystemExit(f"the books do not hold: off by {found[0]}, unbooked {found[1]}, flagged {found[2]}")


def measure_pages(shop_id: int) -> list[dict[str, Any]]:
    """Milliseconds (median) and statements of what the books' pages ask for."""
    from sqlalchemy import Connection, event  # noqa: PLC0415

    from app import db  # noqa: PLC0415

    counted = [0]

    def count(_connection: Connection, *_: object) -> None:
        counted[0] += 1

    event.listen(db.get_engine(), "before_cursor_execute", count)
    rows = []
    for name, look in _pages(shop_id):
        took = []
        for _ in range(_REPEATS):
            with db.scoped(shop_id) as session:
                session.connection()
                counted[0], began = 0, time.perf_counter()
                look(session)
                took.append((time.perf_counter() - began) * 1000)
        rows.append({"page": name, "statements": counted[0], "ms": round(statistics.median(took), 2)})
    event.remove(db.get_engine(), "before_cursor_execute", count)
    return rows


def _pages(shop_id: int) -> Iterator[tuple[str, Callable[[Any], object]]]:
    from app import db  # noqa: PLC0415
    from app.books.explain import explain  # noqa: PLC0415
    from app.ledger import listing, queries  # noqa: PLC0415

    by_sales = "SELECT vendor_id, max(order_id), count(*) FROM vendor_orders GROUP BY vendor_id ORDER BY count(*), 1"
    with db.scoped(shop_id) as session:
        sellers = [tuple(row) for row in session.connection().exec_driver_sql(by_sales)]
    usual, order_id, _ = sellers[len(sellers) // 2]
    biggest, _, its_orders = sellers[-1]
    order = _order(shop_id, order_id)
    component = f"line:{order.shopify_id}"
    yield "explain one amount", lambda session: explain(session, shop_id, order_id, component, usual)
    yield "a vendor's balances", lambda session: queries.vendor_balances(session, shop_id, "USD", usual)
    yield "a vendor's movements", lambda session: queries.list_movements(session, shop_id, usual, "USD")
    yield f"balances, {its_orders} orders", lambda session: queries.vendor_balances(session, shop_id, "USD", biggest)
    yield f"movements, {its_orders} orders", lambda session: queries.list_movements(session, shop_id, biggest, "USD")
    yield "payable, all vendors", lambda session: queries.sum_available(session, shop_id)
    yield "all accounts", lambda session: queries.list_accounts(session, shop_id)
    for what, wanted in (
        ("the ledger", listing.Filter()),
        ("the ledger, without moves", listing.Filter(moves=False)),
        ("the ledger of one vendor", listing.Filter(vendor_id=usual)),
        ("the ledger of one order", listing.Filter(text=order.name)),
        ("the ledger, sales", listing.Filter(kind="sale")),
        ("the ledger, a rare kind", listing.Filter(kind="dispute")),
    ):
        yield what, partial(_list_postings, shop_id, wanted)


def _list_postings(shop_id: int, wanted: Any, session: Any) -> object:
    from app.ledger import listing  # noqa: PLC0415

    return listing.list_postings(session, shop_id, wanted)


def _order(shop_id: int, order_id: int) -> Any:
    from app import db  # noqa: PLC0415
    from app.models.orders import Order  # noqa: PLC0415

    with db.scoped(shop_id) as session:
        return session.get_one(Order, order_id)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.money", description=__doc__)
    parser.add_argument(
        "--orders", type=int, default=1000, help="booked a round, in batches; a quarter singly; 0: pages only"
    )
    parser.add_argument(
        "--entries", type=int, default=1_000_000, help="in the larger books; a tenth in the smaller; 0: booking only"
    )
    parser.add_argument("--vendors", type=int, default=10_000)
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with servers.temporary_folder() as folder:
        database, bell = installed.open_database(folder), servers.Bell(folder)
        try:
            result = _measure(database, bell, chosen)
        finally:
            bell.stop()
            database.stop()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    _print(result)


def _measure(database: servers.Database, bell: servers.Bell, chosen: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(servers.environment(database.var, database.url, bell.url))
    from app.ledger.closing import close  # noqa: PLC0415 - as above
    from jobs import worker  # noqa: PLC0415

    conditions.pin(database.pid, 1)
    conditions.pin(os.getpid(), 0)
    shop_id = servers.make_shop(database)
    worker.tune()
    booking = measure_booking(database, shop_id, chosen.orders) if chosen.orders else []
    check(database)
    pages = []
    for entries in (chosen.entries // 10, chosen.entries) if chosen.entries else ():
        books.grow(database, shop_id, vendors=chosen.vendors, entries=entries)
        for _ in range(2):  # one prepares, the next closes
            close()
        pages.append({"entries": entries, "pages": measure_pages(shop_id)})
    return {"conditions": conditions.describe(), "booking": booking, "books": pages}


def _print(result: dict[str, Any]) -> None:
    for row in result["booking"]:
        pace = f"{row['orders_per_second']:>8.0f} orders/s ({row['least']:.0f}-{row['most']:.0f})"
        lone = "singly, some at once" if row["beside"] else "singly"
        how = lone if row["batch"] == 1 else f"in batches of {row['batch']}"
        print(f"{row['lines']:>2} lines, {how:<20} {pace}, {row['cpu_ms_per_order']:.2f} ms of CPU each")
    if result["books"]:
        _print_pages(*result["books"])
    print(conditions.render(result["conditions"]), f"\nwritten to {RESULT.relative_to(servers.ROOT)}", sep="")


def _print_pages(small: dict[str, Any], large: dict[str, Any]) -> None:
    print(f"\n{'':<28}{small['entries']:>10,} entries {large['entries']:>10,} entries")
    for one, other in zip(small["pages"], large["pages"], strict=True):
        print(f"{other['page']:<28}{one['ms']:>15.2f} ms {other['ms']:>15.2f} ms, {other['statements']} statements")


if __name__ == "__main__":
    main()
