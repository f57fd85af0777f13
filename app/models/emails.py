"""E-mails we owe somebody. The row is the job: it is written with the change that caused it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class EmailStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    """The recipient's server refused it."""
    COMPLAINED = "complained"
    """The recipient marked it as unwanted."""
    FAILED = "failed"
    """Out of attempts, or refused for good."""


class Email(Model):
    __tablename__ = "emails"
    __table_args__ = (
        UniqueConstraint("shop_id", "dedupe_key"),
        Index("ix_emails_waiting", "id", postgresql_where=text("status = 'queued'")),
        Index("ix_emails_shop_id_created_at", "shop_id", "created_at"),
        Index("ix_emails_subscriber_id", "subscriber_id", postgresql_where=text("subscriber_id IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("mail_subscribers.id", ondelete="SET NULL"))
    """The customer who chose to get it, and may stop it by a click."""
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    """One e-mail for one reason: "vendor_approved:vendor:7:2026-…"."""
    to_address: Mapped[str]
    from_name: Mapped[str]
    reply_to: Mapped[str | None]
    """Where an answer goes; None: to the shop."""
    subject: Mapped[str]
    html: Mapped[str]
    text_body: Mapped[str]
    status: Mapped[EmailStatus] = mapped_column(server_default=EmailStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None]
    provider_id: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    """When the provider's latest news of it came about."""


class EmailWording(Model):
    """Words that a merchant chose for an e-mail in a language. Never changed: the newest row of both counts, the
    others are its history. An empty one says that ours are used again.
    """

    __tablename__ = "email_wordings"
    __table_args__ = (Index("ix_email_wordings_shop_id_kind_id", "shop_id", "kind", "id"),)

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"))
    kind: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    words: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """{"subject": …, "preview": …, "heading": …, "body": …}, or {}."""
    actor: Mapped[str]
    created_at: Mapped[CreatedAt]
