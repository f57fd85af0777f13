"""What customers say of vendors: one review for each vendor's part of an order, and when it was asked for."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class ReviewState(StrEnum):
    PENDING = "pending"
    PUBLISHED = "published"
    REJECTED = "rejected"


class VendorReview(Model):
    """Written by who bought; shown when the merchant, or the merchant's rule, published it."""

    __tablename__ = "vendor_reviews"
    __table_args__ = (
        Index("ix_vendor_reviews_shop_id_state_written_at", "shop_id", "state", "written_at"),
        Index("ix_vendor_reviews_vendor_id_state_written_at", "vendor_id", "state", "written_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    vendor_order_id: Mapped[int] = mapped_column(ForeignKey("vendor_orders.id", ondelete="CASCADE"), unique=True)
    stars: Mapped[int]
    title: Mapped[str] = mapped_column(server_default="")
    words: Mapped[str] = mapped_column(server_default="")
    shown_name: Mapped[str] = mapped_column(server_default="")
    """As the customer chose; empty: "A customer"."""
    state: Mapped[ReviewState] = mapped_column(server_default=ReviewState.PENDING)
    reason: Mapped[str | None]
    """Why it was rejected; the customer reads it."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    """Who published or rejected it: "staff:7", or "rule"."""
    is_returned: Mapped[bool] = mapped_column(server_default=false())
    """Everything of that part of the order was refunded or cancelled."""
    answer: Mapped[str] = mapped_column(server_default="")
    answered_at: Mapped[datetime | None]
    report: Mapped[str | None]
    """Why the vendor asks the merchant to look at it again."""
    reported_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """When the merchant decided about the report."""
    forgotten_at: Mapped[datetime | None]
    """When its words and name were removed; the stars go on counting."""
    written_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]


class ReviewRequest(Model):
    """When a customer is to be asked by e-mail, and whether that was done."""

    __tablename__ = "review_requests"
    __table_args__ = (
        Index("ix_review_requests_due_at", "due_at", postgresql_where=text("asked_at IS NULL AND closed_at IS NULL")),
    )

    vendor_order_id: Mapped[int] = mapped_column(ForeignKey("vendor_orders.id", ondelete="CASCADE"), primary_key=True)
    shop_id: Mapped[ShopId]
    due_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    """Not to be asked: nothing was kept, no address, too late, or already written."""
    stopped_at: Mapped[datetime | None]
    """The customer does not want to be asked, about this order or any other."""


class ReviewSettings(Model):
    """What the merchant chose. Without a row the defaults hold."""

    __tablename__ = "review_settings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    is_asking: Mapped[bool] = mapped_column(server_default="true")
    ask_after_days: Mapped[int] = mapped_column(server_default="7")
    """Counted from the day on which the parcel arrived."""
    publish_from_stars: Mapped[int] = mapped_column(server_default="0")
    """Reviews with at least so many stars need no decision; 0: each one waits."""
    publish_known: Mapped[bool] = mapped_column(server_default="false")
    """Nor do those of customers of whom one was published before."""
    updated_at: Mapped[CreatedAt]
