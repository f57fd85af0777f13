"""What visitors of the storefront did, as the web pixel tells it, and daily figures of it and of orders. No names."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class Activity(Model):
    """One thing that a visitor did with one product, or with none. Kept for 90 days."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_shop_id_received_at", "shop_id", "received_at"),
        Index("ix_activity_shop_id_happened_at", "shop_id", "happened_at"),
        Index("ix_activity_received_at", "received_at"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    """Shopify's: the same event told twice is one row."""
    product_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Shopify's; 0 where it is about no product."""
    kind: Mapped[str]
    """An ActivityKind (app/journey/rules.py)."""
    visitor: Mapped[str]
    """A browser on one day: a keyed digest that says nothing about who it is, nor about any other day."""
    words: Mapped[str] = mapped_column(server_default="")
    """What was searched for."""
    found: Mapped[int | None]
    """How many products the search showed, at least."""
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]


class ActivityDay(Model):
    """A product's day, or with product 0 the whole shop's. Visitors are browsers that did it on that day."""

    __tablename__ = "activity_days"
    __table_args__ = (Index("ix_activity_days_vendor_id_day", "vendor_id", "day"),)

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """In the shop's time zone."""
    product_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    views: Mapped[int]
    visitors: Mapped[int]
    """Who did anything at all."""
    viewers: Mapped[int]
    adders: Mapped[int]
    """Who put it into the cart."""
    starters: Mapped[int]
    """Who began a checkout with it."""


class OrderDay(Model):
    """What was ordered on a day: of a vendor's product, or without a vendor in the whole shop. No test orders."""

    __tablename__ = "order_days"
    __table_args__ = (
        Index(
            "uq_order_days_shop_id_day_product_number_vendor",
            "shop_id",
            "day",
            "product_number",
            text("coalesce(vendor_id, 0)"),
            unique=True,
        ),
        Index("ix_order_days_vendor_id_day", "vendor_id", "day"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"))
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    """Whose it was when it was sold."""
    day: Mapped[date]
    """In the shop's time zone."""
    product_number: Mapped[int]
    """Shopify's; 0 where the line names no product."""
    orders: Mapped[int]
    """That were placed, paid or not."""
    units: Mapped[int]
    """Of vendors' goods in those of them that were paid, less what was cancelled or refunded."""


class DayToCount(Model):
    """A day of which something was heard about an order. Many rows may name the same day: nobody waits to add one."""

    __tablename__ = "days_to_count"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    day: Mapped[date]


class SearchDay(Model):
    """How often words were searched for on a day."""

    __tablename__ = "search_days"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(primary_key=True)
    searches: Mapped[int]
    in_vain: Mapped[int]
    """Of these, how many found nothing."""


class ActivityMark(Model):
    """Up to which moment of arrival a shop's activity is in its daily figures."""

    __tablename__ = "activity_marks"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    rolled_up_at: Mapped[datetime]


class ProductNeighbours(Model):
    """Products that were looked at by the same visitors, the most frequent first, by Shopify's numbers."""

    __tablename__ = "product_neighbours"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    product_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    neighbours: Mapped[list[int]] = mapped_column(JSONB)
    told: Mapped[list[int]] = mapped_column(JSONB, server_default=text("'[]'"))
    """What Shopify holds for the product."""
    told_at: Mapped[datetime | None]


class WebPixel(Model):
    """The pixel that Shopify runs for us in a shop, with the settings we gave it."""

    __tablename__ = "web_pixels"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    pixel_gid: Mapped[str | None]
    settings: Mapped[dict[str, Any]]
    error: Mapped[str | None]
    """Why Shopify refused it, for the merchant."""
    checked_at: Mapped[CreatedAt]
