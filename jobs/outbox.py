"""Delivering domain events: each subscriber's effect and its done-mark in one transaction."""

import random
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped, system
from app.errors import NotFound
from app.events import MAX_ATTEMPTS
from app.live.channels import announce
from app.models.events import DomainEvent, EventDelivery
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue, enqueue_after_commit
from jobs.subscribers import SUBSCRIBERS, find_subscriber

_AT_MOST: Final = 500
log = structlog.get_logger()


def deliver(shop_id: int) -> int:
    """Hand a shop's events to their subscribers, oldest first; returns how many deliveries were tried.

    Events of a shop that has left wait for its return.
    """
    with scoped(shop_id) as session:
        if session.get_one(Shop, shop_id).status is not ShopStatus.INSTALLED:
            return 0
    dispatch(shop_id)
    for tried in range(_AT_MOST):
        if not _deliver_next(shop_id):
            return tried
    return _AT_MOST


def dispatch(shop_id: int) -> None:
    """Write one delivery for each subscriber of each new event. A subscriber added later hears of later events."""
    with scoped(shop_id) as session:
        query = (
            select(DomainEvent)
            .where(DomainEvent.dispatched_at.is_(None))
            .order_by(DomainEvent.id)
            .limit(_AT_MOST)
            .with_for_update(skip_locked=True)
        )
        for event in session.scalars(query).all():
            for name, _ in SUBSCRIBERS.get(event.kind, []):
                row = {"shop_id": shop_id, "vendor_id": event.vendor_id, "event_id": event.id, "subscriber": name}
                session.execute(insert(EventDelivery).values(row).on_conflict_do_nothing())
            event.dispatched_at = clock.now()
            announce(session, shop_id, event.kind, event.vendor_id)


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
    due = (EventDelivery.done_at.is_(None), EventDelivery.attempts < MAX_ATTEMPTS)
    with system() as session:
        here = select(Shop.id).where(Shop.status == ShopStatus.INSTALLED)
        fresh = (DomainEvent.dispatched_at.is_(None), DomainEvent.shop_id.in_(here))
        shops = set(session.scalars(select(DomainEvent.shop_id).where(*fresh).distinct()))
        shops |= set(
            session.scalars(select(EventDelivery.shop_id).where(*due, EventDelivery.shop_id.in_(here)).distinct())
        )
    for shop_id in shops:
        enqueue("jobs.outbox.deliver", shop_id)


def _deliver_next(shop_id: int) -> bool:
    error: str | None = None
    with scoped(shop_id) as session:
        delivery = _lock_next(session)
        if delivery is None:
            return False
        event = session.get_one(DomainEvent, delivery.event_id)
        with structlog.contextvars.bound_contextvars(subscriber=delivery.subscriber, domain_event=event.kind):
            try:
                with session.begin_nested():
                    _call(session, event, delivery.subscriber)
            except Exception as failure:
                log.exception("delivery_failed")
                error = f"{type(failure).__name__}: {failure}"
        _mark(session, delivery, error)
    return True


def _call(session: Session, event: DomainEvent, name: str) -> None:
    subscriber = find_subscriber(event.kind, name)
    if subscriber is None:
        raise LookupError(f"nobody is called {name} among the subscribers of {event.kind}")
    subscriber(session, event)


def _lock_next(session: Session) -> EventDelivery | None:
    now = func.clock_timestamp()
    query = (
        select(EventDelivery)
        .where(
            EventDelivery.done_at.is_(None),
            EventDelivery.attempts < MAX_ATTEMPTS,
            or_(EventDelivery.next_attempt_at.is_(None), EventDelivery.next_attempt_at <= now),
        )
        .order_by(EventDelivery.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).one_or_none()


def _mark(session: Session, delivery: EventDelivery, error: str | None) -> None:
    delivery.attempts += 1
    delivery.error = error and error[:2000]
    if error is None:
        delivery.done_at = clock.now()
        return
    seconds = min(900, 5 * 2**delivery.attempts) * random.uniform(0.7, 1.3)  # noqa: S311 - spreads retries
    # By the database's clock, which also decides when it is due.
    later = func.clock_timestamp() + timedelta(seconds=seconds)
    session.execute(update(EventDelivery).where(EventDelivery.id == delivery.id).values(next_attempt_at=later))
