"""Stored webhooks lose their content, then their row; what a person has to look at stays."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.inbox import retention
from app.inbox.retention import Removed
from app.models.events import DomainEvent, EventDelivery, InboxEvent, InboxState
from app.models.shops import Shop
from tests.inbox.test_pages import receive
from tests.shops.test_settings import browser as browser  # noqa: PLC0414 - the fixture

BODY = b'{"id": 5001, "email": "mia@example.com"}'


def test_content_goes_after_a_month_and_the_row_after_three(browser: FlaskClient, acme: Shop, zenith: Shop) -> None:
    ages = {"new": 29, "month": 31, "old": 91}
    for name, days in ages.items():
        at = clock.now() - timedelta(days=days)
        receive(acme, "orders/create", BODY, name, state=InboxState.DONE, received_at=at)
        receive(acme, "orders/create", BODY, f"stuck-{name}", state=InboxState.DEAD, received_at=at)
        receive(acme, "orders/create", BODY, f"due-{name}", state=InboxState.FAILED, received_at=at)
    receive(zenith, "orders/create", BODY, "month", state=InboxState.REFUSED, received_at=clock.now() - timedelta(31))
    assert retention.clean_up() == Removed(bodies=2, events=1, told=0)
    with db.scoped(acme.id) as session:
        left = {row.event_id: row.body for row in session.scalars(select(InboxEvent))}
    assert left.pop("month") == b""
    assert sorted(left) == ["due-month", "due-new", "due-old", "new", "stuck-month", "stuck-new", "stuck-old"]
    assert set(left.values()) == {BODY}
    assert retention.clean_up() == Removed(bodies=0, events=0, told=0)
    assert "content of 1 and 1 whole lines removed" in browser.get("/app/events").text


def test_what_is_no_longer_kept_cannot_be_replayed_by_itself_or_among_others(browser: FlaskClient, acme: Shop) -> None:
    emptied = receive(acme, "orders/create", b"", "emptied", state=InboxState.DONE)
    receive(acme, "orders/create", b"", "never-had-any", state=InboxState.DEAD)
    assert browser.post(f"/app/events/{emptied}/replay").status_code == 409
    assert "is kept for 30 days" in browser.get(f"/app/events/{emptied}").text
    browser.post("/app/events/replay?topic=orders/create")
    with db.scoped(acme.id) as session:
        states = dict(session.execute(select(InboxEvent.event_id, InboxEvent.state)).all())
    assert states == {"emptied": InboxState.DONE, "never-had-any": InboxState.RECEIVED}


def test_what_nobody_looked_at_for_a_year_goes_too(browser: FlaskClient, acme: Shop) -> None:
    at = clock.now() - timedelta(days=366)
    receive(acme, "orders/create", BODY, "stuck", state=InboxState.DEAD, received_at=at)
    assert retention.clean_up() == Removed(bodies=0, events=1, told=0)


def test_what_was_told_goes_after_half_a_year_unless_somebody_has_still_to_hear_it(
    browser: FlaskClient, acme: Shop
) -> None:
    now = clock.now()
    with db.scoped(acme.id) as session:
        for days, done in ((179, True), (181, True), (181, False), (366, False)):
            at = now - timedelta(days=days)
            event = DomainEvent(shop_id=acme.id, kind="OrderCreated", subject={}, occurred_at=at, dispatched_at=at)
            session.add(event)
            session.flush()
            delivery = EventDelivery(
                shop_id=acme.id, event_id=event.id, subscriber="hooks", done_at=at if done else None
            )
            session.add(delivery)
        session.add(
            DomainEvent(shop_id=acme.id, kind="OrderCreated", subject={}, occurred_at=now - timedelta(days=400))
        )
    assert retention.clean_up() == Removed(bodies=0, events=0, told=2)
    with db.scoped(acme.id) as session:
        left = sorted((now - event.occurred_at).days for event in session.scalars(select(DomainEvent)))
        deliveries = len(session.scalars(select(EventDelivery)).all())
    assert (left, deliveries) == ([179, 181, 400], 2), "the oldest was told to nobody yet"
    assert "and 2 of what was told" in browser.get("/app/events").text
