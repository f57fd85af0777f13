"""Paying vendors: a batch is looked at, approved and sent; each payout knows the ledger entries it pays."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, case, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.models.mapping import CreatedAt, Id, InTurn, Model, ShopId
from app.money import Money


class PayoutState(StrEnum):
    PENDING = "pending"
    """Its entries are claimed; nobody has approved it yet."""
    ON_HOLD = "on_hold"
    APPROVED = "approved"
    SENDING = "sending"
    """The bank file was taken, or the rail is being asked: it may be working on it."""
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RailName(StrEnum):
    """How money travels to a vendor."""

    BANK = "bank"
    PAYPAL = "paypal"
    STRIPE = "stripe"


RAIL: Final = "rail"
"""Who moved a payout, when it was the rail that was asked about it."""


class PayoutSettings(Model):
    """How and when a shop pays. Vendors read it: they choose among the rails."""

    __tablename__ = "payout_settings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    rails: Mapped[list[str]] = mapped_column(server_default=text("""'["bank"]'"""))
    """What vendors may choose among."""
    schedule: Mapped[str] = mapped_column(server_default="manual")
    """manual, weekly, fortnightly or monthly."""
    schedule_day: Mapped[int] = mapped_column(server_default="1")
    """Weekday from 1, Monday, to 7; for monthly the day of the month, 1 to 28."""
    schedule_from: Mapped[date | None]
    """The fortnights are counted from this day's week."""
    prepared_on: Mapped[date | None]
    """The last day of the schedule for which a batch was prepared, or there was nobody to pay."""
    invoice_name: Mapped[str] = mapped_column(server_default="")
    """Who charges the commission, as it stands on fee invoices; without it there are none."""
    invoice_address: Mapped[str] = mapped_column(server_default="")
    invoice_country: Mapped[str] = mapped_column(server_default="")
    """ISO 3166-1 alpha-2, as the vendors' own."""
    invoice_tax_id: Mapped[str] = mapped_column(server_default="")
    invoice_prefix: Mapped[str] = mapped_column(server_default="F")
    invoice_note: Mapped[str] = mapped_column(server_default="")
    """Printed where no tax is charged, such as the law that exempts it."""
    invoice_monthly: Mapped[bool] = mapped_column(server_default="false")
    """On the first of each month the month before is invoiced by itself."""
    invoiced_until: Mapped[date | None]
    """The first day that the monthly invoices have not looked at."""
    updated_at: Mapped[CreatedAt]


class FeeInvoice(Model):
    """Commission charged to a vendor, or given back (a credit note). Never changed; its lines are its postings."""

    __tablename__ = "fee_invoices"
    __table_args__ = (
        UniqueConstraint("shop_id", "sequence"),
        Index("ix_fee_invoices_vendor_id_issued_at", "vendor_id", "issued_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    sequence: Mapped[int]
    """Without gaps within the shop, invoices and credit notes together."""
    number: Mapped[str]
    kind: Mapped[str]
    """invoice or credit_note."""
    currency: Mapped[str]
    net_minor: Mapped[int]
    """Below zero on a credit note, as is the tax."""
    tax_minor: Mapped[int]
    period_from: Mapped[date]
    period_to: Mapped[date]
    """Inclusive: the days on which the commission was charged."""
    parties: Mapped[bytes]
    """Encrypted JSON: seller, buyer and the note on tax, as they were on that day."""
    corrects: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Numbers of the invoices that a credit note takes back from."""
    issued_at: Mapped[datetime]

    @property
    def total(self) -> Money:
        return Money(self.net_minor + self.tax_minor, self.currency)


class FeeInvoicePosting(Model):
    """Which posting of the books an invoice charges. None is charged twice."""

    __tablename__ = "fee_invoice_postings"

    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"), primary_key=True)
    shop_id: Mapped[int]
    vendor_id: Mapped[int]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("fee_invoices.id"), index=True)


class InvoiceRun(InTurn, Model):
    """Fee invoices being issued to one vendor after the other, or the last that were."""

    __tablename__ = "invoice_runs"
    __table_args__ = (UniqueConstraint("shop_id"),)

    until: Mapped[date]
    """Commission booked before this day."""
    vendors: Mapped[list[int]] = mapped_column(JSONB, deferred=True)
    """Whose commission is looked at, in the order of the numbers."""
    total: Mapped[int]
    """Of the vendors."""
    issued: Mapped[int] = mapped_column(server_default="0")
    """How many invoices and credit notes."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]

    @property
    def is_stopped(self) -> bool:
        return self.finished_at is not None and self.done < self.total


class PaperKind(StrEnum):
    STATEMENTS = "statements"
    INVOICES = "invoices"


KEPT: Final = timedelta(days=3)
"""Archives, from when they were asked for."""


class PaperArchive(InTurn, Model):
    """Statements or fee invoices on their way into one file: printed a few at a time, then kept for some days."""

    __tablename__ = "paper_archives"
    __table_args__ = (UniqueConstraint("shop_id", "digest"),)

    kind: Mapped[PaperKind]
    about: Mapped[str]
    """Whose page shows it: "batch:7", or "invoices"."""
    name: Mapped[str]
    """Of the file."""
    papers: Mapped[list[int]] = mapped_column(JSONB, deferred=True)
    """Ids of payouts or invoices, in the order of the file; fixed when it was asked for."""
    total: Mapped[int]
    digest: Mapped[str]
    """Of what it holds: who asks for the same while it is being made gets the same."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]

    @property
    def kept_until(self) -> datetime:
        return self.asked_at + KEPT


class PaperFile(Model):
    """One file of an archive, encrypted."""

    __tablename__ = "paper_files"
    __table_args__ = (UniqueConstraint("archive_id", "name"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    archive_id: Mapped[int] = mapped_column(ForeignKey("paper_archives.id", ondelete="CASCADE"))
    name: Mapped[str]
    content: Mapped[bytes]


class RailKeys(Model):
    """A shop's keys at a provider."""

    __tablename__ = "rail_keys"
    __table_args__ = (UniqueConstraint("shop_id", "rail"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    rail: Mapped[RailName]
    secret: Mapped[bytes]
    """Encrypted JSON: what app/payouts/rails asks for."""
    hint: Mapped[str]
    """What may be shown of it."""
    checked_at: Mapped[datetime | None]
    """When the provider last took the keys."""
    updated_at: Mapped[CreatedAt]
    """Since when they are this account's."""


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
    file_head: Mapped[bytes | None]
    """Encrypted JSON: what the first pain.001 says beside its transfers, and every later one says, too."""


class Payout(Model):
    """One vendor's payout. Amount and bank details are frozen when its entries are claimed."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("batch_id", "vendor_id"),
        UniqueConstraint("shop_id", "reference"),
        UniqueConstraint("rail_key"),
        UniqueConstraint("id", "shop_id", "vendor_id"),
        Index("ix_payouts_vendor_id_created_at", "vendor_id", "created_at"),
        Index("ix_payouts_next_look_at", "next_look_at", postgresql_where=text("next_look_at IS NOT NULL")),
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
    rail: Mapped[RailName] = mapped_column(server_default=RailName.BANK)
    account: Mapped[bytes]
    """Encrypted, as is the holder: IBAN, PayPal address or Stripe account."""
    holder: Mapped[bytes]
    last4: Mapped[str]
    """What may be shown of the account."""
    rail_key: Mapped[str]
    """The rail takes a payment under one key once. It changes only after the rail has refused for certain."""
    rail_reference: Mapped[str | None]
    """What the rail calls it, or what the person wrote who paid by hand."""
    by_hand: Mapped[bool] = mapped_column(server_default="false")
    """A person says that it was paid; no rail did."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_look_at: Mapped[datetime | None]
    """When the rail is asked next: to send, or what became of it."""
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]
    """The day on which money left, as a person or the rail says."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PayoutMove(Model):
    """A payout's history: each state with when, by whom and why."""

    __tablename__ = "payout_moves"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), index=True)
    state: Mapped[PayoutState] = mapped_column()
    reason: Mapped[str | None] = mapped_column()
    actor: Mapped[str] = mapped_column()
    """Who: "staff:7", or the rail that was asked."""
    at: Mapped[datetime]
    vendors_reason: Mapped[str | None] = column_property(
        case((actor != RAIL, reason), (state == PayoutState.FAILED, func.split_part(reason, "\n", 1)))
    )
    """As the vendor reads it: what a rail says tells the merchant what to mend, until the money comes back. Then its
    first line is for the vendor too; the provider's own words below it are not.
    """


class PayoutEntry(Model):
    """Which entry a payout pays. No entry is in two payouts: the index sees to it, whoever races.

    A trigger looks whether payouts and entries are there, once a statement: a batch adds a million of these rows.
    """

    __tablename__ = "payout_entries"
    __table_args__ = (
        Index("uq_payout_entries_entry_id", "entry_id", unique=True, postgresql_where=text("released_at IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int]
    vendor_id: Mapped[int]
    payout_id: Mapped[int] = mapped_column(index=True)
    entry_id: Mapped[int] = mapped_column(index=True)
    released_at: Mapped[datetime | None]
    """When a cancelled or returned payout gave it back."""
