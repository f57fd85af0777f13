"""Proving the books: what is found, what is cleared, who waits meanwhile, and going on after a kill."""

import json
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

import jobs.books
from app import clock, db
from app.books import findings, proof, queries, rules, service
from app.cli import group
from app.errors import Conflict
from app.ledger.stops import is_stopped, list_stopped
from app.models.books import Difference, Proof, ProofStep
from app.models.emails import Email
from app.models.events import AuditEntry
from app.models.orders import Order
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money, parse_money
from app.payouts.checks import check_order
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def statement(**more: Any) -> rules.Statement:
    facts = {"number": 5001, "name": "#1001", "updated_at": NOON, "net_paid": Money(5200, "USD")}
    return rules.Statement(**{**facts, "returns_in_other_currency": 0, **more})


def booked(minor: int = 5200, *, older: bool = False, within: int = 0) -> rules.Booked:
    net_paid, vendors = Money(minor, "USD"), frozenset({1})
    return rules.Booked(order_id=7, is_older=older, net_paid=net_paid, vendor_ids=vendors, within=within)


def test_an_order_that_agrees_is_no_difference() -> None:
    assert rules.compare_order(statement(), booked()) is None


@pytest.mark.parametrize(
    ("held", "words", "cause"),
    [
        (None, "The books do not.", "brings it in"),
        (booked(5000), "52.00 USD in Shopify and 50.00 USD in the books", "newest version"),
        (booked(older=True), "follow an older version", "never came"),
        (booked(5000, older=True), "52.00 USD in Shopify and 50.00 USD", "Shopify changed it at 2026-11-02 12:00 UTC"),
    ],
)
def test_a_difference_says_what_and_why(held: rules.Booked | None, words: str, cause: str) -> None:
    found = rules.compare_order(statement(), held)
    assert found is not None
    assert words in found.words
    assert cause in found.cause
    assert found.vendor_ids == (frozenset({1}) if held else frozenset())


@pytest.mark.parametrize(("returns", "differs"), [(0, True), (1, True), (2, False)])
def test_each_refund_in_another_currency_may_be_rounded_once(returns: int, *, differs: bool) -> None:
    found = rules.compare_order(statement(returns_in_other_currency=returns), booked(5202))
    assert (found is not None) == differs


@pytest.mark.parametrize(("within", "differs"), [(0, True), (1, True), (2, False)])
def test_what_is_owed_back_in_another_currency_may_be_rounded(within: int, *, differs: bool) -> None:
    found = rules.compare_order(statement(), booked(5202, within=within))
    assert (found is not None) == differs


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, NOON, True),
        (NOON - timedelta(hours=9), NOON, False),
        (NOON - timedelta(hours=11), NOON, True),
        (NOON - timedelta(hours=20), NOON - timedelta(hours=11), False),
        (NOON - timedelta(hours=36), NOON - timedelta(hours=11), True),
    ],
)
def test_the_proof_is_due_once_a_night(last: datetime | None, now: datetime, *, due: bool) -> None:
    assert proof.is_due(last, now) is due


def spoil(statement: str) -> None:
    with db.get_engine().begin() as owner:
        owner.execute(text("SET LOCAL session_replication_role = replica"))
        owner.execute(text(statement))


def test_a_difference_opens_once_stops_its_vendors_is_told_and_closes_when_it_is_gone(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    buy(store, (goods.mug, 1))
    buy(store, (goods.loaf, 1))
    post.deliver()
    assert service.run_proof(acme.id).open == 0
    vendor = f"id = (SELECT min(id) FROM ledger_entries WHERE vendor_id = {ada.id})"
    spoil(f"UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE {vendor}")
    first, second = service.run_proof(acme.id), service.run_proof(acme.id)
    assert (first.found, second.found, second.open) == (2, 0, 2)
    with db.scoped(acme.id) as session:
        keys = {row.difference.key.split(":")[0] for row in queries.list_open(session, acme.id).rows}
        assert keys == {"posting", "orders"}
        assert list_stopped(session, acme.id) == {ada.id}
        told = session.scalars(select(Email).where(Email.kind == "merchant_books_differ")).all()
        assert len(told) == 1
    with db.scoped(acme.id, ada.id) as session:
        assert is_stopped(session, ada.id)
        assert session.scalars(select(Difference)).all() == []
    with db.scoped(acme.id, bea.id) as session:
        assert not is_stopped(session, ada.id)
    spoil(f"UPDATE ledger_entries SET amount_minor = amount_minor - 1 WHERE {vendor}")
    last = service.run_proof(acme.id)
    assert (last.cleared, last.open) == (2, 0)
    with db.scoped(acme.id) as session:
        assert list_stopped(session, acme.id) == set()
        assert len(queries.list_cleared(session, acme.id)) == 2


def test_the_command_line_says_what_the_page_says(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    spoil("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'commission'")
    answer = CliRunner().invoke(group, ["books", "check"])
    assert answer.exit_code == 1
    with db.scoped(acme.id) as session:
        rows = queries.list_open(session, acme.id).rows
        last = queries.find_last(session, acme.id)
    assert rows
    assert all(row.difference.words in answer.output for row in rows)
    assert last
    assert (last.asked_by, last.open) == ("operator", len(rows))


def test_a_killed_proof_goes_on_where_it_was(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "_ORDERS_AT_ONCE", 1)
    for _ in range(3):
        buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        proof_id = service.ask(session, acme.id, "staff:1").id
    assert not proof.prove(acme.id, proof_id, seconds=-1)
    proof._STEPS[ProofStep.LEDGER](acme.id, proof_id)
    with db.scoped(acme.id) as session:
        half = session.get_one(Proof, proof_id)
        assert (half.orders, half.finished_at) == (1, None)
        assert service.ask(session, acme.id, "staff:2").id == proof_id
        half.lease_until = clock.now() + timedelta(minutes=1)
    assert not proof.prove(acme.id, proof_id)
    assert proof.sweep() == 0
    with db.scoped(acme.id) as session:
        session.get_one(Proof, proof_id).lease_until = clock.now() - timedelta(minutes=1)
    assert proof.sweep() == 1
    assert proof.prove(acme.id, proof_id)
    with db.scoped(acme.id) as session:
        assert session.get_one(Proof, proof_id).orders == 3


def test_a_proof_without_shopify_says_so_and_proves_the_rest(acme: Shop) -> None:
    done = service.run_proof(acme.id)
    assert done.error
    assert done.finished_at
    assert done.open == 0


def test_an_order_of_the_last_minutes_is_given_time(acme: Shop) -> None:
    fresh = statement(updated_at=NOON - timedelta(minutes=14))
    assert rules.is_settling(fresh, NOON)
    assert not rules.is_settling(statement(updated_at=NOON - timedelta(minutes=15)), NOON)


def test_an_order_paid_in_coins_that_were_rounded_is_no_difference(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    """Shopify's sums are before the rounding, which it tells beside them."""
    order = buy(store, (goods.mug, 1))
    for delivery in post.waiting():
        body = json.loads(delivery["body"])
        if "total_cash_rounding_payment_adjustment_set" in body:
            body["total_cash_rounding_payment_adjustment_set"]["shop_money"]["amount"] = "-0.03"
        post.deliver([{**delivery, "body": json.dumps(body)}])
    said = statement(number=order["id"], name=order["name"], net_paid=parse_money(order["total_price"], "USD"))
    with db.scoped(acme.id) as session:
        held = session.scalars(select(Order)).one()
        node: dict[str, Any] = {
            "updatedAt": held.snapshot_updated_at.isoformat(), "displayFinancialStatus": "PAID", "cancelledAt": None,
            "currentTotalPriceSet": {"shopMoney": {"amount": order["total_price"]}}, "refunds": [], "fulfillments": [],
        }  # fmt: skip
        assert findings.of_statements(session, acme.id, [(node, said)]) == []
        assert check_order(session, held) == []


def test_shopifys_words_are_read() -> None:
    node = {
        "id": "gid://shopify/Order/5001", "name": "#1001", "updatedAt": "2026-11-02T12:00:00Z",
        "presentmentCurrencyCode": "EUR", "refunds": [{"id": "a"}],
        "netPaymentSet": {"shopMoney": {"amount": "52.0", "currencyCode": "USD"}},
    }  # fmt: skip
    assert findings.read_statement(node) == statement(returns_in_other_currency=1)


def test_rereading_an_order_whose_bookings_were_changed_past_the_program_says_so_and_ends(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    spoil("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'commission'")
    service.run_proof(acme.id)
    monkeypatch.setattr(service, "look_at_order", lambda *_: None)
    monkeypatch.setattr(service, "graphql", lambda *_: {})
    with db.scoped(acme.id) as session:
        row = session.scalars(select(Difference).where(Difference.key.startswith("orders:"))).one()
        service.ask_to_reread(session, acme.id, row.id, "staff:1")
    jobs.books.reread(acme.id, row.id)
    with db.scoped(acme.id) as session:
        row = session.get_one(Difference, row.id)
        assert (row.reread_at, row.cleared_at) == (None, None)
        assert "changed past the program" in row.cause


def test_a_reread_that_shopify_refuses_says_so_and_ends(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    spoil("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'commission'")
    service.run_proof(acme.id)
    with db.scoped(acme.id) as session:
        row = session.scalars(select(Difference).where(Difference.key.startswith("orders:"))).one()
        service.ask_to_reread(session, acme.id, row.id, "staff:1")
    jobs.books.reread(acme.id, row.id)
    with db.scoped(acme.id) as session:
        row = session.get_one(Difference, row.id)
        assert row.reread_at is None
        assert "Shopify could not be asked" in row.cause


def test_a_proof_that_somebody_stops_ends_and_the_next_begins_anew(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "_ORDERS_AT_ONCE", 1)
    for _ in range(2):
        buy(store, (goods.mug, 1))
    post.deliver()

    def stop_after_the_first(shop_id: int, proof_id: int) -> None:
        step(shop_id, proof_id)
        with db.scoped(shop_id) as session:
            service.stop(session, shop_id, "staff:1")

    step = proof._STEPS[ProofStep.LEDGER]
    monkeypatch.setitem(proof._STEPS, ProofStep.LEDGER, stop_after_the_first)
    with db.scoped(acme.id) as session:
        proof_id = service.ask(session, acme.id, "staff:1").id
    assert proof.prove(acme.id, proof_id)
    with pytest.raises(Conflict, match="stopped"):
        service.run_proof(acme.id)
    monkeypatch.setitem(proof._STEPS, ProofStep.LEDGER, step)
    with db.scoped(acme.id) as session:
        assert (queries.find_running(session, acme.id), queries.find_last(session, acme.id)) == (None, None)
        service.stop(session, acme.id, "staff:1")
        assert [entry.action for entry in session.scalars(select(AuditEntry))].count("proof.stop") == 2
        again = service.ask(session, acme.id, "staff:1").id
    assert proof.prove(acme.id, again)
    with db.scoped(acme.id) as session:
        assert session.get_one(Proof, again).orders == 2


def test_who_stops_the_proof_at_night_has_peace_until_the_next(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    night = datetime.combine(clock.now().date(), time(3), ZoneInfo(acme.timezone))

    def due(after: timedelta) -> int:
        monkeypatch.setattr(clock, "now", lambda: night + after)
        return service.ask_where_due()

    def stop() -> None:
        with db.scoped(acme.id) as session:
            service.stop(session, acme.id, "staff:1")

    assert due(timedelta()) == 1
    stop()
    assert [due(timedelta(hours=hours)) for hours in (1, 2, 12)] == [0, 0, 0]
    with db.scoped(acme.id) as session:
        service.ask(session, acme.id, "staff:1")
    stop()
    assert due(timedelta(hours=24)) == 1, "who stopped one at noon did not mean the night's"
