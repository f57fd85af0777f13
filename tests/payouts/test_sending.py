"""PayPal and Stripe, asked over HTTP: whatever is lost on the way, money leaves once and the books know where it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from app import clock, db
from app.errors import Conflict
from app.ledger.rules import Account
from app.models.emails import Email
from app.models.events import DomainEvent
from app.models.ledger import LedgerEntry
from app.models.payouts import Payout, PayoutBatch, PayoutMove, RailKeys, RailName
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import moves, queries, sending, service, settings
from jobs import outbox
from tests.payouts.conftest import (
    ACCOUNTS,
    KEYS,
    Providers,
    books_hold,
    earn,
    hand_over,
    let_time_pass,
    read_payout,
    use_account,
)

RAILS = ("paypal", "stripe")
Payee = Callable[[str], Vendor]


def ask_again(shop: Shop, payout_id: int) -> Payout:
    let_time_pass()
    sending.ask(shop.id, payout_id)
    found: Payout = read_payout(shop, payout_id)
    return found


def lose_an_answer(shop: Shop, vendor: Vendor, providers: Providers, rail: str) -> int:
    """Send what the vendor can be paid to a provider that takes it and does not answer. Returns the payout's id."""
    earn(shop, vendor, "sale", 4211)
    payout_id = hand_over(shop, vendor)
    providers.fail_next(rail, "lost")
    sending.ask_due()
    return payout_id


def balance(shop: Shop, account: Account) -> int:
    with db.scoped(shop.id) as session:
        own = (LedgerEntry.account == account, LedgerEntry.vendor_id.is_not(None))
        return int(session.scalar(select(func.sum(LedgerEntry.amount_minor)).where(*own)) or 0)


def history(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return [str(state) for state in session.scalars(select(PayoutMove.state).order_by(PayoutMove.id))]


@pytest.mark.parametrize("rail", RAILS)
def test_a_payout_is_sent_once_and_arrives(acme: Shop, payee: Payee, providers: Providers, rail: str) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    assert sending.ask_due() == 1
    sent = read_payout(acme, payout_id)
    assert (sent.state, sent.state_reason) == ("sent", None)
    assert sent.rail_reference
    assert providers.payments(rail) == [("4211", ACCOUNTS[sent.rail])]
    assert sending.ask_due() == 0, "it is not its turn"
    assert ask_again(acme, payout_id).state == "settled"
    assert history(acme) == ["pending", "approved", "sending", "sent", "settled"]
    assert balance(acme, Account.PAID_OUT) == 4211
    assert books_hold(acme)
    with db.scoped(acme.id) as session:
        told = session.scalars(select(DomainEvent.kind).where(DomainEvent.kind == "PayoutSent")).all()
    assert len(told) == 1


@pytest.mark.parametrize("rail", RAILS)
@pytest.mark.parametrize("trouble", ["lost", "error", "throttle"])
def test_a_lost_answer_is_resolved_by_the_key(
    acme: Shop, payee: Payee, providers: Providers, rail: str, trouble: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    providers.fail_next(rail, trouble)
    sending.ask_due()
    waiting = read_payout(acme, payout_id)
    assert waiting.state == "sending"
    assert waiting.next_look_at > clock.now()
    assert "busy" in str(waiting.state_reason)
    providers.fail_next(rail, "error")
    assert ask_again(acme, payout_id).state == "sending"
    assert ask_again(acme, payout_id).state in {"sent", "settled"}
    assert len(providers.payments(rail)) == 1
    assert books_hold(acme)


@pytest.mark.parametrize("rail", RAILS)
def test_a_crash_between_send_and_record_sends_nothing_twice(
    acme: Shop, payee: Payee, providers: Providers, rail: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    with db.scoped(acme.id) as session:
        claim = sending._claim(session, acme.id, payout_id)
    assert claim
    sending._ask(claim)  # and here the worker is killed
    assert read_payout(acme, payout_id).state == "sending"
    assert sending.ask_due() == 0, "its lease has not ended"
    assert ask_again(acme, payout_id).state in {"sent", "settled"}
    assert len(providers.payments(rail)) == 1
    assert books_hold(acme)


@pytest.mark.parametrize("rail", RAILS)
def test_of_racing_workers_one_asks(acme: Shop, payee: Payee, providers: Providers, rail: str) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    start = Barrier(4)

    def work(_: int) -> None:
        start.wait(60)
        sending.ask(acme.id, payout_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(providers.payments(rail)) == 1
    assert history(acme) == ["pending", "approved", "sending", "sent"]
    assert balance(acme, Account.PAID_OUT) == 4211


@pytest.mark.parametrize("rail", RAILS)
def test_a_worker_that_wakes_up_late_records_nothing_twice(
    acme: Shop, payee: Payee, providers: Providers, rail: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    with db.scoped(acme.id) as session:
        claim = sending._claim(session, acme.id, payout_id)
    assert claim
    late = sending._ask(claim)
    ask_again(acme, payout_id)
    with pytest.raises(Conflict), db.scoped(acme.id) as session:
        sending._record(session, claim, late)
    assert balance(acme, Account.PAID_OUT) == 4211
    assert books_hold(acme)


@pytest.mark.parametrize(("rail", "fate"), [("paypal", "INSUFFICIENT_FUNDS"), ("stripe", "balance_insufficient")])
def test_without_funds_it_waits_and_can_be_sent_again(
    acme: Shop, payee: Payee, providers: Providers, rail: str, fate: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    key = read_payout(acme, payout_id).rail_key
    providers.decide(rail, fate, "*")
    sending.ask_due()
    held = read_payout(acme, payout_id)
    assert held.state == "on_hold"
    assert "funds" in str(held.state_reason)
    assert balance(acme, Account.PAYOUTS_IN_TRANSIT) == 4211, "it stays claimed"
    providers.decide(rail, "", "*")
    with db.scoped(acme.id) as session:
        payout = session.get_one(Payout, payout_id)
        for action in ("release", "approve", "send"):
            moves.move(session, payout, action, actor="staff:1")
    assert payout.rail_key != key, "Stripe would repeat its refusal under the old key"
    sending.ask_due()
    assert read_payout(acme, payout_id).state == "sent"
    assert len(providers.payments(rail)) == 1
    assert books_hold(acme)


@pytest.mark.parametrize(("rail", "fate"), [("paypal", "RETURNED"), ("paypal", "REVERSED"), ("stripe", "reversed")])
@pytest.mark.parametrize("was", ["sent", "settled"])
def test_what_comes_back_later_is_the_vendors_balance_again(
    acme: Shop, payee: Payee, providers: Providers, rail: str, fate: str, was: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    sending.ask_due()
    if was == "settled":
        assert ask_again(acme, payout_id).state == "settled"
    providers.decide(rail, fate)
    back = ask_again(acme, payout_id)
    assert back.state == "failed"
    assert back.state_reason
    assert back.next_look_at is None
    assert balance(acme, Account.VENDOR_AVAILABLE) == 4211
    assert balance(acme, Account.PAID_OUT) == 0
    assert books_hold(acme)
    with db.scoped(acme.id) as session:
        service.open_batch(session, acme, None, actor="staff:1")
        assert session.scalars(select(DomainEvent.kind).where(DomainEvent.kind == "PayoutReturned")).all()


@pytest.mark.parametrize(("rail", "fate"), [("paypal", "FAILED"), ("stripe", "disconnected")])
def test_an_account_that_cannot_be_paid_gives_the_money_back(
    acme: Shop, payee: Payee, providers: Providers, rail: str, fate: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    providers.decide(rail, fate)
    sending.ask_due()
    assert ask_again(acme, payout_id).state == "failed"
    assert balance(acme, Account.VENDOR_AVAILABLE) == 4211
    assert books_hold(acme)


@pytest.mark.parametrize(
    ("rail", "fate", "ours", "theirs"),
    [
        ("paypal", "FAILED", "PayPal could not carry out the payment.", "locked or inactive"),
        ("stripe", "disconnected", "Stripe cannot pay this account.", "No such destination"),
    ],
)
def test_of_money_that_came_back_the_vendor_reads_our_sentence_and_the_merchant_the_providers_too(
    acme: Shop, payee: Payee, providers: Providers, rail: str, fate: str, ours: str, theirs: str
) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    providers.decide(rail, fate)
    sending.ask_due()
    kept = str(ask_again(acme, payout_id).state_reason)
    assert kept.startswith(f"{ours}\n")
    assert theirs in kept
    with db.scoped(acme.id, ada.id) as session:
        assert session.scalars(select(PayoutMove.vendors_reason).order_by(PayoutMove.id)).all()[-1] == ours
    outbox.deliver(acme.id)
    with db.scoped(acme.id) as session:
        letter = session.scalars(select(Email.text_body).where(Email.kind == "payout_returned")).one()
    assert ours in letter
    assert theirs not in letter


def test_unclaimed_money_is_on_its_way_and_says_so(acme: Shop, payee: Payee, providers: Providers) -> None:
    ada = payee("paypal")
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    providers.decide("paypal", "UNCLAIMED")
    sending.ask_due()
    waiting = ask_again(acme, payout_id)
    assert waiting.state == "sent"
    assert "30 days" in str(waiting.state_reason)
    providers.decide("paypal", "SUCCESS")
    claimed = ask_again(acme, payout_id)
    assert (claimed.state, claimed.state_reason) == ("settled", None)


def test_a_bank_that_stripe_cannot_pay_is_told_and_books_nothing(
    acme: Shop, payee: Payee, providers: Providers
) -> None:
    ada = payee("stripe")
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    sending.ask_due()
    providers.decide("stripe", "payout.failed")
    settled = ask_again(acme, payout_id)
    assert settled.state == "settled"
    assert "could not pay the vendor's bank" in str(settled.state_reason)
    assert balance(acme, Account.PAID_OUT) == 4211


def test_after_the_key_is_forgotten_paypal_is_not_asked_to_pay_again(
    acme: Shop, payee: Payee, providers: Providers
) -> None:
    ada = payee("paypal")
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    providers.fail_next("paypal", "error")
    sending.ask_due()
    with db.scoped(acme.id) as session:
        session.execute(update(Payout).values(state_changed_at=clock.now() - timedelta(days=26)))
    left = ask_again(acme, payout_id)
    assert (left.state, left.next_look_at) == ("on_hold", None)
    assert "Look for P1-" in str(left.state_reason)
    assert providers.payments("paypal") == []
    with db.scoped(acme.id) as session:
        moves.move(session, session.get_one(Payout, payout_id), "pay_by_hand", actor="staff:1")
    assert balance(acme, Account.PAID_OUT) == 4211
    assert books_hold(acme)


OTHER_KEYS = {
    "paypal": {"client_id": "AnotherAccount", "client_secret": "EC-other"},
    "stripe": {"secret_key": "sk_test_51Other"},
}


@pytest.mark.parametrize("rail", RAILS)
def test_another_account_is_not_asked_to_pay_what_the_first_may_have_paid(
    acme: Shop, payee: Payee, providers: Providers, rail: str
) -> None:
    payout_id = lose_an_answer(acme, payee(rail), providers, rail)
    with db.scoped(acme.id) as session:
        settings.save_keys(session, acme, RailName(rail), OTHER_KEYS[rail], actor="staff:1")
    sent = len(providers.payments(rail))
    left = ask_again(acme, payout_id)
    assert (left.state, left.next_look_at) == ("on_hold", None)
    assert "The keys were changed or removed" in str(left.state_reason)
    assert len(providers.payments(rail)) == sent
    assert books_hold(acme)
    with db.scoped(acme.id) as session, pytest.raises(Conflict):
        service.move_batch(session, acme, session.get_one(PayoutBatch, left.batch_id), "cancel", actor="staff:1")


def test_a_new_secret_of_the_same_account_resolves_a_lost_answer(
    acme: Shop, payee: Payee, providers: Providers
) -> None:
    payout_id = lose_an_answer(acme, payee("paypal"), providers, "paypal")
    with db.scoped(acme.id) as session:
        keys = KEYS[RailName.PAYPAL] | {"client_secret": "EC-renewed"}
        settings.save_keys(session, acme, RailName.PAYPAL, keys, actor="staff:1")
    assert ask_again(acme, payout_id).state in {"sent", "settled"}
    assert len(providers.payments("paypal")) == 1


@pytest.mark.parametrize("rail", RAILS)
def test_without_keys_nothing_leaves(acme: Shop, payee: Payee, providers: Providers, rail: str) -> None:
    ada = payee(rail)
    earn(acme, ada, "sale", 4211)
    payout_id = hand_over(acme, ada)
    with db.scoped(acme.id) as session:
        session.execute(RailKeys.__table__.delete())  # type: ignore[attr-defined]
    sending.ask_due()
    assert read_payout(acme, payout_id).state == "on_hold"
    assert providers.payments(rail) == []


def test_a_batch_that_is_stopped_keeps_what_was_handed_over_and_sends_the_rest_later(
    acme: Shop, payee: Payee, bea: Vendor, providers: Providers
) -> None:
    ada = payee("stripe")
    use_account(bea, "acct_1FbeaeKvZYlo2Ca1", "stripe")
    earn(acme, ada, "ada", 4211)
    earn(acme, bea, "bea", 700)
    with db.scoped(acme.id) as session:
        batch = service.open_batch(session, acme, None, actor="staff:1")
        service.act_on_batch(session, acme, batch, "approve", actor="staff:1")
        service.send(session, acme, batch, actor="staff:1")
        first, second = session.scalars(select(Payout.id).order_by(Payout.vendor_id))
        claim = sending._claim(session, acme.id, first)  # a worker has this one in its hands
    with db.scoped(acme.id) as session:
        assert queries.count_fitting(session, batch, "stop") == 1, "what the page says of it"
    assert claim
    assert act(acme, batch, "stop") == 1
    with pytest.raises(Conflict):
        act(acme, batch, "stop")
    let_time_pass()
    sending.ask_due()
    assert [read_payout(acme, one).state for one in (first, second)] == ["sent", "approved"]
    assert providers.payments("stripe") == [("4211", ACCOUNTS[RailName.STRIPE])]
    act(acme, batch, "send")
    sending.ask_due()
    assert read_payout(acme, second).state == "sent"
    assert sorted(providers.payments("stripe")) == [
        ("4211", ACCOUNTS[RailName.STRIPE]),
        ("700", "acct_1FbeaeKvZYlo2Ca1"),
    ]
    assert books_hold(acme)


@pytest.mark.parametrize("rail", RAILS)
def test_what_may_have_been_paid_under_its_key_is_looked_for_before_it_is_sent_again(
    acme: Shop, payee: Payee, providers: Providers, rail: str
) -> None:
    payout_id = lose_an_answer(acme, payee(rail), providers, rail)
    with db.scoped(acme.id) as session:
        settings.save_keys(session, acme, RailName(rail), OTHER_KEYS[rail], actor="staff:1")
    assert ask_again(acme, payout_id).state == "on_hold"
    with db.scoped(acme.id) as session:
        settings.save_keys(session, acme, RailName(rail), KEYS[RailName(rail)], actor="staff:1")
        payout = session.get_one(Payout, payout_id)
        for action in ("release", "approve"):
            moves.move(session, payout, action, actor="staff:1")
        batch = session.get_one(PayoutBatch, payout.batch_id)
    act(acme, batch, "send")
    with pytest.raises(Conflict):
        act(acme, batch, "stop")
    assert ask_again(acme, payout_id).state in {"sent", "settled"}
    assert len(providers.payments(rail)) == 1
    assert books_hold(acme)


def act(shop: Shop, batch: PayoutBatch, action: str) -> int:
    """Do it to the batch. Returns how many payouts have moved."""
    with db.scoped(shop.id) as session:
        count = select(func.count()).select_from(PayoutMove)
        before = session.scalar(count) or 0
        service.act_on_batch(session, shop, session.get_one(PayoutBatch, batch.id), action, actor="staff:1")
        session.flush()
        return (session.scalar(count) or 0) - before
