"""Many webhooks in one transaction end as each by itself would, and a bad one among them stops nobody."""

import json
import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.errors import LockNotAvailable, NumericValueOutOfRange
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from app import clock, db
from app.models.events import DomainEvent, InboxEvent, InboxState
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine, OrderRefund, VendorOrder
from app.models.shops import Shop
from app.orders.held import lock_orders
from app.orders.look import look
from app.orders.service import book_order, lock_order
from devstore.orders.cancel import cancel_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from jobs import events
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from webhooks.handlers.orders import READERS, handle_together


def play(store: Store, goods: SimpleNamespace) -> None:
    """Four orders: one kept, one refunded in part, one sent, one cancelled."""
    buy(store, (goods.mug, 2), (goods.loaf, 1), (goods.bag, 1))
    refunded = buy(store, (goods.mug, 3), (goods.vase, 2), discount_codes=["WELCOME10"])
    line = refunded["line_items"][0]["id"]
    refund_order(store, ACME, refunded["id"], RefundRequest([LineRefund(line, 1, "cancel")]))
    sent = buy(store, (goods.loaf, 2))
    fulfil_lines(store, ACME, sent["id"], None)
    cancel_order(store, ACME, buy(store, (goods.vase, 1))["id"])


def take_in(shop: Shop, deliveries: list[Doc]) -> None:
    with db.scoped(shop.id) as session:
        made = [(sent["body"].encode(), _event(sent["topic"])) for sent in deliveries]
        handle_together(session, shop.id, made)


def _event(topic: str) -> InboxEvent:
    return InboxEvent(shop_domain=ACME, topic=topic, received_at=clock.now())


def state_of(shop: Shop) -> dict[str, object]:
    """What the shop holds, without our own numbers."""
    queries = {
        "books": select(LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor)).group_by(
            LedgerEntry.account, LedgerEntry.vendor_id
        ),
        "orders": select(Order.shopify_id, Order.total_minor, Order.financial_status, Order.flags, Order.snapshot),
        "lines": select(OrderLine.shopify_id, OrderLine.vendor_id, OrderLine.fee_minor, OrderLine.to_ship),
        "parts": select(
            VendorOrder.order_shopify_id, VendorOrder.vendor_id, VendorOrder.status, VendorOrder.earned_minor
        ),
        "refunds": select(OrderRefund.shopify_id, OrderRefund.snapshot),
        "events": select(DomainEvent.kind, func.count()).group_by(DomainEvent.kind),
    }
    with db.scoped(shop.id) as session:
        return {name: sorted(map(repr, session.execute(query).all())) for name, query in queries.items()}


def test_who_books_looks_up_by_keys_however_small_the_tables_were_when_the_plan_was_made(acme: Shop) -> None:
    reads_through = text("SELECT current_setting('enable_seqscan')")
    with db.scoped(acme.id) as session:
        lock_orders(session, acme.id, [7001])
        assert session.scalar(reads_through) == "off"
    with db.scoped(acme.id) as session:
        assert session.scalar(reads_through) == "on"


@pytest.mark.parametrize("size", [2, 5, 100])
def test_a_batch_ends_as_its_events_one_by_one_do_in_any_order(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, size: int
) -> None:
    play(store, goods)
    deliveries = [sent for sent in post.waiting() if sent["topic"] in READERS] * 2
    random.Random(size).shuffle(deliveries)
    for at in range(0, len(deliveries), size):
        take_in(acme, deliveries[at : at + size])
    together = state_of(acme)
    post.deliver()
    assert state_of(acme) == together
    assert together["orders"]
    assert len(together["refunds"]) == 2  # type: ignore[arg-type]


def test_a_new_order_and_its_news_in_one_batch_are_told_once(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 1))
    fulfil_lines(store, ACME, order["id"], None)
    take_in(acme, [sent for sent in post.waiting() if sent["topic"] in READERS] * 3)
    with db.scoped(acme.id) as session:
        kinds = session.scalars(select(DomainEvent.kind).order_by(DomainEvent.id)).all()
        subjects = session.scalars(select(DomainEvent.subject)).all()
        order_id = session.scalars(select(Order.id)).one()
    assert kinds == ["OrderCreated", "PaymentReceived", "OrderFulfilled"]
    assert {subject["order_id"] for subject in subjects} == {order_id}


def store_webhooks(shop: Shop, bodies: list[bytes]) -> list[int]:
    with db.system() as session:
        rows = [
            InboxEvent(shop_domain=shop.domain, topic="orders/create", webhook_id=f"w{n}", event_id=f"e{n}", body=body)
            for n, body in enumerate(bodies)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def test_a_bad_event_in_a_batch_fails_alone(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        buy(store, (goods.mug, 1))
    good = [sent["body"].encode() for sent in post.waiting() if sent["topic"] == "orders/create"]
    # The second is no order, the third has a text that PostgreSQL cannot look at, the fourth a number too large for it.
    unread = good[2].replace(b'"note":', b'"surprise": "\\u0000", "note":', 1)
    unkept = re.sub(rb'"id": \d+', b'"id": 10000000000000000000', good[2], count=1)
    assert good[2] not in (unread, unkept)
    store_webhooks(acme, [good[0], b'{"id": 7}', unread, unkept, good[1]])
    assert events.drain() == 5
    with db.system() as session:
        states = session.scalars(select(InboxEvent.state).order_by(InboxEvent.id)).all()
        posted = session.scalar(select(func.count()).select_from(LedgerTransaction))
        assert session.scalar(select(func.count()).select_from(Order)) == 2
    assert states == [
        InboxState.DONE,
        InboxState.DEAD,
        InboxState.DEAD,
        InboxState.FAILED,
        InboxState.DONE,
    ]
    assert posted


def test_a_look_that_waits_too_long_for_a_lock_names_it_and_leaves_the_transaction_usable(acme: Shop) -> None:
    with db.scoped(acme.id) as other, db.scoped(acme.id) as session:
        lock_orders(other, acme.id, [7001])
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        with pytest.raises(LockNotAvailable), session.begin_nested():
            look(session, acme.id, [7001], [])
        assert session.scalar(text("SELECT current_user")) == "stallkeeper_app"
        assert look(session, acme.id, [7002], []).held[7002].order is None


def test_what_fails_on_its_way_into_the_tables_undoes_its_savepoint_alone(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    for _ in range(2):
        buy(store, (goods.mug, 1))
    first, second = [sent for sent in post.waiting() if sent["topic"] == "orders/create"]
    line = json.loads(first["body"])["line_items"][0]["id"]
    too_large = first["body"].replace(f'"id": {line}', f'"id": {2**63}')
    assert too_large != first["body"]
    with db.scoped(acme.id) as session:
        with pytest.raises(NumericValueOutOfRange), session.begin_nested():
            handle_together(session, acme.id, [(too_large.encode(), _event("orders/create"))])
        handle_together(session, acme.id, [(one["body"].encode(), _event(one["topic"])) for one in (first, second)])
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 2
        assert session.scalar(select(func.sum(LedgerEntry.amount_minor))) == 0


def test_rows_that_another_worker_took_over_are_left_out_of_the_batch(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    for _ in range(2):
        buy(store, (goods.mug, 1))
    first, second = store_webhooks(
        acme, [sent["body"].encode() for sent in post.waiting() if sent["topic"] == "orders/create"]
    )
    claimed = events.claim()
    with db.system() as session:
        session.get_one(InboxEvent, second).lease_token = "somebody else's"
    events.work(claimed)
    with db.system() as session:
        assert session.get_one(InboxEvent, first).state is InboxState.DONE
        assert session.get_one(InboxEvent, second).state is InboxState.RECEIVED
        assert session.scalar(select(func.count()).select_from(Order)) == 1


def test_lone_orders_of_two_shops_are_booked_beside_each_other(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, zenith: Shop
) -> None:
    buy(store, (goods.mug, 1))
    bodies = [sent["body"].encode() for sent in post.waiting() if sent["topic"] == "orders/create"]
    rows = [store_webhooks(shop, bodies)[0] for shop in (acme, zenith)]
    assert events.drain() == 2
    with db.system() as session:
        assert {session.get_one(InboxEvent, row).state for row in rows} == {InboxState.DONE}
        assert set(session.scalars(select(Order.shop_id))) == {acme.id, zenith.id}


def test_a_lone_order_is_booked_in_two_round_trips(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, tmp_path: Path
) -> None:
    for _ in range(2):
        buy(store, (goods.mug, 1))
    first, second = [sent for sent in post.waiting() if sent["topic"] == "orders/create"]
    take_in(acme, [first])  # finds out that there is no rule yet
    said, used = tmp_path / "said", set[psycopg.Connection[Any]]()

    def listen(connection: psycopg.Connection[Any], *_: object) -> None:
        connection.pgconn.trace(file.fileno())
        used.add(connection)

    event.listen(db.get_engine(), "checkout", listen)
    with said.open("w") as file:
        with db.scoped(acme.id) as session:
            db.write_at_commit(session)
            handle_together(session, acme.id, [(second["body"].encode(), _event(second["topic"]))])
        for connection in used:
            connection.pgconn.untrace()
    event.remove(db.get_engine(), "checkout", listen)
    assert said.read_text().count("ReadyForQuery") == 2
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 2


def test_a_batch_rings_for_its_announcements_once(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("app.queue.enqueue", lambda job, *args, **how: rung.append(job))
    for _ in range(3):
        buy(store, (goods.mug, 1))
    take_in(acme, [sent for sent in post.waiting() if sent["topic"] in READERS])
    assert rung == ["jobs.outbox.deliver"]


def test_one_order_can_still_be_booked_inside_a_session_that_changed_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:

    order = buy(store, (goods.mug, 1))
    post.deliver()

    def entries(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0

    with db.scoped(acme.id) as session:
        before = entries(session)
        row = lock_order(session, acme.id, order["id"])
        assert row is not None
        row.customer_name = "Somebody"
        book_order(session, row)
        assert (row.customer_name, entries(session)) == ("Somebody", before)
