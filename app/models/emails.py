"""E-mails we owe somebody. The row is the job: it is written with the change that caused it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class EmailStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    """Out of attempts, or refused for good."""


class Email(Model):
    __tablename__ = "emails"
    __table_args__ = (
        UniqueConstraint("shop_id", "dedupe_key"),
        Index("ix_emails_waiting", "id", postgresql_where=text("status = 'queued'")),
        Index("ix_emails_shop_id_created_at", "shop_id", "created_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    """One e-mail for one reason: "vendor_approved:vendor:7:2026-…"."""
    to_address: Mapped[str]
    from_name: Mapped[str]
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
