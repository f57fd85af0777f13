"""Telling the rest of the program what happened: the outbox.

The event is a row of the transaction that made the change; the `events` queue is rung after it, and jobs/outbox.py
hands it to every subscriber at least once.
"""

from typing import Final

from sqlalchemy.orm import Session

from app import clock
from app.models.events import DomainEvent
from app.queue import enqueue_after_commit

MAX_ATTEMPTS: Final = 20
"""How often a subscriber is tried before a person has to look."""


def publish(session: Session, shop_id: int, kind: str, *, vendor_id: int | None = None, **subject: int | str) -> None:
    """Write a domain event: kind "VendorApproved", subject vendor_id=7. Ids only, handlers re-read."""
    subject_ids = dict(subject) | ({"vendor_id": vendor_id} if vendor_id else {})
    session.add(
        DomainEvent(shop_id=shop_id, vendor_id=vendor_id, kind=kind, subject=subject_ids, occurred_at=clock.now())
    )
    enqueue_after_commit(session, "jobs.outbox.deliver", shop_id)
