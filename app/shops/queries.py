"""Reads for the settings and events pages. All run in the shop's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, defer

from app.models.commissions import CommissionRule
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.shops import Shop, ShopSettings

PAGE: Final = 50
_CSV_AT_MOST: Final = 5000


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the list of events is narrowed to; empty strings narrow nothing."""

    text: str = ""
    topic: str = ""
    state: str = ""
    oldest_first: bool = False


def get_settings(session: Session, shop_id: int) -> ShopSettings:
    return session.get_one(ShopSettings, shop_id)


def find_default_rate(session: Session, shop: Shop) -> Decimal | None:
    """The commission of goods that no other rule is for, in per cent; None before the first rule was written."""
    rule = select(CommissionRule.rate_bps).where(
        CommissionRule.shop_id == shop.id, CommissionRule.is_default, CommissionRule.valid_to.is_(None)
    )
    found = session.execute(rule).scalar_one_or_none()
    return None if found is None else (found / 100).normalize()


def list_settings_changes(session: Session) -> Sequence[AuditEntry]:
    """The latest twenty, newest first."""
    query = select(AuditEntry).where(AuditEntry.action == "settings.change").order_by(AuditEntry.id.desc()).limit(20)
    return session.scalars(query).all()


def list_events(session: Session, shop: Shop, wanted: EventFilter, page: int) -> Sequence[InboxEvent]:
    """One page, without the bodies."""
    query = _narrowed(shop, wanted).options(defer(InboxEvent.body)).limit(PAGE).offset((page - 1) * PAGE)
    return session.scalars(query).all()


def list_events_for_csv(session: Session, shop: Shop, wanted: EventFilter) -> Sequence[InboxEvent]:
    return session.scalars(_narrowed(shop, wanted).options(defer(InboxEvent.body)).limit(_CSV_AT_MOST)).all()


def count_events(session: Session, shop: Shop, wanted: EventFilter) -> int:
    query = select(func.count()).select_from(_narrowed(shop, wanted).order_by(None).subquery())
    return session.execute(query).scalar_one()


def list_topics(session: Session, shop: Shop) -> Sequence[str]:
    """Topics that this shop has sent, for the filter."""
    query = select(InboxEvent.topic).where(InboxEvent.shop_id == shop.id).distinct().order_by(InboxEvent.topic)
    return session.scalars(query).all()


def find_event(session: Session, shop: Shop, event_id: int) -> InboxEvent | None:
    query = select(InboxEvent).where(InboxEvent.id == event_id, InboxEvent.shop_id == shop.id)
    return session.scalars(query).one_or_none()


def _narrowed(shop: Shop, wanted: EventFilter) -> Select[InboxEvent]:
    query = select(InboxEvent).where(InboxEvent.shop_domain == shop.domain, InboxEvent.shop_id == shop.id)
    if wanted.topic:
        query = query.where(InboxEvent.topic == wanted.topic)
    if wanted.state in set(InboxState):
        query = query.where(InboxEvent.state == InboxState(wanted.state))
    if wanted.text:
        part = f"%{wanted.text.replace('%', '').replace('_', '')}%"
        query = query.where(or_(InboxEvent.event_id.ilike(part), InboxEvent.error.ilike(part)))
    return query.order_by(InboxEvent.id if wanted.oldest_first else InboxEvent.id.desc())
