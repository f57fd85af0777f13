"""The books' self-check: what must always hold, looked at again from the rows themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.ledger import closing
from app.ledger import queries as ledger
from app.ledger.rules import VENDOR_BALANCES, Account, Entry, add_entries
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order
from app.models.shops import Shop
from app.orders import service as orders
from app.orders.facts import Payment
from app.orders.returns import removed_units
from app.orders.rules import balances, book_to_date
from app.payouts import queries

_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold, and what it is about."""

    check: str
    words: str
    order_id: int | None = None
    payout_id: int | None = None
    vendor_id: int | None = None
    transaction_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    checked_at: datetime
    orders: int
    """How many were checked."""
    skipped: int
    """Older orders that were left out."""
    transactions: int
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return not self.findings


def check_books(session: Session, shop: Shop, *, newest: int | None = None) -> Report:
    """Check every invariant for a shop. Reads only.

    With `newest`, of the orders only so many and all that are flagged: a person who waits cannot wait for every one.
    """
    findings = check_totals(session, shop)
    ids = _choose_orders(session, shop.id, newest)
    for at in range(0, len(ids), _AT_A_TIME):
        batch = select(Order).where(Order.id.in_(ids[at : at + _AT_A_TIME])).order_by(Order.id)
        for order in session.scalars(batch).all():
            findings += check_order(session, order)
    skipped = (session.scalar(select(func.count()).where(Order.shop_id == shop.id)) or 0) - len(ids)
    transactions = ledger.count_transactions(session, shop.id)
    return Report(clock.now(), len(ids), skipped, transactions, tuple(findings))


def check_totals(session: Session, shop: Shop) -> list[Finding]:
    """What must hold beyond single orders: each booking, each payout, each vendor's balance."""
    findings = [
        Finding("postings", f"The entries of ledger transaction {number} do not sum to zero.", transaction_id=number)
        for number in ledger.list_unbalanced(session, shop.id)
    ]
    findings += [
        Finding("payouts", f"The entries of payout {number} are not its amount.", payout_id=number)
        for number in queries.list_mismatched_payouts(session, shop.id)
    ]
    findings += [
        Finding("payouts", f"Payout {number} is not booked where its state says.", payout_id=number)
        for number in queries.list_misplaced_payouts(session, shop.id)
    ]
    findings += [
        Finding(
            "balances",
            f"Vendor {vendor_id} has {balance} available, but {unpaid} could be paid out.",
            vendor_id=vendor_id,
        )
        for vendor_id, balance, unpaid in queries.list_stray_balances(session, shop.id)
    ]
    findings += [
        Finding("closings", f"What was added up for {_owner(vendor_id)} is not its entries.", vendor_id=vendor_id)
        for vendor_id in closing.list_wrong(session, shop.id)
    ]
    return findings


def _owner(vendor_id: int | None) -> str:
    return "the marketplace" if vendor_id is None else f"vendor {vendor_id}"


def _choose_orders(session: Session, shop_id: int, newest: int | None) -> Sequence[int]:
    every = select(Order.id).where(Order.shop_id == shop_id)
    if newest is None:
        return session.scalars(every.order_by(Order.id)).all()
    latest = every.order_by(Order.id.desc()).limit(newest)
    flagged = every.where(func.jsonb_array_length(Order.flags) > 0)
    return session.scalars(select(Order.id).where(or_(Order.id.in_(latest), Order.id.in_(flagged)))).all()


def check_order(session: Session, order: Order) -> list[Finding]:
    """Whether the order's books are what its facts say, and add up to the money received less the money returned."""
    known = orders.read_facts(session, order)
    books = book_to_date(known, clock.now())
    rows = session.scalars(
        select(LedgerEntry)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.order_id == order.id)
    ).all()
    booked = add_entries(Entry(Account(row.account), row.amount_minor, row.vendor_id) for row in rows)
    findings = [Finding("flags", f"Order {order.name}: {words}", order.id) for words in books.flags]
    if _settled(booked) != _settled(balances(books.postings)):
        findings.append(
            Finding("orders", f"Order {order.name} is booked differently from what is known of it.", order.id)
        )
    returned = sum(refund.returned for refund in known.refunds)
    net = -booked.get((Account.CUSTOMER_RECEIPTS, None), 0)
    edited = any(removed_units(line, known) for line in known.lines)
    plain = known.payment is Payment.SETTLED and not books.flags and not edited
    if plain and net != known.total + known.cash_rounding - returned:
        findings.append(Finding("orders", f"Order {order.name}: paid less returned is not what is booked.", order.id))
    return findings


def _settled(books: dict[tuple[Account, int | None], int]) -> dict[tuple[str, int | None], int]:
    """Balances with a vendor's stages taken together: a release that is due this minute is no difference."""
    sums: dict[tuple[str, int | None], int] = {}
    for (account, vendor), amount in books.items():
        key = ("vendor" if account in VENDOR_BALANCES else str(account), vendor)
        sums[key] = sums.get(key, 0) + amount
    return {key: amount for key, amount in sums.items() if amount}
