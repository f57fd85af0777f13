"""Delivering domain events: subscribers' effects and their done-marks in one transaction, many at a time."""

import random
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.db import remember_answers, scoped, system
from app.errors import NotFound
from app.events import MAX_ATTEMPTS
from app.live.channels import announce, tell_now
from app.models.events import DomainEvent, EventDelivery
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.models.vendors import Vendor
from app.queue import enqueue, enqueue_after_commit
from app.typed import storable
from jobs.subscribers import SUBSCRIBERS, find_subscriber

_AT_MOST: Final = 500
_TOGETHER: Final = 50
_RUN_SECONDS: Final = 5.0
_DISPATCH: Final = text("""
    WITH fresh AS (
        SELECT id, shop_id, vendor_id, kind FROM domain_events WHERE dispatched_at IS NULL AND shop_id = :shop_id
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED),
    due AS (
        INSERT INTO event_deliveries (shop_id, vendor_id, event_id, subscriber)
        SELECT fresh.shop_id, fresh.vendor_id, fresh.id, heard.name
        FROM fresh JOIN unnest(CAST(:kinds AS text[]), CAST(:names AS text[])) AS heard (kind, name) USING (kind)
        ORDER BY fresh.id
        ON CONFLICT DO NOTHING)
    UPDATE domain_events SET dispatched_at = :now FROM fresh WHERE domain_events.id = fresh.id
    RETURNING domain_events.kind, domain_events.vendor_id
""")
_CLAIM: Final = text("""
    WITH due AS (
        SELECT id, claims FROM event_deliveries
        WHERE shop_id = :shop_id AND done_at IS NULL AND attempts < :attempts
          AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp()
               -- No pause is as long: it was written before the clock was set back.
               OR next_attempt_at > clock_timestamp() + interval '1 hour')
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED),
    suspect AS (SELECT min(id) AS id FROM due WHERE claims > 0)
    UPDATE event_deliveries d SET claims = due.claims + 1 FROM due, suspect
    WHERE d.id = due.id AND (suspect.id IS NULL OR suspect.id = due.id)
    RETURNING d.id, d.claims
""")
MAX_CLAIMS: Final = 5
"""How many workers may die with the same delivery in their hands."""
log = structlog.get_logger()


def deliver(shop_id: int) -> int:
    """Hand a shop's events to their subscribers, oldest first; returns how many deliveries were tried.

    Events of a shop that has left wait for its return.
    """
    with scoped(shop_id) as session:
        if session.get_one(Shop, shop_id).status is not ShopStatus.INSTALLED:
            return 0
    dispatch(shop_id)
    tried, until = 0, time.monotonic() + _RUN_SECONDS
    while due := _deliver_some(shop_id):
        tried += due
        if tried >= _AT_MOST or time.monotonic() > until:
            # Webhooks wait in the same queue: they have their turn, then this goes on.
            enqueue("jobs.outbox.deliver", shop_id)
            break
    return tried


def dispatch(shop_id: int) -> None:
    """Write one delivery for each subscriber of each new event. A subscriber added later hears of later events."""
    heard = [(kind, name) for kind, subscribers in SUBSCRIBERS.items() for name, _ in subscribers]
    values = {
        "shop_id": shop_id,
        "most": _AT_MOST,
        "kinds": [kind for kind, _ in heard],
        "names": [name for _, name in heard],
        "now": clock.now(),
    }
    with scoped(shop_id) as session:
        for kind, vendor_id in session.execute(_DISPATCH, values).all():
            announce(session, shop_id, kind, vendor_id)
        tell_now(session)  # a worker killed before the commit tells open pages twice, one killed after it would never


def replay(shop_id: int, subscriber: str, since: datetime) -> int:
    """Hand a subscriber every event since a moment once more, also those from before it subscribed. Returns how many.

    Raises NotFound when nobody is called so. Other subscribers keep their place.
    """
    kinds = [kind for kind, heard in SUBSCRIBERS.items() if subscriber in dict(heard)]
    if not kinds:
        names = sorted({name for heard in SUBSCRIBERS.values() for name, _ in heard})
        raise NotFound(f"Nobody is called {subscriber} among the subscribers: {', '.join(names)}.")
    told = (DomainEvent.dispatched_at.is_not(None), DomainEvent.occurred_at >= since, DomainEvent.kind.in_(kinds))
    columns = ["shop_id", "vendor_id", "event_id", "subscriber"]
    rows = select(DomainEvent.shop_id, DomainEvent.vendor_id, DomainEvent.id, literal(subscriber))
    with scoped(shop_id) as session:
        again = insert(EventDelivery).from_select(columns, rows.where(*told).order_by(DomainEvent.id))
        again = again.on_conflict_do_update(
            index_elements=["event_id", "subscriber"],
            set_={"done_at": None, "attempts": 0, "next_attempt_at": None, "error": None},
        )
        count = len(session.execute(again.returning(EventDelivery.id)).all())
        enqueue_after_commit(session, "jobs.outbox.deliver", shop_id)
    return count


def sweep() -> None:
    """Ring again for shops whose events wait: the doorbell may have been lost."""
    with system() as session:
        here = select(Shop.id).where(Shop.status == ShopStatus.INSTALLED)
        fresh = (DomainEvent.dispatched_at.is_(None), DomainEvent.shop_id.in_(here))
        shops = set(session.scalars(select(DomainEvent.shop_id).where(*fresh).distinct()))
        shops |= set(
            session.scalars(select(EventDelivery.shop_id).where(*_open(), EventDelivery.shop_id.in_(here)).distinct())
        )
    for shop_id in shops:
        enqueue("jobs.outbox.deliver", shop_id)


def _deliver_some(shop_id: int) -> int:
    """Hand the oldest deliveries that are due to their subscribers, all in one transaction; returns how many.

    If one of them fails, none has happened, and each is tried by itself.
    """
    ids = _claim(shop_id)
    if not ids:
        return 0
    try:
        with scoped(shop_id) as session:
            due = _lock(session, EventDelivery.id.in_(ids), *_open(), limit=_TOGETHER)
            wanted = select(DomainEvent).where(DomainEvent.id.in_([delivery.event_id for delivery in due]))
            events = {event.id: event for event in session.scalars(wanted)}
            _read_ahead(session, shop_id, events.values())
            for delivery in due:
                _call(session, events[delivery.event_id], delivery.subscriber)
            done = update(EventDelivery).where(EventDelivery.id.in_([delivery.id for delivery in due]))
            session.execute(done.values(attempts=EventDelivery.attempts + 1, error=None, done_at=clock.now(), claims=0))
    except Exception as error:  # noqa: BLE001 - tried one by one, each says what it is
        log.info("deliveries_taken_apart", deliveries=len(ids), error=str(error))
        for delivery_id in ids:
            _deliver_alone(shop_id, delivery_id)
    return len(ids)


def _read_ahead(session: Session, shop_id: int, events: Iterable[DomainEvent]) -> None:
    """What nearly every subscriber asks for. The session finds it again because it holds it: by itself it would not."""
    remember_answers(session)
    held: list[object] = [session.get(Shop, shop_id), session.get(ShopSettings, shop_id)]
    orders = {event.subject["order_id"] for event in events if "order_id" in event.subject}
    if orders:
        sellers = select(VendorOrder.vendor_id).where(VendorOrder.order_id.in_(orders))
        held += session.scalars(select(Order).where(Order.id.in_(orders)))
        held += session.scalars(select(Vendor).where(Vendor.id.in_(sellers)))
    session.info["held"] = held


def _claim(shop_id: int) -> list[int]:
    """Note which deliveries are about to be made: whoever dies of one is not made to die of it for ever.

    One alone when the last to claim it may have died of it. Where that happened too often, it is put aside.
    """
    with scoped(shop_id) as session:
        claimed = session.execute(_CLAIM, {"shop_id": shop_id, "most": _TOGETHER, "attempts": MAX_ATTEMPTS}).all()
        deadly = [row.id for row in claimed if row.claims > MAX_CLAIMS]
        if deadly:
            log.error("delivery_kills_workers", delivery=deadly[0], claims=MAX_CLAIMS)
            words = f"The worker died while telling this {MAX_CLAIMS} times."
            aside = update(EventDelivery).where(EventDelivery.id.in_(deadly))
            session.execute(aside.values(attempts=MAX_ATTEMPTS, error=words, claims=0))
    return sorted(row.id for row in claimed)


def _deliver_alone(shop_id: int, delivery_id: int) -> None:
    error: str | None = None
    with scoped(shop_id) as session:
        due = _lock(session, EventDelivery.id == delivery_id, *_open(), limit=1)
        if not due:
            return
        event = session.get_one(DomainEvent, due[0].event_id)
        with structlog.contextvars.bound_contextvars(subscriber=due[0].subscriber, domain_event=event.kind):
            try:
                with session.begin_nested():
                    _call(session, event, due[0].subscriber)
            except Exception as failure:
                log.exception("delivery_failed")
                error = f"{type(failure).__name__}: {failure}"
        _mark(session, due[0], error)


def _call(session: Session, event: DomainEvent, name: str) -> None:
    subscriber = find_subscriber(event.kind, name)
    if subscriber is None:
        raise LookupError(f"nobody is called {name} among the subscribers of {event.kind}")
    subscriber(session, event)


def _open() -> tuple[ColumnElement[bool], ...]:
    return (EventDelivery.done_at.is_(None), EventDelivery.attempts < MAX_ATTEMPTS)


def _lock(session: Session, *wanted: ColumnElement[bool], limit: int) -> Sequence[EventDelivery]:
    query = select(EventDelivery).where(*wanted).order_by(EventDelivery.id).limit(limit)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def _mark(session: Session, delivery: EventDelivery, error: str | None) -> None:
    delivery.attempts += 1
    delivery.claims = 0
    delivery.error = error and storable(error)[:2000]
    if error is None:
        delivery.done_at = clock.now()
        return
    seconds = min(900, 5 * 2**delivery.attempts) * random.uniform(0.7, 1.3)  # noqa: S311 - spreads retries
    # By the database's clock, which also decides when it is due.
    later = func.clock_timestamp() + timedelta(seconds=seconds)
    session.execute(update(EventDelivery).where(EventDelivery.id == delivery.id).values(next_attempt_at=later))
