"""Parcels: asked for by a vendor in the portal, or made in the Shopify admin; known to Shopify once it has a number."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class FulfilmentState(StrEnum):
    REQUESTED = "requested"
    """The vendor has sent it; Shopify is being told."""
    CREATED = "created"
    FAILED = "failed"
    """Shopify refused; `error` says what to do."""
    CANCELLED = "cancelled"


class Fulfilment(Model):
    __tablename__ = "fulfilments"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_id"),
        Index("ix_fulfilments_shop_id_order_shopify_id", "shop_id", "order_shopify_id"),
        Index("ix_fulfilments_came_back", "shop_id", postgresql_where=text("state IN ('failed', 'cancelled')")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id"), index=True)
    """None when the parcel holds several vendors' goods, or none."""
    order_shopify_id: Mapped[int]
    shopify_id: Mapped[int | None]
    state: Mapped[FulfilmentState]
    quantities: Mapped[dict[str, Any]]
    """Units by the line's Shopify id."""
    carrier: Mapped[str] = mapped_column(server_default="")
    tracking_number: Mapped[str] = mapped_column(server_default="")
    tracking_url: Mapped[str] = mapped_column(server_default="")
    shipment_status: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    requested_by: Mapped[str | None]
    fulfilled_at: Mapped[datetime]
    shopify_updated_at: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]
    shipped_seen_at: Mapped[datetime | None]
    delivered_seen_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class FulfilmentOrderNews(Model):
    """A fulfilment order of which Shopify said that it changed, until its order was read."""

    __tablename__ = "fulfilment_order_news"
    __table_args__ = (UniqueConstraint("shop_id", "shopify_id"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    shopify_id: Mapped[int]
    told_at: Mapped[CreatedAt]
    tried_at: Mapped[datetime | None]
    order_shopify_id: Mapped[int | None]
    """Once that is known, while the order itself has not come."""


class ShipmentBatch(Model):
    """Many orders that a vendor sent at once, and what became of each."""

    __tablename__ = "shipment_batches"
    __table_args__ = (UniqueConstraint("vendor_id", "key"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    key: Mapped[str]
    """The page's own: sent twice, it is one batch."""
    rows: Mapped[list[dict[str, Any]]]
    """{"part_id", "name", "parcel_id"} or, where nothing was sent, {"part_id", "name", "problem"}."""
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
