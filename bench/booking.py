"""Orders per second into the books, ours and peers': in turns, on one server, and counted afterwards.

Ours are measured from the webhook's body to the committed entries, with discount, tax and shipping.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol

from bench import conditions, orders, servers

Row = dict[str, Any]
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Way:
    """What is booked, how many orders a transaction, how many transactions beside each other."""

    what: str
    batch: int
    beside: int
    rows: int = 1
    """So many an order leaves in the table that is counted: itself, or its lines or legs."""

    @property
    def manner(self) -> str:
        if self.batch > 1:
            return f"in batches of {self.batch}"
        return f"singly, {self.beside} at once" if self.beside > 1 else "singly"


class Booker(Protocol):
    name: str
    ways: list[Way]

    def prepare(self, way: Way) -> Callable[[], int]:
        """What is measured: it books, and says how many orders."""

    def spend(self) -> float:
        """Seconds of CPU that its program has had."""

    def count(self) -> int:
        """Rows in the table that says how many orders were booked."""


class Ours:
    """As the inbox's worker does it, without the inbox: batches some at once, lone orders as many as of several shops.

    Lone ones as many at once as batches, too: peers are measured so. Of a few batches, a good part of the time would go
    into the first, while PostgreSQL has nothing to write yet, and into the last, when nothing is left to reckon.
    """

    name = "stallkeeper"

    def __init__(self, database: servers.Database, shop_id: int, per_round: int) -> None:
        from jobs.events import AT_ONCE, LONE_AT_ONCE  # noqa: PLC0415 - reads the environment, which main() sets

        self._database, self._shop_id, self._per_round = database, shop_id, per_round
        self._numbers = itertools.count(1)
        ways = ((1, 1), (1, AT_ONCE), (1, LONE_AT_ONCE), (50, AT_ONCE), (100, AT_ONCE))
        self.ways = [Way(f"{lines} lines", *way) for lines, way in itertools.product((3, 10), ways)]

    def prepare(self, way: Way) -> Callable[[], int]:
        lines, wanted = int(way.what.split()[0]), self._per_round if way.batch > 1 else self._per_round // 10
        bodies = [orders.encode(orders.discounted(next(self._numbers), lines)) for _ in range(wanted)]
        return partial(self._book, bodies, way)

    def _book(self, bodies: Sequence[bytes], way: Way) -> int:
        batches = [bodies[at : at + way.batch] for at in range(0, len(bodies), way.batch)]
        with ThreadPoolExecutor(way.beside) as pool:
            for _ in pool.map(partial(_book, self._shop_id), batches):
                pass
        return len(bodies)

    def spend(self) -> float:
        return time.process_time()

    def count(self) -> int:
        return int(str(self._database.ask("SELECT count(*) FROM orders")[0][0]))


def _book(shop_id: int, bodies: Sequence[bytes]) -> None:
    from app import db  # noqa: PLC0415 - as above
    from app.models.events import InboxEvent  # noqa: PLC0415
    from webhooks.handlers.orders import handle_together  # noqa: PLC0415

    with db.scoped(shop_id) as session:
        told = InboxEvent(topic="orders/create")
        db.write_at_commit(session)
        handle_together(session, shop_id, [(body, told) for body in bodies])


def check(database: servers.Database) -> None:
    """Every order of ours is booked for what was paid, none is flagged, and the books are at zero."""
    database.run("ANALYZE")  # or the plan for all orders is one for none
    off = "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries"
    unbooked = """SELECT count(*) FROM orders o WHERE total_minor <> (SELECT coalesce(-sum(e.amount_minor), 0)
        FROM ledger_transactions t JOIN ledger_entries e ON e.shop_id = t.shop_id AND e.transaction_id = t.id
        WHERE t.order_id = o.id AND e.account = 'customer_receipts')"""
    flagged = "SELECT count(*) FROM orders WHERE jsonb_array_length(flags) > 0"
    found = [int(str(database.ask(query)[0][0])) for query in (off, unbooked, flagged)]
    if any(found):
        raise SystemExit(f"the books do not hold: off by {found[0]}, unbooked {found[1]}, flagged {found[2]}")


def measure(database: servers.Database, bookers: Sequence[Booker]) -> list[Row]:
    """The first is compared with the others."""
    for booker in bookers:
        for way in booker.ways:
            booker.prepare(way)()
    database.run("ANALYZE")  # as PostgreSQL does by itself within a shop's first minutes
    rounds = [_play(database, booker, way) for _ in range(ROUNDS) for booker in bookers for way in booker.ways]
    return _summarize(rounds)


def _play(database: servers.Database, booker: Booker, way: Way) -> Row:
    book, before = booker.prepare(way), booker.count()
    spent, served, began = booker.spend(), conditions.cpu_seconds(database.pid), time.perf_counter()
    booked = book()
    took = time.perf_counter() - began
    spent, served = booker.spend() - spent, conditions.cpu_seconds(database.pid) - served
    if (found := booker.count() - before) != booked * way.rows:
        raise SystemExit(
            f"{booker.name} says that it booked {booked} orders, and left {found} rows instead of {way.rows} each"
        )
    return {
        "who": booker.name,
        **asdict(way),
        "manner": way.manner,
        "orders_per_second": booked / took,
        "program_us": spent / booked * 1e6,
        "postgresql_us": served / booked * 1e6,
    }


def _summarize(rounds: Sequence[Row]) -> list[Row]:
    """Each way's medians, and how many times its pace ours is in the same manner."""
    measured, found = ("orders_per_second", "program_us", "postgresql_us"), []
    for row in rounds[: len(rounds) // ROUNDS]:
        kind = {name: value for name, value in row.items() if name not in measured}
        same = [one for one in rounds if kind.items() <= one.items()]
        paces = [one["orders_per_second"] for one in same]
        middle = {name: round(statistics.median(one[name] for one in same), 1) for name in measured}
        found.append({**kind, **middle, "least": round(min(paces), 1), "most": round(max(paces), 1)})
    ours = {row["manner"]: row["orders_per_second"] for row in reversed(found) if row["who"] == Ours.name}
    return [{**row, "ours_is": round(ours[row["manner"]] / row["orders_per_second"], 2)} for row in found]


def show(rows: Sequence[Row]) -> None:
    print(f"{'':<58}{'orders/s':>9} {'least-most':>13} {'program':>9}, {'PostgreSQL us':>13} {'ours is':>9}")
    for row in rows:
        name, spread = f"{row['who']}, {row['what']}, {row['manner']}", f"{row['least']:.0f}-{row['most']:.0f}"
        spent = f"{row['program_us']:>9.0f}, {row['postgresql_us']:>13.0f}"
        print(f"{name:<58}{row['orders_per_second']:>9.0f} {spread:>13} {spent} {row['ours_is']:>7.2f} x")
