"""Domain events reach each subscriber, with each effect once."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit, cli, clock, db, events
from app.errors import NotFound
from app.events import MAX_ATTEMPTS
from app.live.channels import log_of, shop_channel
from app.models.events import AuditEntry, DomainEvent, EventDelivery
from app.models.shops import Shop
from app.queue import get_redis
from jobs import outbox, schedule
from jobs.subscribers import SUBSCRIBERS


def note(name: str) -> object:
    def subscriber(session: Session, event: DomainEvent) -> None:
        audit.record(session, event.shop_id, f"test.{name}", ("event", event.id), actor="test")

    return subscriber


def heard(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def publish(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        events.publish(session, shop.id, "BellRung", bell_id=1)


def test_every_subscriber_hears_of_it_once(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", note("first")), ("second", note("second"))])
    publish(acme)
    assert outbox.deliver(acme.id) == 2
    assert outbox.deliver(acme.id) == 0
    assert heard(acme) == ["test.first", "test.second"]


def test_what_deliveries_made_together_ask_again_is_asked_once(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def wonder(session: Session, event: DomainEvent) -> None:
        db.ask_once(session, (wonder, event.kind), lambda: asked.append(event.id))

    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", wonder), ("second", wonder)])
    for _ in range(3):
        publish(acme)
    assert outbox.deliver(acme.id) == 6
    assert len(asked) == 1
    publish(acme)
    assert outbox.deliver(acme.id) == 2
    assert len(asked) == 2


def test_a_page_asks_every_time(acme: Shop) -> None:
    answers = iter(["yes", "no"])
    with db.scoped(acme.id) as session:
        assert [db.ask_once(session, "may I", lambda: next(answers)) for _ in range(2)] == ["yes", "no"]


def test_a_subscriber_that_fails_is_tried_again_and_the_others_are_not(
    acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session, event: DomainEvent) -> None:
        note("half")(session, event)  # type: ignore[operator]
        session.flush()
        raise RuntimeError("not yet")

    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", fail), ("second", note("second"))])
    publish(acme)
    outbox.deliver(acme.id)
    assert heard(acme) == ["test.second"]
    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", note("first")), ("second", note("second"))])
    with db.scoped(acme.id) as session:
        session.execute(update(EventDelivery).values(next_attempt_at=None))
    outbox.deliver(acme.id)
    assert heard(acme) == ["test.second", "test.first"]


def test_one_subscriber_hears_events_again_from_a_moment_on(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", note("first")), ("second", note("second"))])
    publish(acme)
    outbox.deliver(acme.id)
    moment = clock.now()
    publish(acme)
    outbox.deliver(acme.id)
    before = len(heard(acme))
    assert outbox.replay(acme.id, "second", moment) == 1
    outbox.deliver(acme.id)
    assert heard(acme)[before:] == ["test.second"]
    assert outbox.replay(acme.id, "second", moment - timedelta(days=1)) == 2


def test_a_new_subscriber_catches_up_with_what_happened_before_it(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(acme)
    outbox.deliver(acme.id)
    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("late", note("late"))])
    assert outbox.deliver(acme.id) == 0
    since = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    said = CliRunner().invoke(cli.group, ["events", "replay", acme.domain, "late", "--since", since])
    assert "late will hear 1 events again" in said.output, said.output
    outbox.deliver(acme.id)
    assert heard(acme) == ["test.late"]


def test_a_killed_worker_tells_open_pages_twice_and_never_not_at_all(
    acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(session: Session) -> None:
        raise KeyboardInterrupt

    log = log_of(shop_channel(acme.id))
    publish(acme)
    with monkeypatch.context() as killed:
        killed.setattr(db, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            outbox.dispatch(acme.id)
    assert get_redis().xlen(log) == 1
    outbox.dispatch(acme.id)
    outbox.dispatch(acme.id)
    assert get_redis().xlen(log) == 2


def test_a_name_that_nobody_has_is_refused_with_those_that_there_are(acme: Shop) -> None:
    with pytest.raises(NotFound, match="email_customer"):
        outbox.replay(acme.id, "nobody", clock.now())


def test_an_event_of_a_transaction_that_failed_never_happened(acme: Shop) -> None:
    def change_my_mind() -> None:
        with db.scoped(acme.id) as session:
            events.publish(session, acme.id, "BellRung", bell_id=1)
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        change_my_mind()
    with db.system() as session:
        assert session.scalars(select(DomainEvent)).all() == []


def test_a_wiped_redis_loses_nothing(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("first", note("first"))])
    publish(acme)
    get_redis().flushall()
    outbox.sweep()
    assert get_redis().llen("rq:queue:events") == 1


def test_everything_in_the_schedule_is_rung_for_in_its_time(database: str) -> None:
    due = dict.fromkeys(schedule.SCHEDULE, 0.0)
    assert schedule.ring_due(due, 1.0) == list(schedule.SCHEDULE)
    assert schedule.ring_due(due, 2.0) == []
    soon = [periodic for periodic in schedule.SCHEDULE if periodic.every_seconds <= 5]
    assert schedule.ring_due(due, 6.5) == soon


def test_a_delivery_that_kills_its_worker_is_put_aside_and_takes_no_other_with_it(
    acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What no handler catches, like kill -9."""

    def kill(session: Session, event: DomainEvent) -> None:
        raise Killed

    monkeypatch.setitem(SUBSCRIBERS, "BellRung", [("deadly", kill), ("first", note("first")), ("last", note("last"))])
    publish(acme)
    publish(acme)
    # All six die together once; then only the deadly ones die, alone.
    for _ in range(2 * outbox.MAX_CLAIMS - 1):
        with pytest.raises(Killed):
            outbox.deliver(acme.id)
    outbox.deliver(acme.id)
    assert heard(acme) == ["test.first", "test.last"] * 2
    with db.scoped(acme.id) as session:
        rows = session.scalars(select(EventDelivery).order_by(EventDelivery.id)).all()
        stuck = [row for row in rows if row.done_at is None]
        assert [row.subscriber for row in stuck] == ["deadly", "deadly"]
        assert {row.attempts for row in stuck} == {MAX_ATTEMPTS}
        assert stuck[0].error == "The worker died while telling this 5 times."
        assert {row.claims for row in rows} == {0}
    assert outbox.deliver(acme.id) == 0
