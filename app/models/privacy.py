"""What Shopify's privacy topics asked of us, how far we are, and what was done: the merchant's receipts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class PrivacyKind(StrEnum):
    DATA_REQUEST = "data_request"
    CUSTOMER_REDACT = "customer_redact"
    SHOP_REDACT = "shop_redact"


class PrivacyState(StrEnum):
    RECEIVED = "received"
    CHECKING = "checking"
    """Carried out; looked at once more when nothing that was in flight can still be."""
    DONE = "done"
    KEPT = "kept"
    """A shop that was to be erased but uses the app again; `note` says so."""


class PrivacyRequest(Model):
    """One request and its receipt. It outlives what it removed, so it names Shopify's numbers only."""

    __tablename__ = "privacy_requests"
    __table_args__ = (
        UniqueConstraint("shop_id", "kind", "event_id"),
        Index("ix_privacy_requests_waiting", "next_step_at", postgresql_where=text("next_step_at IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    kind: Mapped[PrivacyKind]
    event_id: Mapped[str]
    """Of the webhook: the same event again is the same request."""
    customer_id: Mapped[int | None]
    """Shopify's number; it leads nowhere once Shopify has deleted the customer."""
    order_ids: Mapped[list[int]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Shopify's numbers of the orders it is about: news of them that come later are cleaned on arrival."""
    person: Mapped[bytes | None]
    """Encrypted: the e-mail address and telephone number to look for. Gone when the request is done."""
    state: Mapped[PrivacyState] = mapped_column(server_default=PrivacyState.RECEIVED)
    asked_at: Mapped[datetime]
    """When Shopify says it was asked."""
    received_at: Mapped[CreatedAt]
    due_at: Mapped[datetime]
    next_step_at: Mapped[datetime | None]
    """When the job should look at it; None when nothing is left to do."""
    done_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Rows found, cleaned or deleted, by table."""
    note: Mapped[str | None]


class PrivacyExport(Model):
    """Everything held about one customer, for the merchant to hand over. Encrypted; deleted when it expires."""

    __tablename__ = "privacy_exports"

    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_requests.id", ondelete="CASCADE"), primary_key=True)
    shop_id: Mapped[ShopId]
    content: Mapped[bytes]
    made_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
