"""What the marketplace passed on: who was told, what is stuck, and telling it again."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db, events
from app.models.events import AuditEntry, EventDelivery
from app.models.shops import Shop
from jobs import inbox, outbox
from jobs.subscribers import SUBSCRIBERS
from tests.jobs.test_outbox import heard, note, publish
from tests.shops.test_settings import browser as browser  # noqa: PLC0414 - the fixture


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", note("first")), ("second", note("second"))])


def give_up(shop: Shop, subscriber: str) -> int:
    with db.scoped(shop.id) as session:
        spent = update(EventDelivery).where(EventDelivery.subscriber == subscriber)
        values = {"done_at": None, "attempts": events.MAX_ATTEMPTS, "error": "RuntimeError: no bell"}
        return session.execute(spent.values(values).returning(EventDelivery.id)).scalars().one()


def test_stuck_deliveries_stand_on_top_and_are_tried_again_together(browser: FlaskClient, acme: Shop) -> None:
    publish(acme)
    outbox.deliver(acme.id)
    give_up(acme, "first")
    publish(acme)
    outbox.deliver(acme.id)
    assert "1 of our own events reached not everybody" in browser.get("/app/events").text
    page = browser.get("/app/events/told").text
    assert "1 delivery is stuck" in page
    assert page.index("no bell") < page.index("Done</s-badge>")
    assert browser.post("/app/events/told/again").status_code == 200
    outbox.deliver(acme.id)
    assert heard(acme).count("test.first") == 3
    assert "is stuck" not in browser.get("/app/events/told").text


def test_one_delivery_is_told_again_and_the_others_are_not(browser: FlaskClient, acme: Shop) -> None:
    publish(acme)
    outbox.deliver(acme.id)
    with db.scoped(acme.id) as session:
        first = session.scalars(select(EventDelivery.id).where(EventDelivery.subscriber == "first")).one()
    assert browser.post(f"/app/events/told/{first}/again").status_code == 200
    assert browser.post(f"/app/events/told/{first}/again").status_code == 409
    outbox.deliver(acme.id)
    assert sorted(kind for kind in heard(acme) if kind.startswith("test")) == [
        "test.first",
        "test.first",
        "test.second",
    ]


def test_a_listener_hears_everything_again_from_a_day_on(browser: FlaskClient, acme: Shop) -> None:
    publish(acme)
    outbox.deliver(acme.id)
    today = clock.now().date() - timedelta(days=1)
    assert browser.post("/app/events/told/replay", data={"subscriber": "second", "since": "soon"}).status_code == 422
    form = {"subscriber": "second", "since": today.isoformat()}
    assert browser.post("/app/events/told/replay", data=form).status_code == 200
    assert browser.post("/app/events/told/replay", data={**form, "subscriber": "nobody"}).status_code == 404
    with db.scoped(acme.id) as session:
        asked = session.scalars(select(AuditEntry).where(AuditEntry.action == "event.replay_subscriber")).one()
    inbox.replay_subscriber(acme.id, asked.changes["subscriber"][1], asked.changes["since"][1])
    outbox.deliver(acme.id)
    assert [kind for kind in heard(acme) if kind.startswith("test")] == ["test.first", "test.second", "test.second"]


def test_another_shop_sees_and_replays_none_of_it(browser: FlaskClient, acme: Shop, zenith: Shop) -> None:
    publish(zenith)
    outbox.deliver(zenith.id)
    theirs = give_up(zenith, "first")
    assert "BellRung" not in browser.get("/app/events/told").text
    assert browser.post(f"/app/events/told/{theirs}/again").status_code == 404
    browser.post("/app/events/told/again")
    with db.scoped(zenith.id) as session:
        assert session.get_one(EventDelivery, theirs).attempts == events.MAX_ATTEMPTS


def test_deliveries_are_narrowed_by_event_listener_and_state(browser: FlaskClient, acme: Shop) -> None:
    publish(acme)
    outbox.deliver(acme.id)
    for query, rows in {"": 2, "subscriber=first": 1, "kind=BellRung": 2, "state=done": 2, "state=stuck": 0}.items():
        assert browser.get(f"/app/events/told?{query}").text.count("<s-table-row>") == rows, query
