"""`make bench-money`: orders per second into the books, and what the books' pages cost as the books grow.

Orders are booked one a transaction and many, in one process, beside peers (bench/peers). The pages are measured on
books of two sizes, the second ten times the first.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from bench import booking, books, conditions, installed, peers, servers

RESULT = servers.ROOT / "var" / "bench" / "money.json"
_REPEATS = 15


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
        "--orders", type=int, default=3000, help="booked a round, in batches; a tenth of it singly; 0: pages only"
    )
    parser.add_argument(
        "--entries", type=int, default=1_000_000, help="in the larger books; a tenth in the smaller; 0: booking only"
    )
    parser.add_argument("--vendors", type=int, default=10_000)
    parser.add_argument("--alone", action="store_true", help="without the peers, whose packages need a registry")
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

    installed.prepare(database)
    conditions.pin(os.getpid(), 0)
    shop_id = servers.make_shop(database)
    worker.tune()
    rows = _measure_booking(database, shop_id, chosen) if chosen.orders else []
    pages = []
    for entries in (chosen.entries // 10, chosen.entries) if chosen.entries else ():
        books.grow(database, shop_id, vendors=chosen.vendors, entries=entries)
        for _ in range(2):  # one prepares, the next closes
            close()
        pages.append({"entries": entries, "pages": measure_pages(shop_id)})
    return {"conditions": conditions.describe(), "booking": rows, "books": pages}


def _measure_booking(database: servers.Database, shop_id: int, chosen: argparse.Namespace) -> list[booking.Row]:
    ours = booking.Ours(database, shop_id, chosen.orders)
    with contextlib.ExitStack() as stack:
        others = [] if chosen.alone else stack.enter_context(peers.running(database))
        rows = booking.measure(database, [ours, *others])
    booking.check(database)
    return rows


def _print(result: dict[str, Any]) -> None:
    if result["booking"]:
        booking.show(result["booking"])
    if result["books"]:
        _print_pages(*result["books"])
    print(conditions.render(result["conditions"]), f"\nwritten to {RESULT.relative_to(servers.ROOT)}", sep="")


def _print_pages(small: dict[str, Any], large: dict[str, Any]) -> None:
    print(f"\n{'':<28}{small['entries']:>10,} entries {large['entries']:>10,} entries")
    for one, other in zip(small["pages"], large["pages"], strict=True):
        print(f"{other['page']:<28}{one['ms']:>15.2f} ms {other['ms']:>15.2f} ms, {other['statements']} statements")


if __name__ == "__main__":
    main()
