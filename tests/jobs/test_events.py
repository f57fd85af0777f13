"""Working off the inbox: once, in order, fenced, and never stopped by one bad event."""

import threading
from collections.abc import Callable, Sequence

import psycopg
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import db
from app.inbox.service import replay_event
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.shops import Shop, ShopStatus
from jobs import events
from webhooks.router import HANDLERS

TOPIC = "shop/update"


def receive(domain: str = "acme.myshopify.com", topic: str = TOPIC, body: bytes = b"{}", event_id: str = "e1") -> int:
    with db.system() as session:
        row = InboxEvent(shop_domain=domain, topic=topic, webhook_id=event_id, event_id=event_id, body=body)
        session.add(row)
        session.flush()
        return row.id


def read(event_id: int) -> InboxEvent:
    with db.system() as session:
        return session.get_one(InboxEvent, event_id)


def read_after_drain(event_id: int) -> InboxEvent:
    events.drain()
    return read(event_id)


def make_due() -> None:
    with db.system() as session:
        session.execute(update(InboxEvent).values(next_attempt_at=None, lease_until=None))


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., None]], None]:
    """Put a function in the place of the topic's handler."""
    return lambda function: monkeypatch.setitem(HANDLERS, TOPIC, function)


def leave_mark(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    session.add(AuditEntry(shop_id=shop.id, actor="test", action="test.mark", subject_type="e", subject_id=event.id))


def marks(shop: Shop) -> list[int]:
    with db.scoped(shop.id) as session:
        query = select(AuditEntry.subject_id).where(AuditEntry.action == "test.mark").order_by(AuditEntry.id)
        return list(session.scalars(query))


def test_events_are_handled_once_in_the_order_they_came(acme: Shop, handler: Callable[..., None]) -> None:
    handler(leave_mark)
    ids = [receive(event_id=f"e{n}") for n in range(120)]
    assert events.drain() == 120
    assert events.drain() == 0
    assert marks(acme) == ids
    assert {read(i).state for i in ids} == {InboxState.DONE}


def test_the_effect_and_the_mark_stand_or_fall_together(acme: Shop, handler: Callable[..., None]) -> None:
    def break_after_effect(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
        leave_mark(session, shop, payload, event)
        session.flush()
        raise RuntimeError("the machine broke")

    handler(break_after_effect)
    event = receive()
    events.drain()
    assert marks(acme) == []
    assert (read(event).state, read(event).attempts) == (InboxState.FAILED, 1)
    handler(leave_mark)
    make_due()
    events.drain()
    assert marks(acme) == [event]


def test_a_failed_event_waits_and_does_not_hold_up_the_others(acme: Shop, handler: Callable[..., None]) -> None:
    def fail_first(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
        if event.event_id == "e1":
            raise RuntimeError("not yet")
        leave_mark(session, shop, payload, event)

    handler(fail_first)
    first, second = receive(), receive(event_id="e2")
    events.drain()
    assert marks(acme) == [second]
    assert read(first).next_attempt_at is not None
    assert events.drain() == 0


def test_after_the_last_attempt_an_event_is_put_aside_for_a_person(acme: Shop, handler: Callable[..., None]) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("never")

    handler(fail)
    event = receive()
    for _ in range(events.MAX_ATTEMPTS):
        make_due()
        events.drain()
    assert read(event).state is InboxState.DEAD
    assert "never" in (read(event).error or "")
    make_due()
    assert events.drain() == 0


def test_a_body_that_does_not_fit_its_topic_is_put_aside_at_once(acme: Shop) -> None:
    event = receive(topic="app/scopes_update", body=b'{"id": "x"}')
    events.drain()
    assert (read(event).state, read(event).attempts) == (InboxState.DEAD, 1)
    assert "This body is no ScopesUpdate" in (read(event).error or "")


def test_news_of_a_shop_without_its_domain_are_called_what_they_are(acme: Shop) -> None:
    row = read_after_drain(receive(topic="shop/update", body=b'{"id": 1, "name": "Acme"}'))
    assert row.state is InboxState.DEAD
    assert "This body is no ShopUpdate: " in (row.error or "")


def test_an_unknown_shop_is_refused_without_work(database: str) -> None:
    event = receive("stranger.myshopify.com")
    events.drain()
    assert read(event).state is InboxState.REFUSED


def test_a_shop_that_left_gets_only_its_privacy_requests_answered(acme: Shop) -> None:
    with db.system() as session:
        session.get_one(Shop, acme.id).status = ShopStatus.UNINSTALLED
    order = receive(topic="orders/create")
    body = b'{"shop_id": 1, "shop_domain": "acme.myshopify.com"}'
    redact = receive(topic="shop/redact", body=body, event_id="e2")
    events.drain()
    assert (read(order).state, read(redact).state) == (InboxState.REFUSED, InboxState.DONE)


def test_a_privacy_request_replayed_under_another_shops_header_is_refused(acme: Shop, zenith: Shop) -> None:
    event = receive(zenith.domain, "shop/redact", b'{"shop_id": 1, "shop_domain": "acme.myshopify.com"}')
    events.drain()
    assert read(event).state is InboxState.DEAD


def test_what_a_drain_left_when_the_database_went_away_waits_for_no_lease(
    acme: Shop, handler: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_away(*_args: object, **_rest: object) -> None:
        raise psycopg.OperationalError("the database is away")

    handler(go_away)
    monkeypatch.setattr(events, "_fail", go_away)
    event_id = receive()
    with pytest.raises(psycopg.OperationalError):
        events.drain()
    handler(leave_mark)
    assert events.drain() == 1
    assert marks(acme) == [event_id]


def test_a_worker_that_lost_its_lease_changes_nothing(acme: Shop, handler: Callable[..., None]) -> None:
    handler(leave_mark)
    event = receive()
    (paused,) = events.claim()
    with db.system() as session:
        session.execute(text("UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 second'"))
    (quick,) = events.claim()
    events.work([quick])
    events.work([paused])
    assert marks(acme) == [event]


def test_what_one_worker_holds_another_does_not_take(acme: Shop) -> None:
    receive()
    assert len(events.claim()) == 1
    assert events.claim() == []


def test_a_worker_that_was_paused_cannot_mark_a_failure_either(acme: Shop, handler: Callable[..., None]) -> None:
    handler(leave_mark)
    event = receive()
    (paused,) = events.claim()
    with db.system() as session:
        session.execute(text("UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 second'"))
    events.drain()
    assert events._fail(paused, "late", final=True) == "lost_lease"
    assert read(event).state is InboxState.DONE


def test_a_shop_that_sends_thousands_keeps_nobody_waiting(
    acme: Shop, zenith: Shop, handler: Callable[..., None]
) -> None:
    handler(leave_mark)
    with db.system() as session:
        session.execute(
            text(
                "INSERT INTO inbox_events (shop_domain, topic, webhook_id, event_id, body)"
                " SELECT 'acme.myshopify.com', 'shop/update', n, n, '{}' FROM generate_series(1, 2000) n"
            )
        )
    late = receive(zenith.domain, event_id="late")
    first = events.claim()
    assert late in [claimed.event_id for claimed in first]
    assert len(first) == events.BATCH // 2 + 1
    stranger = receive("stranger.myshopify.com")
    assert stranger in [claimed.event_id for claimed in events.claim()]


def test_with_more_shops_than_a_batch_holds_each_gets_its_turn(acme: Shop, handler: Callable[..., None]) -> None:
    waiting = {
        receive(f"shop{n}.myshopify.com", event_id=f"{turn}") for n in range(events.BATCH + 20) for turn in (1, 2)
    }
    taken: set[int] = set()
    while batch := events.claim():
        assert len(batch) <= events.BATCH
        taken |= {claimed.event_id for claimed in batch}
    assert taken == waiting


@pytest.mark.parametrize("topic", ["shop/update", "app/uninstalled"])
def test_a_body_of_one_shop_is_not_taken_for_another(acme: Shop, zenith: Shop, topic: str) -> None:
    """Only the body is signed: whoever holds one of Zenith's could send it under Acme's name."""
    body = b'{"id": 2, "name": "Not Acme", "myshopify_domain": "zenith.myshopify.com", "email": "me@evil.example"}'
    row = read_after_drain(receive(topic=topic, body=body))
    assert row.state is InboxState.DEAD
    with db.scoped(acme.id) as session:
        held = session.get_one(Shop, acme.id)
        assert (held.name, held.email, held.uninstalled_at) == (acme.name, acme.email, None)


def test_a_name_that_the_database_cannot_hold_stops_no_other_event(acme: Shop, handler: Callable[..., None]) -> None:
    """PostgreSQL keeps no NUL in texts, and JSON may carry one: the bad row came first, and nobody else had a turn."""
    handler(leave_mark)
    bad = receive(topic="products/update", body=b'{"id": 7, "title": "Mug\\u0000"}', event_id="bad")
    good = receive(event_id="good")
    events.drain()
    assert marks(acme) == [good]
    assert read(bad).state is not InboxState.RECEIVED


def test_an_error_that_the_database_cannot_hold_is_written_down_without_that(
    acme: Shop, handler: Callable[..., None]
) -> None:
    def break_with_a_nul(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
        raise RuntimeError("Mug\0 is no number")

    handler(break_with_a_nul)
    event = receive()
    events.drain()
    assert (read(event).state, read(event).error) == (InboxState.FAILED, "RuntimeError: Mug is no number")


@pytest.mark.parametrize("column", ["lease_until", "next_attempt_at"])
def test_a_clock_that_was_set_back_keeps_no_event_waiting_for_a_day(
    acme: Shop, handler: Callable[..., None], column: str
) -> None:
    handler(leave_mark)
    event = receive()
    with db.system() as session:
        session.execute(text(f"UPDATE inbox_events SET {column} = clock_timestamp() + interval '1 day'"))
    assert read_after_drain(event).state is InboxState.DONE


def lose_leases() -> None:
    """As if the workers that hold rows had died a minute ago."""
    with db.system() as session:
        session.execute(text("UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 second'"))


def test_an_event_that_kills_its_worker_is_put_aside_and_takes_no_other_with_it(
    acme: Shop, handler: Callable[..., None]
) -> None:
    handler(leave_mark)
    before, deadly, after = (receive(event_id=name) for name in ("before", "deadly", "after"))
    assert len(events.claim()) == 3  # the worker dies with all of them in its hands
    lose_leases()
    for _ in range(events.MAX_CLAIMS + 1):
        while batch := events.claim():
            assert len(batch) == 1, "whoever may be deadly is held alone"
            if batch[0].event_id != deadly or batch[0].claims > events.MAX_CLAIMS:
                events.work(batch)
        lose_leases()
    assert marks(acme) == [before, after]
    assert (read(deadly).state, read(deadly).error) == (
        InboxState.DEAD,
        "The worker died while handling this 5 times.",
    )


def test_what_may_kill_the_worker_waits_until_others_news_that_are_booked_beside_each_other_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lone = [events.Claimed(number, number, "orders/create", "a") for number in (1, 2)]
    batches = iter([lone, [events.Claimed(3, 3, "orders/create", "b", claims=2)], []])
    deadly_began, done = threading.Event(), []

    def work(together: Sequence[events.Claimed]) -> None:
        if together[0].claims > 1:
            deadly_began.set()
        else:
            deadly_began.wait(0.5)  # which it does not while this is at work
        done.append(together[0].event_id)

    monkeypatch.setattr(events, "claim", lambda: next(batches))
    monkeypatch.setattr(events, "work", work)
    assert events.drain() == 3
    assert (sorted(done[:2]), done[2:]) == ([1, 2], [3])


def test_a_person_may_have_a_deadly_event_tried_again_from_the_start(acme: Shop, handler: Callable[..., None]) -> None:
    handler(leave_mark)
    event = receive()
    for _ in range(events.MAX_CLAIMS):
        assert len(events.claim()) == 1
        lose_leases()
    assert read_after_drain(event).state is InboxState.DEAD
    with db.scoped(acme.id) as session:
        replay_event(session, session.get_one(Shop, acme.id), event, actor="staff:1")
    row = read_after_drain(event)
    assert (row.state, row.claims, marks(acme)) == (InboxState.DONE, 0, [event])


def test_a_claim_that_ended_in_a_failure_is_no_death(acme: Shop, handler: Callable[..., None]) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("not yet")

    handler(fail)
    event = receive()
    events.drain()
    assert (read(event).state, read(event).claims) == (InboxState.FAILED, 0)
