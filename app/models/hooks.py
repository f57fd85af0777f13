"""Other systems that want to hear what happens: where they listen, and every call to them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class Hook(Model):
    """An address that is told of some kinds of events."""

    __tablename__ = "hooks"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    url: Mapped[str]
    kinds: Mapped[list[str]]
    """Of domain events."""
    secret: Mapped[bytes]
    """Encrypted; what every call is signed with."""
    is_active: Mapped[bool] = mapped_column(server_default="true")
    stopped_because: Mapped[str | None]
    """Why we stopped by ourselves."""
    quiet_until: Mapped[datetime | None]
    """It did not answer at all: until then nobody waits for it again, because e-mails wait behind its calls."""
    created_at: Mapped[CreatedAt]


class CallState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """Answered with 2xx."""
    FAILED = "failed"
    """Out of attempts, or not wanted any more."""


class HookCall(Model):
    """One event on its way to one address. Written with the event's delivery; the row is the job."""

    __tablename__ = "hook_calls"
    __table_args__ = (
        UniqueConstraint("hook_id", "message_id"),
        Index("ix_hook_calls_waiting", "next_attempt_at", postgresql_where=text("state = 'queued'")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    hook_id: Mapped[int] = mapped_column(ForeignKey("hooks.id", ondelete="CASCADE"))
    message_id: Mapped[str]
    """Header webhook-id: the same in every attempt, so that the receiver can tell repetitions."""
    kind: Mapped[str]
    body: Mapped[str]
    """What is sent, to the byte. Ids only."""
    state: Mapped[CallState] = mapped_column(server_default=CallState.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[CreatedAt]
    status: Mapped[int | None]
    """HTTP status of the last answer."""
    error: Mapped[str | None]
    took_ms: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]
