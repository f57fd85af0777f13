"""The books' self-check: what must always hold, looked at again from the rows themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.ledger import closing
from app.ledger import queries as ledger
from app.ledger.rules import VENDOR_BALANCES, Account, Entry, add_entries
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order
from app.models.payouts import Payout, PayoutEntry, PayoutState
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.orders import service as orders
from app.orders.facts import Order as Facts
from app.orders.facts import Payment
from app.orders.returns import removed_units
from app.orders.rules import UNKNOWN, balances, book_to_date

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
        Finding("payouts", f"The entries of payout {reference} are not its amount.", payout_id=number)
        for number, reference in list_mismatched_payouts(session, shop.id)
    ]
    findings += [
        Finding("payouts", f"Payout {reference} is not booked where its state says.", payout_id=number)
        for number, reference in list_misplaced_payouts(session, shop.id)
    ]
    findings += [
        Finding(
            "balances",
            f"{_owner(session, vendor_id)} has {balance} available, but {unpaid} could be paid out.",
            vendor_id=vendor_id,
        )
        for vendor_id, balance, unpaid in list_stray_balances(session, shop.id)
    ]
    findings += [
        Finding(
            "closings", f"What was added up for {_owner(session, vendor_id)} is not its entries.", vendor_id=vendor_id
        )
        for vendor_id in closing.list_wrong(session, shop.id)
    ]
    return findings


def _owner(session: Session, vendor_id: int | None) -> str:
    return session.get_one(Vendor, vendor_id).name if vendor_id else "the marketplace"


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
    findings = [
        Finding("unknown" if words == UNKNOWN else "flags", f"Order {order.name}: {words}", order.id)
        for words in books.flags
    ]
    if _settled(booked) != _settled(balances(books.postings)):
        findings.append(
            Finding("orders", f"Order {order.name} is booked differently from what is known of it.", order.id)
        )
    returned = sum(refund.returned for refund in known.refunds)
    net = -booked.get((Account.CUSTOMER_RECEIPTS, None), 0)
    edited = any(removed_units(line, known) for line in known.lines)
    plain = known.payment is Payment.SETTLED and not books.flags and not edited
    if plain and not _fits_payments(known, net + returned):
        findings.append(Finding("orders", f"Order {order.name}: paid less returned is not what is booked.", order.id))
    return findings


def _fits_payments(known: Facts, received: int) -> bool:
    """Whether so much was paid; where no payment was told of, the total and what is owed back after a discount."""
    counted = received - known.cash_rounding + known.cash_rounding_back
    if known.paid_in is None:
        return counted == known.total - min(0, known.outstanding)
    return abs(counted - known.paid_in) <= known.paid_within


def _settled(books: dict[tuple[Account, int | None], int]) -> dict[tuple[str, int | None], int]:
    """Balances with a vendor's stages taken together: a release that is due this minute is no difference."""
    sums: dict[tuple[str, int | None], int] = {}
    for (account, vendor), amount in books.items():
        key = ("vendor" if account in VENDOR_BALANCES else str(account), vendor)
        sums[key] = sums.get(key, 0) + amount
    return {key: amount for key, amount in sums.items() if amount}


def list_mismatched_payouts(session: Session, shop_id: int) -> list[tuple[int, str]]:
    """Payouts, by id and reference, whose stamped entries do not sum to their amount. Should always be empty."""
    query = (
        select(Payout.id, Payout.reference)
        .outerjoin(PayoutEntry, PayoutEntry.payout_id == Payout.id)
        .outerjoin(LedgerEntry, LedgerEntry.id == PayoutEntry.entry_id)
        .where(Payout.shop_id == shop_id)
        .group_by(Payout.id)
        .having(func.coalesce(func.sum(LedgerEntry.amount_minor), 0) != Payout.amount_minor)
    )
    return [(number, reference) for number, reference in session.execute(query)]


def list_misplaced_payouts(session: Session, shop_id: int) -> list[tuple[int, str]]:
    """Payouts whose money is booked elsewhere than their state says: on its way, paid out, or given back."""

    def held_in(account: Account) -> ColumnElement[int]:
        of_account = func.sum(LedgerEntry.amount_minor).filter(LedgerEntry.account == account)
        return func.coalesce(of_account, 0)

    paid = Payout.state.in_((PayoutState.SENT, PayoutState.SETTLED))
    back = Payout.state.in_((PayoutState.CANCELLED, PayoutState.FAILED))
    query = (
        select(Payout.id, Payout.reference)
        .outerjoin(LedgerTransaction, LedgerTransaction.payout_id == Payout.id)
        .outerjoin(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(Payout.shop_id == shop_id)
        .group_by(Payout.id)
        .having(
            or_(
                held_in(Account.PAID_OUT) != case((paid, Payout.amount_minor), else_=0),
                held_in(Account.PAYOUTS_IN_TRANSIT) != case((or_(paid, back), 0), else_=Payout.amount_minor),
            )
        )
    )
    return [(number, reference) for number, reference in session.execute(query.order_by(Payout.id))]


def list_stray_balances(session: Session, shop_id: int) -> list[tuple[int, Money, Money]]:
    """Vendors whose available balance is not what is unpaid: (vendor id, balance, unpaid). Should be empty."""
    balances = (
        select(LedgerEntry.vendor_id, LedgerEntry.currency, func.sum(LedgerEntry.amount_minor))
        .where(
            LedgerEntry.shop_id == shop_id,
            LedgerEntry.account == literal(Account.VENDOR_AVAILABLE.value, literal_execute=True),
        )
        .group_by(LedgerEntry.vendor_id, LedgerEntry.currency)
    )
    rows = [(vendor_id or 0, currency, int(amount)) for vendor_id, currency, amount in session.execute(balances)]
    currencies = {currency for _, currency, _ in rows}
    unpaid = {currency: ledger.sum_unpaid(session, shop_id, currency) for currency in currencies}
    return [
        (vendor_id, Money(amount, currency), Money(unpaid[currency].get(vendor_id, 0), currency))
        for vendor_id, currency, amount in rows
        if amount != unpaid[currency].get(vendor_id, 0)
    ]
