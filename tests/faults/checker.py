"""What must hold after a storm, by sets and sums: nothing answered is lost, nothing happened twice, books at zero."""

from collections import Counter
from dataclasses import dataclass

from app import db
from app.models.shops import Shop
from app.orders import days
from app.payouts.checks import check_books
from bench import servers
from tests.faults.stage import ADA, Stage
from tests.faults.traffic import LINES, Storm, receipts_of

ANSWERS = frozenset({0, 200, 503})
"""0: nobody was there to answer. Shopify comes again after that and after 503; it must see nothing else."""
EFFECTS_ONCE = {
    "orders": "SELECT shopify_id, count(*) FROM orders GROUP BY 1",
    "lines": "SELECT order_id, count(*) FROM order_lines GROUP BY 1",
    "created": "SELECT subject->>'order_id', count(*) FROM domain_events WHERE kind = 'OrderCreated' GROUP BY 1",
    "paid": "SELECT subject->>'order_id', count(*) FROM domain_events WHERE kind = 'PaymentReceived' GROUP BY 1",
    "refunded": "SELECT subject->>'order_id', count(*) FROM domain_events WHERE kind = 'RefundProcessed' GROUP BY 1",
    "thanks": "SELECT dedupe_key, count(*) FROM emails WHERE kind = 'customer_order_received' GROUP BY 1",
    "vendors told": "SELECT dedupe_key, count(*) FROM emails WHERE kind = 'vendor_new_order' GROUP BY 1",
}
_RECEIPTS = """
    SELECT o.name, -sum(e.amount_minor) FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
    JOIN orders o ON o.id = t.order_id WHERE e.account = 'customer_receipts' GROUP BY 1
"""
_FIGURES = """
    SELECT array[sum(orders), sum(units)] FROM order_days WHERE vendor_id IS NULL
    UNION ALL
    SELECT array[count(DISTINCT order_id), sum(current_quantity) FILTER (WHERE vendor_id IS NOT NULL)] FROM order_lines
"""
_UNBALANCED = "SELECT transaction_id FROM ledger_entries GROUP BY 1 HAVING sum(amount_minor) <> 0"


@dataclass(frozen=True)
class Verdict:
    """Everything that is wrong, in words, and what was counted."""

    wrong: list[str]
    counted: dict[str, int]


def left_to_do(stage: Stage) -> int:
    """Webhooks, events, vendors' pages and sign-in links that still wait."""
    waiting = stage.database.ask(
        "SELECT (SELECT count(*) FROM inbox_events WHERE state IN ('received', 'failed'))"
        " + (SELECT count(*) FROM domain_events WHERE dispatched_at IS NULL)"
        " + (SELECT count(*) FROM event_deliveries WHERE done_at IS NULL)"
        " + (SELECT count(*) FROM vendors WHERE profile_synced_at IS NULL)"
        " + (SELECT count(*) FROM emails WHERE status = 'queued' AND kind = 'vendor_magic_link')"
    )
    return int(str(waiting[0][0]))


def judge(stage: Stage, storm: Storm) -> Verdict:
    """Compare what was said with what became of it."""
    ours = "topic IN ('orders/create', 'orders/paid', 'orders/updated', 'refunds/create')"
    rows = stage.database.ask(f"SELECT topic, event_id, state FROM inbox_events WHERE {ours}")
    stored = [(str(topic), str(event)) for topic, event, _ in rows]
    wrong = [f"answered 200 but not stored: {one}" for one in sorted(storm.acknowledged - set(stored))]
    wrong += ["an event is stored twice"] * (len(stored) - len(set(stored)))
    wrong += [f"{topic} {event} ended as {state}" for topic, event, state in rows if state != "done"]
    counted = {"acknowledged": len(storm.acknowledged), "stored": len(stored), "requests": len(storm.answers)}
    statuses = Counter(one.status for one in storm.answers)
    wrong += [f"{count} webhooks were answered {status}" for status, count in statuses.items() if status not in ANSWERS]
    counted |= {f"answered {status or 'by nobody'}": count for status, count in sorted(statuses.items())}
    wrong += _judge_effects(stage, storm, counted)
    wrong += _judge_books(stage, storm)
    wrong += _judge_figures(stage)
    wrong += _judge_vendor_pages(stage)
    wrong += _judge_links(stage, counted)
    left = left_to_do(stage)
    wrong += [f"{left} webhooks, events, vendors' pages or links still wait"] * bool(left)
    return Verdict(wrong, counted)


def _judge_effects(stage: Stage, storm: Storm, counted: dict[str, int]) -> list[str]:
    refunds = sum(number % 5 == 0 for number in range(storm.numbers))
    expected = dict.fromkeys(EFFECTS_ONCE, (storm.numbers, 1))
    expected |= {"lines": (storm.numbers, LINES), "refunded": (refunds, 1), "vendors told": (2 * storm.numbers, 1)}
    wrong = []
    for name, query in EFFECTS_ONCE.items():
        found = stage.database.ask(query)
        counted[name] = len(found)
        groups, times = expected[name]
        wrong += [f"{name}: {key} happened {count} times" for key, count in found if count != times]
        wrong += [f"{name}: {len(found)} instead of {groups}"] * (len(found) != groups)
    return wrong


def _judge_books(stage: Stage, storm: Storm) -> list[str]:
    wrong = [f"ledger transaction {one} is not zero" for (one,) in stage.database.ask(_UNBALANCED)]
    booked = {str(name): int(str(cents)) for name, cents in stage.database.ask(_RECEIPTS)}
    wrong += [
        f"order #{number}: {booked.get(f'#{number}')} booked, {receipts_of(number)} received"
        for number in range(storm.numbers)
        if booked.get(f"#{number}") != receipts_of(number)
    ]
    with db.system() as session:
        shop_id = session.query(Shop.id).filter(Shop.domain == servers.SHOP).scalar()
    with db.scoped(shop_id) as session:
        report = check_books(session, session.get_one(Shop, shop_id))
    return wrong + [finding.words for finding in report.findings]


def _judge_figures(stage: Stage) -> list[str]:
    """Every event was told on, some twice: counted once more, each day has the orders and units that it has."""
    ((shop_id,),) = stage.database.ask("SELECT id FROM shops WHERE domain = %s", servers.SHOP)
    days.count(int(str(shop_id)))
    ((figures,), (truth,)) = stage.database.ask(_FIGURES)
    return [f"the daily figures are {figures}, the orders {truth}"] * (figures != truth)


def _judge_vendor_pages(stage: Stage) -> list[str]:
    """Shopify throttled, failed and dawdled: each vendor has one page there all the same."""
    pages = stage.database.ask("SELECT handle, metaobject_gid, sync_error FROM vendors")
    wrong = [f"vendor {handle} has no page: {error}" for handle, gid, error in pages if gid is None or error]
    if len({gid for _, gid, _ in pages}) != len(pages):
        wrong.append("two vendors share a page")
    return wrong


def _judge_links(stage: Stage, counted: dict[str, int]) -> list[str]:
    """Each sign-in link that was asked for came, once, although its worker was killed."""
    ((asked,),) = stage.database.ask("SELECT count(*) FROM emails WHERE kind = 'vendor_magic_link'")
    counted["links"] = came = stage.links_to(ADA)
    return [f"{asked} sign-in links were asked for, {came} came"] * (came != asked)
