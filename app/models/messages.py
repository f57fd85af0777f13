"""What a vendor and a customer write to each other about an order. Neither learns the other's address."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class Author(StrEnum):
    VENDOR = "vendor"
    CUSTOMER = "customer"


class OrderThread(Model):
    """The conversation about one vendor's part of an order."""

    __tablename__ = "order_threads"
    __table_args__ = (UniqueConstraint("part_id"), UniqueConstraint("token"))

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("vendor_orders.id", ondelete="CASCADE"))
    order_shopify_id: Mapped[int]
    token: Mapped[str]
    """What the customer's reply address and reply page are made of; whoever has it may answer for the customer."""
    last_at: Mapped[datetime]
    unread: Mapped[int] = mapped_column(server_default="0")
    """The customer's messages that nobody at the vendor has seen."""
    created_at: Mapped[CreatedAt]


class OrderMessage(Model):
    __tablename__ = "order_messages"
    __table_args__ = (Index("ix_order_messages_thread_id_id", "thread_id", "id"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("order_threads.id", ondelete="CASCADE"))
    author: Mapped[Author]
    body: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    """What of an e-mail was left out: attachments, what was too long."""
    created_at: Mapped[CreatedAt]


class MailState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    """Automatic, empty or too many: `error` says which."""


class ReceivedMail(Model):
    """A customer's answer that the mail provider has for us: first its number, its words when they were fetched."""

    __tablename__ = "received_mails"
    __table_args__ = (UniqueConstraint("shop_id", "provider_id"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    thread_id: Mapped[int] = mapped_column(ForeignKey("order_threads.id", ondelete="CASCADE"), index=True)
    provider_id: Mapped[str]
    state: Mapped[MailState] = mapped_column(server_default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
