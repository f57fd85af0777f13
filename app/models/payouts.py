"""Paying vendors: a batch is looked at, approved and sent; each payout knows the ledger entries it pays."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class PayoutState(StrEnum):
    PENDING = "pending"
    """Its entries are claimed; nobody has approved it yet."""
    ON_HOLD = "on_hold"
    APPROVED = "approved"
    SENDING = "sending"
    """The bank file was taken; the bank may be working on it."""
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PayoutBatch(Model):
    __tablename__ = "payout_batches"
    __table_args__ = (UniqueConstraint("shop_id", "number"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    number: Mapped[int]
    currency: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    file_made_at: Mapped[datetime | None]
    """First time a bank file was taken: every later file of this batch says the same moment."""


class Payout(Model):
    """One vendor's payout. Amount and bank details are frozen when its entries are claimed."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("batch_id", "vendor_id"),
        UniqueConstraint("shop_id", "reference"),
        Index("ix_payouts_vendor_id_created_at", "vendor_id", "created_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batches.id"), index=True)
    reference: Mapped[str]
    """On the vendor's bank statement, and the end-to-end id of the bank file."""
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[PayoutState] = mapped_column(server_default=PayoutState.PENDING)
    state_reason: Mapped[str | None]
    state_changed_at: Mapped[CreatedAt]
    iban: Mapped[bytes]
    """Encrypted, as is the holder."""
    holder: Mapped[bytes]
    last4: Mapped[str]
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]


class PayoutMove(Model):
    """A payout's history: each state with when, by whom and why."""

    __tablename__ = "payout_moves"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), index=True)
    state: Mapped[PayoutState]
    reason: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime]


class PayoutEntry(Model):
    """Which entry a payout pays. No entry is in two payouts: the index sees to it, whoever races."""

    __tablename__ = "payout_entries"
    __table_args__ = (
        Index("uq_payout_entries_entry_id", "entry_id", unique=True, postgresql_where=text("released_at IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    released_at: Mapped[datetime | None]
    """When a cancelled or returned payout gave it back."""
