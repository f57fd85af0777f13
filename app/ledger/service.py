"""Booking. Nothing else writes entries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import together
from app.ledger.rules import Account, Entry, Posting, balanced, missing_entries, source_key
from app.models.ledger import LedgerTransaction
from app.rows import Row, insert_rows, read_rows


class Target(msgspec.Struct, frozen=True):
    """What an order's books should become."""

    order_id: int
    currency: str
    postings: Sequence[Posting]
    is_new: bool = False
    """Nothing can be booked for it yet."""


@dataclass(slots=True)
class _Booked:
    """What already stands under a key: how often it was posted, how it was described, its entries summed."""

    times: int
    kind: str
    component: str
    vendor_id: int | None
    entries: list[Entry] = field(default_factory=list)


class _Due(msgspec.Struct, frozen=True):
    """A posting to be written: its entries, and the unique key it is written under."""

    posting: Posting
    entries: tuple[Entry, ...]
    source: str
    currency: str
    order_id: int | None = None


class _TransactionRow(Row, kw_only=True):
    vendor_id: int | None
    order_id: int | None
    key: str
    source_key: str
    kind: str
    component: str
    currency: str
    happened_at: datetime


class _EntryRow(Row, kw_only=True):
    vendor_id: int | None
    transaction_id: int
    account: str
    amount_minor: int
    currency: str


_POSTED: Final = b"""
    SELECT order_id, key, count(*), max(kind), max(component), max(vendor_id)
    FROM ledger_transactions WHERE order_id = ANY(%(orders)s) GROUP BY order_id, key ORDER BY min(id)
"""
_STANDING: Final = b"""
    SELECT t.order_id, t.key, e.account, e.vendor_id, sum(e.amount_minor)::bigint
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.order_id = ANY(%(orders)s) GROUP BY t.order_id, t.key, e.account, e.vendor_id
"""


def book_orders_to_date(session: Session, shop_id: int, targets: Sequence[Target]) -> int:
    """Post what is missing so that each order's books become its target; returns how many postings that took.

    The caller holds the orders' locks: the differences are only right if nobody else posts meanwhile.
    """
    booked = _booked_of(session, [target.order_id for target in targets if not target.is_new])
    due = [due for target in targets for due in _missing(target, booked.get(target.order_id, {}))]
    _write(session, shop_id, due)
    return len(due)


def post_once(session: Session, shop_id: int, currency: str, posting: Posting) -> None:
    """Post something that happens once. Posting the same key again changes nothing."""
    exists = select(LedgerTransaction.id).where(
        LedgerTransaction.shop_id == shop_id, LedgerTransaction.source_key == posting.key
    )
    if session.scalar(exists) is None:
        entries = balanced(posting.entries)
        _write(session, shop_id, [_Due(posting, entries, posting.key, currency)])


def _missing(target: Target, booked: Mapping[str, _Booked]) -> Iterable[_Due]:
    wanted = {posting.key: posting for posting in target.postings}
    for key in dict.fromkeys((*wanted, *booked)):
        standing = booked.get(key)
        posting = wanted.get(key) or _emptied(key, standing)
        missing = missing_entries(posting.entries, standing.entries) if standing else posting.entries
        if missing:
            source = source_key(key, standing.times if standing else 0)
            yield _Due(posting, missing, source, target.currency, order_id=target.order_id)


def _booked_of(session: Session, order_ids: Sequence[int]) -> dict[int, dict[str, _Booked]]:
    """By order and key: how many postings, and what they come to."""
    booked: dict[int, dict[str, _Booked]] = defaultdict(dict)
    if order_ids:
        values = {"orders": list(order_ids)}
        with together(session):
            posted, standing = read_rows(session, _POSTED, values), read_rows(session, _STANDING, values)
        for order_id, key, *described in posted:
            booked[order_id][key] = _Booked(*described)
        for order_id, key, account, vendor_id, amount in standing:
            booked[order_id][key].entries.append(Entry(Account(account), amount, vendor_id))
    return booked


def _emptied(key: str, standing: _Booked | None) -> Posting:
    """A key that no longer belongs in the books: what stands under it is reversed."""
    assert standing is not None
    return Posting(key, standing.kind, clock.now(), (), standing.component, standing.vendor_id)


def _write(session: Session, shop_id: int, due: Sequence[_Due]) -> None:
    """Two statements, however many postings: the transactions, then all their entries."""
    rows = [
        _TransactionRow(
            vendor_id=one.posting.vendor_id,
            order_id=one.order_id,
            key=one.posting.key,
            source_key=one.source,
            kind=one.posting.kind,
            component=one.posting.component,
            currency=one.currency,
            happened_at=one.posting.happened_at,
        )
        for one in due
    ]
    shared = {"shop_id": shop_id, "booked_at": clock.now()}
    insert_rows(session, "ledger_transactions", rows, numbered=True, **shared)
    entries = [
        _EntryRow(
            vendor_id=entry.vendor_id,
            transaction_id=row.id,
            account=entry.account,
            amount_minor=entry.amount,
            currency=row.currency,
        )
        for row, one in zip(rows, due, strict=True)
        for entry in one.entries
    ]
    insert_rows(session, "ledger_entries", entries, shop_id=shop_id)
