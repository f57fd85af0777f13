"""The books: append-only, double-entry. The database itself refuses to change or delete a posting."""

from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, Index, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId
from app.models.orders import Order
from app.models.payouts import Payout
from app.money import Money


class LedgerTransaction(Model):
    """One posting. Its source key is unique: what was booked once is never booked again."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("shop_id", "source_key"),
        Index("ix_ledger_transactions_payout_id", "payout_id", postgresql_where=text("payout_id IS NOT NULL")),
        Index(
            "ix_ledger_transactions_vendors",
            "vendor_id",
            "booked_at",
            postgresql_where=text("vendor_id IS NOT NULL"),
        ),
        Index("ix_ledger_transactions_shop_id_booked_at_id", "shop_id", "booked_at", "id"),
        # Nearly all that is booked is a sale at first: sales are found among all postings by time.
        Index(
            "ix_ledger_transactions_kinds",
            "shop_id",
            "kind",
            "booked_at",
            "id",
            postgresql_where=text("kind <> 'sale'"),
        ),
    )

    id: Mapped[Id]
    shop_id: Mapped[int]
    """A trigger checks what a posting refers to, once a statement: foreign keys would do so for each row."""
    vendor_id: Mapped[int | None]
    """The vendor it is about; a posting never mixes two."""
    order_id: Mapped[int | None] = mapped_column(index=True)
    payout_id: Mapped[int | None]
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
    __table_args__ = (
        Index(
            "ix_ledger_entries_available",
            "shop_id",
            "vendor_id",
            "currency",
            postgresql_include=["amount_minor"],
            postgresql_where=text("account = 'vendor_available'"),
        ),
        Index(
            "ix_ledger_entries_commission",
            "shop_id",
            "transaction_id",
            postgresql_include=["vendor_id", "currency", "amount_minor"],
            postgresql_where=text("account = 'commission'"),
        ),
        Index("ix_ledger_entries_shop_id_transaction_id", "shop_id", "transaction_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int]
    """Its posting's, and so is the vendor: they are checked there, and once is enough."""
    vendor_id: Mapped[int | None]
    transaction_id: Mapped[int]
    account: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]


# Whoever goes through the tables in the order of their references finds the books after what they refer to.
for _refers, _table in (
    (LedgerTransaction, Order.__table__),
    (LedgerTransaction, Payout.__table__),
    (LedgerEntry, LedgerTransaction.__table__),
):
    cast("Table", _refers.__table__).add_is_dependent_on(cast("Table", _table))


class OpenEntry(Model):
    """An available entry that no payout has claimed. Triggers keep it, wherever entries and claims are written."""

    __tablename__ = "open_entries"
    __table_args__ = (Index("ix_open_entries_shop_id_vendor_id", "shop_id", "vendor_id"),)

    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True, autoincrement=False)
    shop_id: Mapped[int]
    vendor_id: Mapped[int]
    currency: Mapped[str]
    amount_minor: Mapped[int]


class Closing(Model):
    """Up to which entry the balances are added up, for all shops together. One row."""

    __tablename__ = "closings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    through_entry_id: Mapped[int]
    next_entry_id: Mapped[int]
    """Where the next closing ends, once every transaction below `next_xid` is over."""
    next_xid: Mapped[int]
    closed_at: Mapped[datetime]


class ClosedBalance(Model):
    """The sum of an account's entries up to the closing. A cache: `balances` adds what came since."""

    __tablename__ = "closed_balances"
    __table_args__ = (
        Index(
            "uq_closed_balances_shop_id_account_currency_vendor",
            "shop_id",
            "account",
            "currency",
            text("coalesce(vendor_id, 0)"),
            unique=True,
        ),
    )

    id: Mapped[Id]
    shop_id: Mapped[int]
    vendor_id: Mapped[int | None] = mapped_column(index=True)
    account: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]


class Adjustment(Model):
    """What the merchant credited to or debited from a vendor by hand. Taken back by a counter-entry, never changed."""

    __tablename__ = "adjustments"
    __table_args__ = (
        UniqueConstraint("shop_id", "form_key"),
        Index("ix_adjustments_vendor_id_id", "vendor_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    form_key: Mapped[str]
    """Of the form that asked for it: a form that is sent twice adjusts once."""
    amount_minor: Mapped[int]
    """Plus: the vendor gets more."""
    currency: Mapped[str]
    reason: Mapped[str]
    """The vendor reads it."""
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    reversed_at: Mapped[datetime | None]
    reversed_by: Mapped[str | None]
    reversal_reason: Mapped[str | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
