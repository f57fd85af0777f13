"""Reads for the events page. All run in the shop's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, defer

from app import clock
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.events import AuditEntry, InboxEvent, InboxState, Look
from app.models.shops import Shop

PER_PAGE: Final = 50
PERIODS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
CLEAN_UP: Final = "event.clean_up"
_STUCK_AT_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the list of events is narrowed to; empty strings narrow nothing."""

    text: str = ""
    topic: str = ""
    state: str = ""
    period: str = ""
    oldest_first: bool = False

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.topic or self.state or self.period)


def list_events(
    session: Session, shop: Shop, wanted: EventFilter, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[InboxEvent]:
    """Without the bodies."""
    query = select(InboxEvent).where(*conditions(shop, wanted)).options(defer(InboxEvent.body))
    order = Sort((InboxEvent.id,), is_descending=not wanted.oldest_first)
    return read_page(session, query, order, place, limit=limit, make=only)


def list_stuck(session: Session, shop: Shop) -> Sequence[InboxEvent]:
    """The newest ten of those that a person must look at."""
    dead = select(InboxEvent).where(InboxEvent.shop_id == shop.id, InboxEvent.state == InboxState.DEAD)
    return session.scalars(
        dead.order_by(InboxEvent.id.desc()).limit(_STUCK_AT_MOST).options(defer(InboxEvent.body))
    ).all()


def count_events(session: Session, shop: Shop, wanted: EventFilter) -> int:
    query = select(func.count()).select_from(InboxEvent).where(*conditions(shop, wanted))
    return session.execute(query).scalar_one()


def list_topics(session: Session, shop: Shop) -> Sequence[str]:
    """Topics that this shop has sent, for the filter."""
    query = select(InboxEvent.topic).where(InboxEvent.shop_id == shop.id).distinct().order_by(InboxEvent.topic)
    return session.scalars(query).all()


def find_event(session: Session, shop: Shop, event_id: int) -> InboxEvent | None:
    query = select(InboxEvent).where(InboxEvent.id == event_id, InboxEvent.shop_id == shop.id)
    return session.scalars(query).one_or_none()


def list_looks(session: Session, shop: Shop) -> Sequence[Look]:
    """What each comparison with Shopify found last."""
    return session.scalars(select(Look).where(Look.shop_id == shop.id).order_by(Look.kind)).all()


def find_last_clean_up(session: Session, shop: Shop) -> AuditEntry | None:
    """What was removed from the list the last time that something was."""
    query = select(AuditEntry).where(AuditEntry.shop_id == shop.id, AuditEntry.action == CLEAN_UP)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()


def conditions(shop: Shop, wanted: EventFilter) -> list[ColumnElement[bool]]:
    """The shop's own events, narrowed."""
    found: list[ColumnElement[bool]] = [InboxEvent.shop_domain == shop.domain, InboxEvent.shop_id == shop.id]
    if wanted.topic:
        found.append(InboxEvent.topic == wanted.topic)
    if wanted.state in set(InboxState):
        found.append(InboxEvent.state == InboxState(wanted.state))
    if wanted.period in PERIODS:
        found.append(InboxEvent.received_at >= clock.now() - PERIODS[wanted.period])
    if wanted.text:
        searched = (InboxEvent.resource, InboxEvent.event_id, InboxEvent.webhook_id, InboxEvent.error)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in searched)))
    return found
