"""Having stored events handled again."""

from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app import audit
from app.errors import Conflict, NotFound
from app.inbox import queries
from app.models.events import SETTLED, InboxEvent, InboxState
from app.models.shops import Shop
from app.queue import enqueue_after_commit

AT_ONCE: Final = 1000
_EMPTIED: Final = (func.octet_length(InboxEvent.body) == 0) & InboxEvent.state.in_(SETTLED)
_AGAIN: Final[dict[str, Any]] = {
    "state": InboxState.RECEIVED,
    "attempts": 0,
    "next_attempt_at": func.now(),
    "error": None,
    "handled_at": None,
    "lease_token": None,
    "lease_until": None,
    "claims": 0,
}


def replay_event(session: Session, shop: Shop, event_id: int, *, actor: str) -> InboxEvent:
    """Have an event handled again from the start. Raises NotFound, Conflict when it is waiting already."""
    event = queries.find_event(session, shop, event_id)
    if event is None:
        raise NotFound("There is no such event.")
    if event.is_emptied:
        raise Conflict("What Shopify sent is no longer kept, so this event cannot be handled again.")
    if not _replay(session, [InboxEvent.id == event_id]):
        raise Conflict("This event is already waiting for its turn.")
    session.refresh(event)
    audit.record(session, shop.id, "event.replay", ("event", event_id), actor=actor)
    enqueue_after_commit(session, "jobs.events.drain")
    return event


def replay_events(session: Session, shop: Shop, wanted: queries.EventFilter, *, actor: str) -> int:
    """Have up to a thousand events of a filter handled again, oldest first. Returns how many wait now."""
    oldest = select(InboxEvent.id).where(*queries.conditions(shop, wanted), InboxEvent.state != InboxState.RECEIVED)
    chosen = oldest.where(~_EMPTIED).order_by(InboxEvent.id).limit(AT_ONCE).scalar_subquery()
    count = _replay(session, [InboxEvent.id.in_(chosen)])
    if count:
        audit.record(
            session, shop.id, "event.replay_many", ("shop", shop.id), actor=actor, changes={"events": [None, count]}
        )
        enqueue_after_commit(session, "jobs.events.drain")
    return count


def _replay(session: Session, which: list[ColumnElement[bool]]) -> int:
    """Compare and swap: what waits already is left alone."""
    again = update(InboxEvent).where(*which, InboxEvent.state != InboxState.RECEIVED, ~_EMPTIED).values(_AGAIN)
    return len(session.execute(again.returning(InboxEvent.id)).all())
