"""What became of our own events: who has heard of which, what is stuck, and having it told again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Integer, cast, func, select, update
from sqlalchemy.orm import Session

from app import audit
from app.errors import Conflict, NotFound
from app.events import MAX_ATTEMPTS
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.events import DomainEvent, EventDelivery
from app.models.shops import Shop
from app.queue import enqueue_after_commit

PER_PAGE: Final = 50
_STUCK: Final = EventDelivery.done_at.is_(None) & (EventDelivery.attempts >= MAX_ATTEMPTS)
_STUCK_FIRST: Final = Sort((cast(_STUCK, Integer), EventDelivery.id), is_descending=True)
AT_ONCE: Final = 1000


class DeliveryState(StrEnum):
    """Where a subscriber stands with an event."""

    STUCK = "stuck"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Empty strings narrow nothing."""

    kind: str = ""
    subscriber: str = ""
    state: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.kind or self.subscriber or self.state)


def state_of(delivery: EventDelivery) -> DeliveryState:
    if delivery.done_at is not None:
        return DeliveryState.DONE
    return DeliveryState.STUCK if delivery.attempts >= MAX_ATTEMPTS else DeliveryState.WAITING


def list_deliveries(
    session: Session, shop: Shop, wanted: DeliveryFilter, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[tuple[EventDelivery, DomainEvent]]:
    """Stuck ones first, then newest first."""
    query = select(EventDelivery)
    if wanted.kind:
        query = query.join(DomainEvent, DomainEvent.id == EventDelivery.event_id)
    query = query.where(*_conditions(shop, wanted))
    page = read_page(session, query, _STUCK_FIRST, place, limit=limit, make=only)
    told = select(DomainEvent).where(DomainEvent.id.in_([delivery.event_id for delivery in page.rows]))
    events = {event.id: event for event in session.scalars(told)}
    # An old event may be cleaned up between the two.
    return page.with_rows([(one, events[one.event_id]) for one in page.rows if one.event_id in events])


def count_deliveries(session: Session, shop: Shop, wanted: DeliveryFilter) -> int:
    query = select(func.count()).select_from(EventDelivery)
    if wanted.kind:
        query = query.join(DomainEvent, DomainEvent.id == EventDelivery.event_id)
    return session.execute(query.where(*_conditions(shop, wanted))).scalar_one()


def count_stuck(session: Session, shop: Shop) -> int:
    return count_deliveries(session, shop, DeliveryFilter(state=DeliveryState.STUCK))


def list_names(session: Session, shop: Shop) -> tuple[Sequence[str], Sequence[str]]:
    """Kinds of events and names of subscribers that the shop has seen, for the filters."""
    kinds = select(DomainEvent.kind).where(DomainEvent.shop_id == shop.id).distinct().order_by(DomainEvent.kind)
    names = select(EventDelivery.subscriber).where(EventDelivery.shop_id == shop.id).distinct()
    return session.scalars(kinds).all(), session.scalars(names.order_by(EventDelivery.subscriber)).all()


def tell_again(session: Session, shop: Shop, delivery_id: int, *, actor: str) -> None:
    """Have one subscriber hear one event again. Raises NotFound, Conflict when it waits already."""
    found = session.scalars(
        select(EventDelivery.id).where(EventDelivery.id == delivery_id, EventDelivery.shop_id == shop.id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.")
    if not _reset(session, shop, [EventDelivery.id == delivery_id], actor):
        raise Conflict("This delivery is already waiting for its turn.")


def tell_stuck_again(session: Session, shop: Shop, *, actor: str) -> int:
    """Have up to a thousand stuck deliveries tried again, oldest first. Returns how many wait now."""
    stuck = select(EventDelivery.id).where(*_conditions(shop, DeliveryFilter(state=DeliveryState.STUCK)))
    chosen = stuck.order_by(EventDelivery.id).limit(AT_ONCE).scalar_subquery()
    return _reset(session, shop, [EventDelivery.id.in_(chosen)], actor)


def ask_for_replay(session: Session, shop: Shop, subscriber: str, since: datetime, *, actor: str) -> None:
    """Have a subscriber hear everything again that happened since a moment. Raises NotFound."""
    if subscriber not in list_names(session, shop)[1]:
        raise NotFound("Nobody is called so. Choose from the list.")
    changes = {"subscriber": [None, subscriber], "since": [None, since.isoformat()]}
    audit.record(session, shop.id, "event.replay_subscriber", ("shop", shop.id), actor=actor, changes=changes)
    enqueue_after_commit(session, "jobs.inbox.replay_subscriber", shop.id, subscriber, since.isoformat())


def _reset(session: Session, shop: Shop, which: list[ColumnElement[bool]], actor: str) -> int:
    settled = EventDelivery.done_at.is_not(None) | (EventDelivery.attempts >= MAX_ATTEMPTS)
    again = update(EventDelivery).where(*which, settled).values(done_at=None, attempts=0, next_attempt_at=None)
    count = len(session.execute(again.values(error=None).returning(EventDelivery.id)).all())
    if count:
        changes = {"deliveries": [None, count]}
        audit.record(session, shop.id, "event.tell_again", ("shop", shop.id), actor=actor, changes=changes)
        enqueue_after_commit(session, "jobs.outbox.deliver", shop.id)
    return count


def _conditions(shop: Shop, wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [EventDelivery.shop_id == shop.id]
    if wanted.kind:
        found.append(DomainEvent.kind == wanted.kind)
    if wanted.subscriber:
        found.append(EventDelivery.subscriber == wanted.subscriber)
    if wanted.state == DeliveryState.DONE:
        found.append(EventDelivery.done_at.is_not(None))
    elif wanted.state:
        out_of_attempts = EventDelivery.attempts >= MAX_ATTEMPTS
        stuck = wanted.state == DeliveryState.STUCK
        found += [EventDelivery.done_at.is_(None), out_of_attempts if stuck else ~out_of_attempts]
    return found
