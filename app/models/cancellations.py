"""Items that a vendor cannot send: asked for, decided, and refunded through Shopify."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class CancellationState(StrEnum):
    ASKED = "asked"
    """The merchant decides."""
    APPROVED = "approved"
    """Shopify is being told."""
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """By the vendor, before anybody decided."""
    FAILED = "failed"
    """Shopify refused; `error` says why."""


class Cancellation(Model):
    __tablename__ = "cancellations"
    __table_args__ = (
        Index("ix_cancellations_shop_id_state", "shop_id", "state"),
        Index("ix_cancellations_vendor_id_order_shopify_id", "vendor_id", "order_shopify_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    part_id: Mapped[int] = mapped_column(ForeignKey("vendor_orders.id", ondelete="CASCADE"))
    order_shopify_id: Mapped[int]
    quantities: Mapped[dict[str, Any]]
    """Units by the line's Shopify id."""
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    state: Mapped[CancellationState]
    answer: Mapped[str] = mapped_column(server_default="")
    """Why the merchant declined."""
    asked_by: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    refund_shopify_id: Mapped[int | None]
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
