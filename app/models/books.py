"""Proving the books: every run, every difference it found, and whose payouts wait because of one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class ProofStep(StrEnum):
    LEDGER = "ledger"
    """Each order's bookings against what is known of the order."""
    SHOPIFY = "shopify"
    """Each order of Shopify's against the books."""
    UNKNOWN = "unknown"
    """Each order of the books that Shopify can still be asked about: does it have it?"""
    RAILS = "rails"
    """Payouts against what PayPal and Stripe say of them."""
    PAYOUTS = "payouts"
    """Entries, payouts and balances against each other."""
    DONE = "done"


class Proof(Model):
    """One run over a shop's books. `cursor` says where the step at hand goes on after a kill."""

    __tablename__ = "proofs"
    __table_args__ = (
        Index("ix_proofs_unfinished", "id", postgresql_where=text("finished_at IS NULL")),
        Index("uq_proofs_shop_id_unfinished", "shop_id", unique=True, postgresql_where=text("finished_at IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    asked_by: Mapped[str]
    """Whoever it was: "system" every night, "staff:42", or "operator" at the command line."""
    asked_at: Mapped[CreatedAt]
    lease_until: Mapped[datetime | None]
    step: Mapped[ProofStep] = mapped_column(server_default=ProofStep.LEDGER)
    cursor: Mapped[str] = mapped_column(server_default="")
    orders: Mapped[int] = mapped_column(server_default="0")
    """Whose bookings were compared with what is known of them."""
    orders_total: Mapped[int] = mapped_column(server_default="0")
    shopify_orders: Mapped[int] = mapped_column(server_default="0")
    """That Shopify listed and that were compared with the books."""
    transactions: Mapped[int] = mapped_column(server_default="0")
    payouts: Mapped[int] = mapped_column(server_default="0")
    found: Mapped[int] = mapped_column(server_default="0")
    """Differences that were new."""
    cleared: Mapped[int] = mapped_column(server_default="0")
    """Differences that were no longer there."""
    open: Mapped[int] = mapped_column(server_default="0")
    """Differences left at the end."""
    error: Mapped[str | None]
    """Why Shopify or a rail could not be asked; the other steps were done all the same."""
    finished_at: Mapped[datetime | None]


class Difference(Model):
    """Something that does not agree. Closed when a later look finds that it does; the row stays as history."""

    __tablename__ = "book_differences"
    __table_args__ = (
        Index("uq_book_differences_open", "shop_id", "key", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index("ix_book_differences_shop_id_cleared_at", "shop_id", "cleared_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    key: Mapped[str]
    """What it is about: "books:order:7", "shopify:order:5001", "payout:3"."""
    words: Mapped[str]
    cause: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    order_number: Mapped[int | None]
    """Shopify's, also of an order that we do not hold."""
    order_name: Mapped[str] = mapped_column(server_default="")
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("payouts.id", ondelete="CASCADE"))
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When it was last found to be still there."""
    reread_at: Mapped[datetime | None]
    """When somebody asked for the order to be read again; None once the answer is in."""
    cleared_at: Mapped[datetime | None]


class PayoutStop(Model):
    """A vendor who is not paid before a difference is cleared."""

    __tablename__ = "payout_stops"

    difference_id: Mapped[int] = mapped_column(ForeignKey("book_differences.id", ondelete="CASCADE"), primary_key=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), primary_key=True, index=True)
    shop_id: Mapped[ShopId]
    since: Mapped[datetime]
