"""Events that came in (the inbox), events that we tell (the outbox), and the audit trail."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class InboxState(StrEnum):
    RECEIVED = "received"
    DONE = "done"
    FAILED = "failed"
    """Failed for now; it is tried again at next_attempt_at."""
    DEAD = "dead"
    """Out of attempts: a person looks at it and replays it."""
    REFUSED = "refused"
    """From a shop that does not use this app."""


SETTLED: Final = frozenset({InboxState.DONE, InboxState.REFUSED})
"""Nothing more is to be done for these."""


class InboxEvent(Model):
    """A webhook as it came, stored before it is answered. Shopify may send it twice, late and out of order."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("shop_domain", "topic", "event_id"),
        Index(
            "ix_inbox_events_waiting",
            "shop_domain",
            "id",
            postgresql_where=text("state IN ('received', 'failed')"),
        ),
        Index("ix_inbox_events_shop_domain_received_at", "shop_domain", "received_at"),
        Index("ix_inbox_events_received_at", "received_at", postgresql_using="brin"),
        Index("ix_inbox_events_dead", "shop_id", "id", postgresql_where=text("state = 'dead'")),
    )

    id: Mapped[Id]
    shop_domain: Mapped[str]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), index=True)
    topic: Mapped[str]
    webhook_id: Mapped[str]
    """Of the delivery."""
    event_id: Mapped[str]
    """Of the event: the same for every delivery of it."""
    api_version: Mapped[str] = mapped_column(server_default="")
    triggered_at: Mapped[datetime | None]
    received_at: Mapped[CreatedAt]
    body: Mapped[bytes]
    resource: Mapped[str | None]
    """What it is about, as people and Shopify name it: "order 5001 #1001". Read off the body when it is handled."""
    state: Mapped[InboxState] = mapped_column(server_default=InboxState.RECEIVED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None]
    """Fencing: a worker that lost its lease finds another token here and commits nothing."""
    claims: Mapped[int] = mapped_column(server_default="0")
    """How often it was claimed since its last outcome: more than once, and workers may have died of it."""
    handled_at: Mapped[datetime | None]

    @property
    def is_emptied(self) -> bool:
        """Its body was taken away because nothing needs it any more."""
        return not self.body and self.state in SETTLED


class LookKind(StrEnum):
    """What a shop is compared with Shopify about."""

    ORDERS = "orders"
    PRODUCTS = "products"
    VENDOR_PAGES = "vendor_pages"
    DELETIONS = "deletions"
    DISPUTES = "disputes"


class Look(Model):
    """How far a shop was compared with Shopify, and what the last comparison found. One row for each kind."""

    __tablename__ = "looks"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[LookKind] = mapped_column(primary_key=True)
    seen_until: Mapped[datetime | None]
    """The watermark, by Shopify's clock: everything changed up to here was looked at."""
    asked_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]
    looked_at: Mapped[int] = mapped_column(server_default="0")
    """How many objects the last comparison looked at."""
    missed: Mapped[int] = mapped_column(server_default="0")
    """News that had never come, now in the inbox."""
    bulk_gid: Mapped[str | None]
    """The bulk operation that writes the list of what changed, when that is much."""
    bulk_read: Mapped[int] = mapped_column(server_default="0")
    """How many of its lines were compared."""
    error: Mapped[str | None]


class DomainEvent(Model):
    """Something that happened to the business, written in the same transaction as the change itself."""

    __tablename__ = "domain_events"
    __table_args__ = (Index("ix_domain_events_waiting", "id", postgresql_where=text("dispatched_at IS NULL")),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """Past tense: OrderCreated, VendorApproved."""
    subject: Mapped[dict[str, Any]]
    """Ids only: {"order_id": 7}. Handlers re-read the rows."""
    occurred_at: Mapped[CreatedAt]
    dispatched_at: Mapped[datetime | None]
    """When its deliveries were written, one for each subscriber."""


class EventDelivery(Model):
    """One subscriber's turn at one domain event, at least once, each with its own done-mark."""

    __tablename__ = "event_deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "subscriber"),
        Index("ix_event_deliveries_waiting", "id", postgresql_where=text("done_at IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None]
    """The event's own: a vendor's request may announce what the vendor did."""
    event_id: Mapped[int] = mapped_column(ForeignKey("domain_events.id", ondelete="CASCADE"))
    subscriber: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None]
    claims: Mapped[int] = mapped_column(server_default="0")
    """How often it was begun since its last outcome: more than once, and workers may have died of it."""
    done_at: Mapped[datetime | None]


class AuditEntry(Model):
    """Who did what to what, and why. Written by every named action; never changed."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_shop_id_subject_type_subject_id", "shop_id", "subject_type", "subject_id"),
        Index("ix_audit_entries_shop_id_action_id", "shop_id", "action", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"))
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    actor: Mapped[str]
    """"staff:42", "vendor_user:7", "system"."""
    action: Mapped[str]
    """As a verb with its noun: "vendor.approve"."""
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    reason: Mapped[str | None]
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """{"field": [before, after]}, secrets left out."""
    at: Mapped[CreatedAt]
