"""What vendors have packed for the shop to collect, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import Id, Model, ShopId


class PickupState(StrEnum):
    READY = "ready"
    """Packed, at the vendor's; the vendor may still take it back."""
    COLLECTED = "collected"
    """The shop has it and is to send it."""
    SHIPPED = "shipped"
    """Its parcel was stored; how that fares stands there."""
    WITHDRAWN = "withdrawn"
    """Taken back by the vendor, or given back because nothing of it was left to send."""


class Pickup(Model):
    __tablename__ = "pickups"
    __table_args__ = (
        Index("ix_pickups_waiting", "shop_id", "ready_at", postgresql_where=text("state IN ('ready', 'collected')")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"), index=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("vendor_orders.id", ondelete="CASCADE"), index=True)
    order_shopify_id: Mapped[int]
    quantities: Mapped[dict[str, Any]]
    """Units by the line's Shopify id, as they were packed. Some may have been refunded or sent otherwise since."""
    place: Mapped[str] = mapped_column(server_default="")
    """Where it stands, in the vendor's words."""
    state: Mapped[PickupState]
    ready_at: Mapped[datetime]
    ready_by: Mapped[str]
    collected_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    """When it was sent, or taken or given back."""
    fulfilment_id: Mapped[int | None] = mapped_column(ForeignKey("fulfilments.id", ondelete="SET NULL"), index=True)

    @property
    def units(self) -> dict[int, int]:
        """Packed units by the line's Shopify id."""
        return {int(line): int(count) for line, count in self.quantities.items()}
