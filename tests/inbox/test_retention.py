"""Stored webhooks lose their content, then their row; what a person has to look at stays."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.inbox import retention
from app.models.events import InboxEvent, InboxState
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
    assert retention.clean_up() == (2, 1)
    with db.scoped(acme.id) as session:
        left = {row.event_id: row.body for row in session.scalars(select(InboxEvent))}
    assert left.pop("month") == b""
    assert sorted(left) == ["due-month", "due-new", "due-old", "new", "stuck-month", "stuck-new", "stuck-old"]
    assert set(left.values()) == {BODY}
    assert retention.clean_up() == (0, 0)
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
