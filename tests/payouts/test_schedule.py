"""A batch is prepared on its day, once, and the merchant is told; nothing is sent by itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock, db
from app.commissions import agreements
from app.models.emails import Email
from app.models.payouts import Payout, PayoutSettings
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import queries, schedule, settings
from tests.payouts.conftest import earn, use_account


def test_the_payout_days_batch_is_prepared_once(acme: Shop, payee: Callable[[str], Vendor]) -> None:
    ada = payee("bank")
    today = clock.today(acme.timezone)
    with db.scoped(acme.id) as session:
        settings.save_schedule(session, acme, schedule="weekly", day=today.isoweekday(), today=today, actor="staff:1")
    earn(acme, ada, "sale", 4200)
    assert schedule.list_scheduled() == [acme.id]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: schedule.prepare_if_due(acme.id), range(3)))
    assert sorted(done) == [False, False, True]
    earn(acme, ada, "later sale", 100)
    assert not schedule.prepare_if_due(acme.id)
    with db.scoped(acme.id) as session:
        assert [(p.state, p.amount_minor) for p in session.scalars(select(Payout))] == [("pending", 4200)]
        mail = session.scalars(select(Email).where(Email.kind == "merchant_payouts_prepared")).one()
    assert "$42.00" in mail.subject


def test_a_day_that_was_missed_is_made_up_for(acme: Shop, payee: Callable[[str], Vendor]) -> None:
    ada = payee("bank")
    begun = clock.today(acme.timezone) - timedelta(days=3)
    with db.scoped(acme.id) as session:
        settings.save_schedule(session, acme, schedule="weekly", day=begun.isoweekday(), today=begun, actor="staff:1")
    assert not schedule.prepare_if_due(acme.id), "nobody had anything"
    earn(acme, ada, "sale", 4200)
    assert not schedule.prepare_if_due(acme.id), "that day is over"
    with db.scoped(acme.id) as session:
        session.get_one(PayoutSettings, acme.id).prepared_on = begun - timedelta(days=7)
    assert schedule.prepare_if_due(acme.id)


def test_a_vendor_with_a_schedule_of_their_own_is_paid_on_their_own_days_only(
    acme: Shop, bea: Vendor, payee: Callable[[str], Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = payee("bank")
    today = clock.today(acme.timezone)
    tomorrow = today + timedelta(days=1)
    use_account(bea, "FR1420041010050500013M02606")
    with db.scoped(acme.id) as session:
        settings.save_schedule(session, acme, schedule="weekly", day=today.isoweekday(), today=today, actor="staff:1")
        own = {"payout_schedule": {"schedule": "weekly", "day": tomorrow.isoweekday()}}
        agreements.save_overrides(session, acme, bea.id, own, "staff:1")
    for vendor in (ada, bea):
        earn(acme, vendor, f"sale {vendor.id}", 4200)
    with db.scoped(acme.id) as session:
        assert {row.vendor.id: bool(row.schedule_words) for row in queries.preview(session, acme)} == {
            ada.id: False,
            bea.id: True,
        }
    with db.scoped(acme.id, bea.id) as session:
        assert queries.find_payout_day(session, acme, bea.id) == tomorrow
    assert schedule.prepare_if_due(acme.id)
    assert paid(acme) == [ada.id]
    assert not schedule.prepare_if_due(acme.id)
    now = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    earn(acme, ada, "another sale", 100)
    assert schedule.prepare_if_due(acme.id)
    assert paid(acme) == [ada.id, bea.id], "Ada's day is next week"
    assert not schedule.prepare_if_due(acme.id)


def test_a_shop_that_pays_by_hand_pays_by_itself_whom_it_agreed_so_with(
    acme: Shop, payee: Callable[[str], Vendor]
) -> None:
    ada = payee("bank")
    earn(acme, ada, "sale", 4200)
    assert schedule.list_scheduled() == []
    own = {"payout_schedule": {"schedule": "monthly", "day": clock.today(acme.timezone).day}}
    with db.scoped(acme.id) as session:
        agreements.save_overrides(session, acme, ada.id, own, "staff:1")
    assert schedule.list_scheduled() == [acme.id]
    assert schedule.prepare_if_due(acme.id)
    assert paid(acme) == [ada.id]


def test_a_vendor_whom_the_shop_pays_by_hand_is_in_no_batch_that_comes_by_itself(
    acme: Shop, payee: Callable[[str], Vendor]
) -> None:
    ada, today = payee("bank"), clock.today(acme.timezone)
    earn(acme, ada, "sale", 4200)
    with db.scoped(acme.id) as session:
        settings.save_schedule(session, acme, schedule="weekly", day=today.isoweekday(), today=today, actor="staff:1")
        own = {"payout_schedule": {"schedule": "manual", "day": 1}}
        agreements.save_overrides(session, acme, ada.id, own, "staff:1")
    assert not schedule.prepare_if_due(acme.id)
    assert paid(acme) == []


def paid(shop: Shop) -> list[int]:
    """Who has payouts, oldest first."""
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Payout.vendor_id).order_by(Payout.id)))
