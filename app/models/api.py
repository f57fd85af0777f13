"""Keys for programs: bearer tokens, and the answers that a repeated request gets again."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class ApiToken(Model):
    """A merchant's token, or with a vendor one that sees this vendor's things only. Only the token's hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    last4: Mapped[str]
    """The end of the token, to tell tokens apart by."""
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiAnswer(Model):
    """What a request with an Idempotency-Key was answered, written in the transaction that did what it asked for."""

    __tablename__ = "api_answers"
    __table_args__ = (
        UniqueConstraint("token_id", "key"),
        Index("ix_api_answers_created_at", "created_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id", ondelete="CASCADE"))
    key: Mapped[str]
    request_hash: Mapped[bytes]
    """SHA-256 over method, address and body."""
    status: Mapped[int]
    headers: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Such as "Location: /api/v1/…"."""
    body: Mapped[bytes]
    created_at: Mapped[CreatedAt]
