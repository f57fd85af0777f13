"""The books: append-only, double-entry. The database itself refuses to change or delete a posting."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class LedgerTransaction(Model):
    """One posting. Its source key is unique: what was booked once is never booked again."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("shop_id", "source_key"),
        Index("ix_ledger_transactions_vendor_id_booked_at", "vendor_id", "booked_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id"))
    """The vendor it is about; a posting never mixes two."""
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("payouts.id"), index=True)
    key: Mapped[str]
    """What it is for; corrections share it with what they correct."""
    source_key: Mapped[str]
    kind: Mapped[str]
    component: Mapped[str] = mapped_column(server_default="")
    """The part of the order: "line:466157049", "shipping:369256396"."""
    currency: Mapped[str]
    happened_at: Mapped[datetime]
    booked_at: Mapped[CreatedAt]


class LedgerEntry(Model):
    """One side of a posting. The entries of a posting sum to zero."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index("ix_ledger_entries_shop_id_account_vendor_id", "shop_id", "account", "vendor_id"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id"), index=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)
    account: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
