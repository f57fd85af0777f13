"""Delivering domain events: each subscriber's effect and its done-mark in one transaction."""

import random
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped
from app.models.events import DomainEvent, EventDelivery
from jobs.subscribers import FUNCTIONS

MAX_ATTEMPTS: Final = 20
_AT_MOST: Final = 500
log = structlog.get_logger()


def deliver(shop_id: int) -> int:
    """Deliver what is due for a shop, oldest first; returns how many deliveries were tried."""
    for tried in range(_AT_MOST):
        if not _deliver_next(shop_id):
            return tried
    return _AT_MOST


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
                    FUNCTIONS[delivery.subscriber](session, event)
            except Exception as failure:  # noqa: BLE001 - one bad subscriber must not stop the others
                log.warning("delivery_failed", error=str(failure), exc_info=True)
                error = f"{type(failure).__name__}: {failure}"
        _mark(session, delivery, error)
    return True


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
