"""Payouts against what PayPal and Stripe say of them, asked over HTTP, and asked again by one press."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select, text, update

import jobs.books
from app import db
from app.books import findings, queries, rails, service
from app.books.differences import settle
from app.ledger.queries import vendor_balances
from app.ledger.stops import list_stopped
from app.models.books import Difference
from app.models.payouts import Payout
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.payouts import sending
from app.payouts.queries import RAIL_WORDS
from tests.payouts.conftest import Providers, earn, hand_over, let_time_pass, read_payout

Payee = Callable[[str], Vendor]
FATES = [("paypal", "RETURNED"), ("stripe", "reversed")]


def settled(shop: Shop, vendor: Vendor) -> int:
    """A payout that arrived, about which the rail is not asked any more."""
    earn(shop, vendor, "sale", 4211)
    payout_id = hand_over(shop, vendor)
    sending.ask_due()
    let_time_pass()
    sending.ask(shop.id, payout_id)
    assert read_payout(shop, payout_id).state == "settled"
    with db.scoped(shop.id) as session:
        session.execute(update(Payout).values(next_look_at=None))
    return payout_id


@pytest.mark.parametrize(("rail", "fate"), FATES)
def test_a_payout_that_came_back_long_after_it_arrived_is_found_asked_again_and_given_back(
    acme: Shop, payee: Payee, providers: Providers, rail: str, fate: str
) -> None:
    vendor = payee(rail)
    payout_id = settled(acme, vendor)
    assert service.run_proof(acme.id).open == 0
    providers.decide(rail, fate)
    assert service.run_proof(acme.id).found == 1
    with db.scoped(acme.id) as session:
        (row,) = queries.list_open(session, acme.id).rows
        assert f"{RAIL_WORDS[rail]} says that it came back" in row.difference.words
        assert list_stopped(session, acme.id) == {vendor.id}
        service.ask_to_reread(session, acme.id, row.difference.id, "staff:1")
    jobs.books.reread(acme.id, row.difference.id)
    assert read_payout(acme, payout_id).state == "failed"
    with db.scoped(acme.id) as session:
        assert session.get_one(Difference, row.difference.id).cleared_at
        assert vendor_balances(session, acme.id, "USD", vendor.id).available == Money(4211, "USD")
        assert list_stopped(session, acme.id) == set()
    assert service.run_proof(acme.id).open == 0


def test_a_payout_that_is_booked_elsewhere_than_its_state_says_is_found(
    acme: Shop, payee: Payee, providers: Providers
) -> None:
    payout_id = settled(acme, payee("paypal"))
    with db.scoped(acme.id) as session:
        session.execute(update(Payout).values(state="failed"))
    assert service.run_proof(acme.id).open
    with db.scoped(acme.id) as session:
        keys = {row.key for row in session.scalars(select(Difference).where(Difference.cleared_at.is_(None)))}
    assert {f"payout:{payout_id}", f"rail:{payout_id}"} <= keys


def test_what_does_not_agree_of_a_payout_or_a_vendor_is_named_as_people_know_it(
    acme: Shop, payee: Payee, providers: Providers, merchant: FlaskClient
) -> None:
    vendor = payee("paypal")
    paid = read_payout(acme, settled(acme, vendor))
    earn(acme, vendor, "more", 100)
    with db.get_engine().begin() as owner:
        owner.execute(text("SET LOCAL session_replication_role = replica"))
        owner.execute(text("UPDATE payouts SET amount_minor = amount_minor + 1"))
        stray = "account = 'vendor_available' AND amount_minor < 0"
        owner.execute(text(f"UPDATE ledger_entries SET amount_minor = amount_minor - 1 WHERE {stray}"))
    with db.scoped(acme.id) as session:
        settle(session, acme.id, findings.TOTALS, findings.of_totals(session, acme))
    page = merchant.get("/app/reconciliation").text
    assert f'<s-link href="/app/payouts/{paid.batch_id}/payouts/{paid.id}">Payout {paid.reference}</s-link>' in page
    for words in (
        f"The entries of payout {paid.reference} are not its amount.",
        f"{escape(vendor.name)} has 0.99 USD available, but 1.00 USD could be paid out.",
    ):
        assert words in page
    with db.scoped(acme.id) as session:
        number = session.scalars(select(Difference.id).where(Difference.payout_id == paid.id)).first()
    asked = merchant.post(f"/app/reconciliation/differences/{number}/reread")
    assert "The payment provider is being asked again." in asked.headers["HX-Trigger"]


def test_a_rail_that_is_silent_is_no_difference_and_the_proof_says_so(
    acme: Shop, payee: Payee, providers: Providers
) -> None:
    settled(acme, payee("stripe"))
    providers.decide("stripe", "reversed")
    providers.fail_next("stripe", "error", times=1)
    with db.scoped(acme.id) as session:
        questions = rails.list_questions(session, session.get_one(Shop, acme.id))
    looked_at, found, silence = rails.compare(questions)
    assert (looked_at, found) == ([], [])
    assert silence
    assert silence.startswith("Stripe could not be asked")
    assert len(rails.compare(questions)[1]) == 1
