"""Issuing fee invoices to all vendors: a job that may be killed or stopped, without a gap and nothing charged twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db, turns
from app.errors import NotFound
from app.models.events import AuditEntry
from app.models.payouts import FeeInvoice, FeeInvoicePosting, InvoiceRun
from app.models.shops import Shop
from app.models.staff import StaffMember
from app.models.vendors import Vendor
from app.payouts import invoice_runs, invoices, settings
from tests.architecture.polaris import lint_polaris
from tests.payouts.test_archives import later
from tests.payouts.test_invoices import WHO, charge, issue, issued
from tests.payouts.test_invoices import seller as seller  # noqa: PLC0414 - the fixture
from tests.shopify.signing import sign_id_token

PAGE = "/app/payouts/invoices"
BOTH = [("F-000001", "invoice", 432, 82), ("F-000002", "invoice", 86, 0)]


@pytest.fixture(autouse=True)
def _one_vendor_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoice_runs, "_AT_ONCE", 1)


@pytest.fixture
def charged(seller: Shop, ada: Vendor, bea: Vendor) -> Shop:
    """Ada and Bea owe commission."""
    charge(seller, ada, "sale:1", 432, 82)
    charge(seller, bea, "sale:2", 86)
    return seller


@pytest.fixture
def merchant(charged: Shop, merchant: FlaskClient) -> FlaskClient:
    return merchant


def ask(shop: Shop, actor: str = "staff:1") -> int:
    with db.scoped(shop.id) as session:
        until = clock.today(shop.timezone) + timedelta(days=1)
        return invoice_runs.ask(session, session.get_one(Shop, shop.id), until=until, actor=actor).id


def look(shop: Shop) -> InvoiceRun:
    with db.scoped(shop.id) as session:
        return session.scalars(select(InvoiceRun)).one()


def carry_on(shop: Shop, **how: float) -> None:
    """A job that was rung for now."""
    run = look(shop)
    invoice_runs.carry_on(shop.id, run.id, run.done, **how)


def stop(shop: Shop) -> bool:
    with db.scoped(shop.id) as session:
        return invoice_runs.stop(session, shop.id, session.scalars(select(InvoiceRun.id)).one(), actor="staff:1")


def test_a_worker_killed_amid_an_invoice_leaves_no_gap_and_charges_nothing_twice(
    charged: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(charged)
    add_one, added = invoices._add, []

    def die_after_the_second(*args: Any) -> None:
        add_one(*args)
        added.append(args)
        if len(added) == 2:
            raise SystemExit

    monkeypatch.setattr(invoices, "_add", die_after_the_second)
    with pytest.raises(SystemExit):
        carry_on(charged)
    assert (look(charged).done, issued(charged)) == (1, BOTH[:1])
    assert invoice_runs.sweep() == 0, "it may be alive"
    carry_on(charged)
    assert look(charged).done == 1, "another worker has it"
    later(monkeypatch, minutes=2)
    assert invoice_runs.sweep() == 1
    carry_on(charged)
    assert (look(charged).issued, issued(charged)) == (2, BOTH)
    with db.scoped(charged.id) as session:
        assert len(session.scalars(select(FeeInvoicePosting)).all()) == 2


def test_a_worker_that_was_thought_dead_issues_nothing_twice(charged: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(charged)
    step, overtaken = invoice_runs._issue_next, list[tuple[int, ...]]()

    def be_overtaken(*args: int) -> bool:
        if not overtaken:
            overtaken.append(args)
            with db.scoped(charged.id) as session:
                session.execute(update(InvoiceRun).values(lease_until=None))
            carry_on(charged)
        return step(*args)

    monkeypatch.setattr(invoice_runs, "_issue_next", be_overtaken)
    carry_on(charged)
    assert (look(charged).done, issued(charged)) == (2, BOTH)


def test_who_asks_meanwhile_gets_the_same_run_and_later_another(charged: Shop, ada: Vendor) -> None:
    number = ask(charged)
    carry_on(charged, seconds=0)
    assert ask(charged, "staff:2") == number
    assert (look(charged).done, look(charged).asked_by) == (1, "staff:1")
    carry_on(charged)
    assert ask(charged) != number
    charge(charged, ada, "sale:3", 100)
    carry_on(charged)
    assert issued(charged) == [*BOTH, ("F-000003", "invoice", 100, 0)]
    with db.scoped(charged.id) as session:
        asked = session.scalars(select(AuditEntry).where(AuditEntry.action == "fee_invoices.issue")).all()
    assert len(asked) == 2


def test_it_gives_way_and_goes_on(charged: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(turns, "enqueue", lambda *args, **_: rung.append(args))
    number = ask(charged)
    carry_on(charged, seconds=0)
    assert rung == [("jobs.payouts.issue_some_invoices", charged.id, number, 1)]
    carry_on(charged, seconds=0)
    assert (look(charged).finished_at is not None, len(rung)) == (True, 1)


def test_what_is_stopped_keeps_what_was_issued_and_the_rest_comes_when_asked_for(charged: Shop) -> None:
    ask(charged)
    carry_on(charged, seconds=0)
    assert stop(charged)
    assert not stop(charged), "it was over already"
    carry_on(charged)
    assert (look(charged).is_stopped, issued(charged)) == (True, BOTH[:1])
    assert issue(charged) == 1
    assert issued(charged) == BOTH


def test_a_month_that_a_person_stopped_does_not_begin_again_by_itself(
    charged: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.scoped(charged.id) as session:
        settings.save_invoicing(session, session.get_one(Shop, charged.id), WHO, monthly=True, actor="test")
    later(monkeypatch, days=32)
    invoice_runs.ask_if_due(charged.id)
    carry_on(charged, seconds=0)
    stop(charged)
    invoice_runs.ask_if_due(charged.id)
    assert (look(charged).is_stopped, issued(charged)) == (True, BOTH[:1])


def test_a_month_that_cannot_be_invoiced_is_tried_again_each_hour_and_stands_in_the_log_once(
    charged: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.scoped(charged.id) as session:
        settings.save_invoicing(session, session.get_one(Shop, charged.id), WHO, monthly=True, actor="test")
    later(monkeypatch, days=32)
    for _ in range(2):
        invoice_runs.ask_if_due(charged.id)
        with db.scoped(charged.id) as session:
            assert look(charged).failed_at is None
            session.execute(update(InvoiceRun).values(failed_at=clock.now()))
    with db.scoped(charged.id) as session:
        begun = select(AuditEntry.actor).where(AuditEntry.action == "fee_invoices.issue")
        assert session.scalars(begun).all() == ["schedule"]


def test_an_invoice_that_cannot_be_made_ends_the_run_and_asking_again_goes_on(
    merchant: FlaskClient, charged: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError

    ask(charged)
    carry_on(charged, seconds=0)
    add_one = invoices._add
    monkeypatch.setattr(invoices, "_add", fail)
    for _ in range(3):
        later(monkeypatch, minutes=2)
        with pytest.raises(ValueError):  # noqa: PT011
            carry_on(charged)
    later(monkeypatch, minutes=2)
    carry_on(charged)
    assert "could not be made after 1 of 2 vendors: 1 invoice or credit note issued" in merchant.get(PAGE).text
    assert "Not every vendor got an invoice" in merchant.get(PAGE).text
    assert invoice_runs.sweep() == 0, "nobody tries for ever"
    monkeypatch.setattr(invoices, "_add", add_one)
    assert issue(charged) == 1
    assert issued(charged) == BOTH


# -- pages -------------------------------------------------------------------------------------------------------------


def test_the_page_shows_how_far_it_is_to_whoever_comes_back_and_stops_it(merchant: FlaskClient, charged: Shop) -> None:
    ask(charged)
    carry_on(charged, seconds=0)
    left = merchant.get(f"{PAGE}?q=Ada").text
    assert "1 of 2 vendors looked at, 1 invoice or credit note issued, asked for by Staff member 1" in left
    assert (f'hx-get="{PAGE}?q=Ada"' in left, lint_polaris(left)) == (True, [])
    again = merchant.post(PAGE)
    assert ("1 of 2 vendors" in again.text, "being issued" in again.headers["HX-Trigger"]) == (True, True)
    place = f"{PAGE}/runs/{look(charged).id}/stop"
    stopped = merchant.post(place)
    assert ("Stopped after 1 of 2 vendors: 1 invoice" in stopped.text, "Stopped" in stopped.headers["HX-Trigger"]) == (
        True,
        True,
    )
    assert "over already" in merchant.post(place).headers["HX-Trigger"]
    assert lint_polaris(stopped.text) == []
    issue(charged)
    assert merchant.post(place).status_code == 404, "another run took its place"
    issue(charged)
    done = merchant.get(PAGE).text
    assert ("Nothing to issue" in done, "every 2s" in done, lint_polaris(done)) == (True, False, [])


@pytest.fixture
def as_role(merchant: FlaskClient, charged: Shop) -> Callable[[str], FlaskClient]:
    def change(role: str) -> FlaskClient:
        merchant.get("/app")
        with db.scoped(charged.id) as session:
            session.execute(update(StaffMember).values(role=role))
        return merchant

    return change


def test_who_may_not_change_money_sees_how_far_it_is_and_stops_nothing(
    as_role: Callable[[str], FlaskClient], charged: Shop
) -> None:
    number = ask(charged)
    page = as_role("viewer").get(PAGE).text
    assert ("0 of 2 vendors" in page, "/stop" in page) == (True, False)
    assert as_role("viewer").post(f"{PAGE}/runs/{number}/stop").status_code == 403
    assert as_role("money").post(f"{PAGE}/runs/{number}/stop").status_code == 200


def test_another_shop_reaches_none_of_it(merchant: FlaskClient, charged: Shop, zenith: Shop, ada: Vendor) -> None:
    number = ask(charged)
    theirs = {"Authorization": f"Bearer {sign_id_token('zenith.myshopify.com')}"}
    assert merchant.post(f"{PAGE}/runs/{number}/stop", headers=theirs).status_code == 404
    with db.scoped(zenith.id) as session, pytest.raises(NotFound):
        invoice_runs.stop(session, charged.id, number, actor="staff:9")
    invoice_runs.carry_on(zenith.id, number, 0)
    assert (look(charged).done, issued(charged)) == (0, [])
    with db.scoped(charged.id, ada.id) as session:
        assert session.scalars(select(InvoiceRun)).all() == [], "nor does a vendor"
    with db.scoped(charged.id) as session:
        assert session.scalars(select(FeeInvoice)).all() == []
