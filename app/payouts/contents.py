"""What a payout pays: its entries in words, and what each of a vendor's movements belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.keyset import Page, Place, Sort, read_page
from app.languages import _
from app.ledger.queries import Movement
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import OrderLine, VendorOrder
from app.models.payouts import Payout, PayoutEntry
from app.money import Money
from app.orders.words import FEE_KINDS, name_component
from app.payouts.queries import PER_PAGE


@dataclass(frozen=True, slots=True)
class PaidEntry:
    """One entry that a payout pays, in words."""

    entry: LedgerEntry
    transaction: LedgerTransaction
    order_name: str
    title: str
    line: OrderLine | None

    @property
    def amount(self) -> Money:
        return Money(self.entry.amount_minor, self.entry.currency)


def list_paid_entries(session: Session, payout: Payout, *, limit: int | None = None) -> list[PaidEntry]:
    """The entries of a payout, or the first of them, with the order line each belongs to. Their sum is the payout."""
    query = _entries_of(payout).order_by(LedgerEntry.id).limit(limit)
    return _describe(session, payout, [(entry, transaction) for entry, transaction in session.execute(query)])


def first_entries(session: Session, payout: Payout) -> frozenset[int]:
    """Ids of the entries with which each part of the payout's orders began to pay, here or earlier."""
    orders = _entries_of(payout).with_only_columns(LedgerTransaction.order_id)
    begun = (LedgerEntry.account == Account.VENDOR_AVAILABLE, LedgerEntry.amount_minor > 0)
    mine = (LedgerTransaction.vendor_id == payout.vendor_id, LedgerTransaction.order_id.in_(orders))
    query = select(func.min(LedgerEntry.id)).join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
    parts = (LedgerTransaction.order_id, LedgerTransaction.component)
    return frozenset(session.scalars(query.where(*begun, *mine).group_by(*parts)))


def page_paid_entries(session: Session, payout: Payout, place: Place) -> Page[PaidEntry]:
    """A part of the entries of a payout, in the order of booking."""
    order = Sort((LedgerEntry.id,))
    page = read_page(session, _entries_of(payout), order, place, limit=PER_PAGE, make=lambda *found: found)
    return page.with_rows(_describe(session, payout, page.rows))


def _entries_of(payout: Payout) -> Select[LedgerEntry, LedgerTransaction]:
    return (
        select(LedgerEntry, LedgerTransaction)
        .join(PayoutEntry, PayoutEntry.entry_id == LedgerEntry.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(PayoutEntry.payout_id == payout.id)
    )


def _describe(
    session: Session, payout: Payout, found: Sequence[tuple[LedgerEntry, LedgerTransaction]]
) -> list[PaidEntry]:
    order_ids = {transaction.order_id for _, transaction in found}
    parts = select(VendorOrder).where(VendorOrder.order_id.in_(order_ids), VendorOrder.vendor_id == payout.vendor_id)
    names: dict[int | None, str] = {part.order_id: part.name for part in session.scalars(parts)}
    lines = {
        (line.order_id, f"line:{line.shopify_id}"): line
        for line in session.scalars(
            select(OrderLine).where(OrderLine.order_id.in_(order_ids), OrderLine.vendor_id == payout.vendor_id)
        )
    }
    return [
        _paid_entry(entry, transaction, names, lines.get((transaction.order_id or 0, transaction.component)))
        for entry, transaction in found
    ]


def _paid_entry(
    entry: LedgerEntry,
    transaction: LedgerTransaction,
    names: Mapping[int | None, str],
    line: OrderLine | None,
) -> PaidEntry:
    title = line.title if line else name_component(transaction.component)
    if entry.amount_minor < 0 and transaction.kind not in FEE_KINDS:
        title = _("%(title)s: taken back after a refund or change", title=title)
    return PaidEntry(entry, transaction, names.get(transaction.order_id, ""), title, line)


def name_movements(
    session: Session, vendor_id: int, movements: Sequence[Movement]
) -> dict[int, tuple[str, str, str | None]]:
    """By transaction id: the order or payout it belongs to, what of it, and where its explanation is."""
    order_ids = {m.transaction.order_id for m in movements if m.transaction.order_id}
    parts = select(VendorOrder).where(VendorOrder.order_id.in_(order_ids), VendorOrder.vendor_id == vendor_id)
    by_order = {part.order_id: part for part in session.scalars(parts)}
    lines = select(OrderLine).where(OrderLine.order_id.in_(order_ids), OrderLine.vendor_id == vendor_id)
    titles = {(line.order_id, f"line:{line.shopify_id}"): line.title for line in session.scalars(lines)}
    payouts = select(Payout).where(Payout.id.in_({m.transaction.payout_id for m in movements}))
    references = {payout.id: payout.reference for payout in session.scalars(payouts)}
    names: dict[int, tuple[str, str, str | None]] = {}
    for row in (movement.transaction for movement in movements):
        if row.payout_id:
            link = f"/portal/money/payouts/{row.payout_id}"
            names[row.id] = (references.get(row.payout_id, ""), _("Payout"), link)
        elif row.order_id and (part := by_order.get(row.order_id)):
            what = titles.get((row.order_id, row.component)) or name_component(row.component)
            names[row.id] = (part.name, what, f"/portal/orders/{part.id}")
    return names
