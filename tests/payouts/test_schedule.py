"""A batch is prepared on its day, once, and the merchant is told; nothing is sent by itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.payouts import Payout, PayoutSettings
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import queries, schedule, settings
from tests.payouts.conftest import earn


def test_the_payout_days_batch_is_prepared_once(acme: Shop, payee: Callable[[str], Vendor]) -> None:
    ada = payee("bank")
    today = queries.today(acme)
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
    begun = queries.today(acme) - timedelta(days=3)
    with db.scoped(acme.id) as session:
        settings.save_schedule(session, acme, schedule="weekly", day=begun.isoweekday(), today=begun, actor="staff:1")
    assert not schedule.prepare_if_due(acme.id), "nobody had anything"
    earn(acme, ada, "sale", 4200)
    assert not schedule.prepare_if_due(acme.id), "that day is over"
    with db.scoped(acme.id) as session:
        session.get_one(PayoutSettings, acme.id).prepared_on = begun - timedelta(days=7)
    assert schedule.prepare_if_due(acme.id)
