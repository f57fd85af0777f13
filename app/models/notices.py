"""What happened, for people to read in the app itself; who has read it; and who wants to hear of what."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class Notice(Model):
    """One line for a vendor's people, or (without a vendor) for the shop's staff. Made once of each event."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("uq_notices_event_id_reader", "event_id", text("coalesce(vendor_id, 0)"), unique=True),
        Index("ix_notices_shop_id_vendor_id_id", "shop_id", "vendor_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    event_id: Mapped[int]
    """The domain event's, which may be gone."""
    topic: Mapped[str]
    kind: Mapped[str]
    """The event's: which words it is told in."""
    about: Mapped[str] = mapped_column(server_default="")
    """The name that the words speak of: an order's number, a product's title, a vendor's name."""
    amount_minor: Mapped[int | None]
    """What a payout's notice speaks of, written as the reader writes it; older ones have it in `about`."""
    currency: Mapped[str | None]
    place: Mapped[str]
    """The page that it leads to."""
    at: Mapped[CreatedAt]


class NoticeRead(Model):
    """Somebody has read a notice."""

    __tablename__ = "notice_reads"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    reader: Mapped[str] = mapped_column(primary_key=True)
    """An actor of the log: "vendor_user:7", "staff:42"."""
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None]
    at: Mapped[datetime]


class NoticeChoice(Model):
    """What a vendor, or (without a vendor) the shop, wants to hear of a topic. No row: everything."""

    __tablename__ = "notice_choices"
    __table_args__ = (
        Index("uq_notice_choices_topic", "shop_id", text("coalesce(vendor_id, 0)"), "topic", unique=True),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    topic: Mapped[str]
    by_email: Mapped[bool]
    in_app: Mapped[bool]
