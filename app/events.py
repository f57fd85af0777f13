"""Telling the rest of the program what happened: the outbox.

The event is a row of the transaction that made the change; the `events` queue is rung after it, and jobs/outbox.py
hands it to every subscriber at least once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from app import clock
from app.models.events import DomainEvent
from app.queue import enqueue_after_commit
from app.rows import Row, insert_rows

MAX_ATTEMPTS: Final = 20
"""How often a subscriber is tried before a person has to look."""


Subject = Mapping[str, int | list[int]]
"""What an event is about, ids only: {"order_id": 7}, {"order_id": 7, "vendor_ids": [3, 5]}."""


class Event(NamedTuple):
    """To be published: kind "OrderCreated", subject {"order_id": 7}. Handlers re-read."""

    kind: str
    subject: Subject


class _EventRow(Row, kw_only=True):
    kind: str
    subject: Subject
    vendor_id: int | None = None


def publish(session: Session, shop_id: int, kind: str, *, vendor_id: int | None = None, **subject: int | str) -> None:
    """Write a domain event: kind "VendorApproved", subject vendor_id=7. Ids only, handlers re-read."""
    subject_ids = dict(subject) | ({"vendor_id": vendor_id} if vendor_id else {})
    session.add(
        DomainEvent(shop_id=shop_id, vendor_id=vendor_id, kind=kind, subject=subject_ids, occurred_at=clock.now())
    )
    enqueue_after_commit(session, "jobs.outbox.deliver", shop_id)


def publish_all(session: Session, shop_id: int, events: Sequence[Event], at: datetime) -> None:
    """Write many domain events of the shop's own at once, as of one moment."""
    if events:
        rows = [_EventRow(kind=kind, subject=subject) for kind, subject in events]
        insert_rows(session, "domain_events", rows, shop_id=shop_id, occurred_at=at)
        enqueue_after_commit(session, "jobs.outbox.deliver", shop_id)


def publish_for_vendors(session: Session, shop_id: int, kind: str, subjects: Sequence[Mapping[str, int]]) -> None:
    """Write a domain event for each of many vendors at once: `subjects` name them as "vendor_id"."""
    rows = [_EventRow(kind=kind, subject=subject, vendor_id=subject["vendor_id"]) for subject in subjects]
    insert_rows(session, "domain_events", rows, shop_id=shop_id, occurred_at=clock.now())
    enqueue_after_commit(session, "jobs.outbox.deliver", shop_id)
