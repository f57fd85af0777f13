"""Booking. Nothing else writes entries."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.ledger.rules import Account, Entry, Posting, balanced, missing_entries, source_key
from app.models.ledger import LedgerEntry, LedgerTransaction


class _Booked(NamedTuple):
    """What already stands under a key: its entries summed, and how it was last described."""

    entries: list[Entry]
    last: LedgerTransaction


class _Due(NamedTuple):
    """A posting to be written: its entries, and the unique key it is written under."""

    posting: Posting
    entries: tuple[Entry, ...]
    source: str


def book_order_to_date(session: Session, shop_id: int, order_id: int, currency: str, target: Iterable[Posting]) -> int:
    """Post what is missing so that the order's books become `target`; returns how many postings that took.

    The caller holds the order's lock: the difference is only right if nobody else posts meanwhile.
    """
    wanted = {posting.key: posting for posting in target}
    booked = _booked_of(session, order_id)
    times = Counter({key: count for key, (count, _) in booked.items()})
    due: list[_Due] = []
    for key in dict.fromkeys((*wanted, *booked)):
        standing = booked[key][1] if key in booked else None
        posting = wanted.get(key) or _emptied(key, standing)
        missing = missing_entries(posting.entries, standing.entries if standing else ())
        if missing:
            due.append(_Due(posting, missing, source_key(key, times[key])))
    _write(session, shop_id, currency, due, order_id=order_id)
    return len(due)


def post_once(session: Session, shop_id: int, currency: str, posting: Posting, *, payout_id: int | None = None) -> None:
    """Post something that happens once. Posting the same key again changes nothing."""
    exists = select(LedgerTransaction.id).where(
        LedgerTransaction.shop_id == shop_id, LedgerTransaction.source_key == posting.key
    )
    if session.scalar(exists) is None:
        due = [_Due(posting, balanced(posting.entries), posting.key)]
        _write(session, shop_id, currency, due, payout_id=payout_id)


def _booked_of(session: Session, order_id: int) -> dict[str, tuple[int, _Booked]]:
    """By key: how many postings, and what they come to."""
    transactions = session.scalars(
        select(LedgerTransaction).where(LedgerTransaction.order_id == order_id).order_by(LedgerTransaction.id)
    ).all()
    sums = session.execute(
        select(LedgerTransaction.key, LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.order_id == order_id)
        .group_by(LedgerTransaction.key, LedgerEntry.account, LedgerEntry.vendor_id)
    )
    booked = {row.key: (0, _Booked([], row)) for row in transactions}
    for row in transactions:
        count, standing = booked[row.key]
        booked[row.key] = (count + 1, _Booked(standing.entries, row))
    for key, account, vendor_id, amount in sums:
        booked[key][1].entries.append(Entry(Account(account), int(amount), vendor_id))
    return booked


def _emptied(key: str, standing: _Booked | None) -> Posting:
    """A key that no longer belongs in the books: what stands under it is reversed."""
    assert standing is not None
    last = standing.last
    return Posting(key, last.kind, clock.now(), (), last.component, last.vendor_id)


def _write(
    session: Session,
    shop_id: int,
    currency: str,
    due: list[_Due],
    *,
    order_id: int | None = None,
    payout_id: int | None = None,
) -> None:
    """Two statements, however many postings: the transactions, then all their entries."""
    now = clock.now()
    rows = [
        LedgerTransaction(
            shop_id=shop_id,
            vendor_id=posting.vendor_id,
            order_id=order_id,
            payout_id=payout_id,
            key=posting.key,
            source_key=source,
            kind=posting.kind,
            component=posting.component,
            currency=currency,
            happened_at=posting.happened_at,
            booked_at=now,
        )
        for posting, _, source in due
    ]
    session.add_all(rows)
    session.flush()
    session.add_all(_row_of(entry, row) for row, one in zip(rows, due, strict=True) for entry in one.entries)
    session.flush()


def _row_of(entry: Entry, transaction: LedgerTransaction) -> LedgerEntry:
    return LedgerEntry(
        shop_id=transaction.shop_id,
        vendor_id=entry.vendor_id,
        transaction_id=transaction.id,
        account=entry.account,
        amount_minor=entry.amount,
        currency=transaction.currency,
    )
