"""The ledger as a list: postings with both sides, newest first, found by order, payout, vendor, kind and period.

A page begins where the one before ended, so the millionth entry costs what the first does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Part, Place, Sort, read_part, walk_parts
from app.ledger.rules import STAGE_MOVES
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order
from app.models.payouts import Payout
from app.models.vendors import Vendor

PER_PAGE: Final = 50
_NEWEST: Final = Sort((LedgerTransaction.booked_at, LedgerTransaction.id), is_descending=True)
_NAMED_VENDORS: Final = 50
_IS_NO_SALE: Final = LedgerTransaction.kind != literal("sale", literal_execute=True)
"""Said beside another kind, as the index of the others says it: a plan for any kind would not find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show. Every part that is given must hold."""

    text: str = ""
    """An order's number, a payout's reference, or a part of a vendor's name."""
    vendor_id: int | None = None
    kind: str = ""
    moves: bool = True
    """Whether to show what only moves a vendor's money from one stage to the next."""
    currency: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""

    @property
    def narrows(self) -> bool:
        return self != Filter(moves=self.moves)


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One posting with what it is about."""

    transaction: LedgerTransaction
    entries: Sequence[LedgerEntry]
    order_name: str
    payout: Payout | None
    vendor_name: str


def list_postings(
    session: Session, shop_id: int, wanted: Filter, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Part[PostingRow]:
    """A part of the postings. Five queries, whatever the part."""
    query = select(LedgerTransaction).where(*_conditions(session, shop_id, wanted))
    part = read_part(session, query, _NEWEST, after=place.after, before=place.before, limit=limit)
    return Part(describe(session, [row[0] for row in part.rows]), part.before, part.after)


def walk(session: Session, shop_id: int, wanted: Filter, *, most: int) -> Iterator[PostingRow]:
    """Up to `most` postings, newest first, a thousand at a time."""
    return islice(_walk_all(session, shop_id, wanted), most)


def _walk_all(session: Session, shop_id: int, wanted: Filter) -> Iterator[PostingRow]:
    for part in walk_parts(lambda place: list_postings(session, shop_id, wanted, place=place, limit=1000)):
        yield from part.rows
        session.expunge_all()


def describe(session: Session, found: Sequence[LedgerTransaction]) -> list[PostingRow]:
    """Postings with their entries and what they are about, in the same order. Four queries."""
    ids = [row.id for row in found]
    entries: dict[int, list[LedgerEntry]] = {number: [] for number in ids}
    rows = select(LedgerEntry).where(LedgerEntry.transaction_id.in_(ids)).order_by(LedgerEntry.id)
    for entry in session.scalars(rows):
        entries[entry.transaction_id].append(entry)
    names = _names(session, select(Order.id, Order.name).where(Order.id.in_({row.order_id for row in found})))
    vendors = _names(session, select(Vendor.id, Vendor.name).where(Vendor.id.in_({row.vendor_id for row in found})))
    of_payouts = select(Payout).where(Payout.id.in_({row.payout_id for row in found}))
    payouts = {payout.id: payout for payout in session.scalars(of_payouts)}
    return [
        PostingRow(
            row,
            entries[row.id],
            names.get(row.order_id or 0, ""),
            payouts.get(row.payout_id or 0),
            vendors.get(row.vendor_id or 0, ""),
        )
        for row in found
    ]


def _conditions(session: Session, shop_id: int, wanted: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [LedgerTransaction.shop_id == shop_id]
    if wanted.vendor_id is not None:
        where.append(LedgerTransaction.vendor_id == wanted.vendor_id)
    if not wanted.moves:
        where.append(LedgerTransaction.kind.not_in(STAGE_MOVES))
    if wanted.kind:
        where.append(LedgerTransaction.kind == wanted.kind)
        if wanted.kind != "sale":
            where.append(_IS_NO_SALE)
    if wanted.currency:
        where.append(LedgerTransaction.currency == wanted.currency)
    if wanted.since:
        where.append(LedgerTransaction.booked_at >= wanted.since)
    if wanted.until:
        where.append(LedgerTransaction.booked_at < wanted.until)
    if wanted.text:
        where.append(_about(session, shop_id, wanted.text))
    return where


def _about(session: Session, shop_id: int, text: str) -> ColumnElement[bool]:
    """Looked up first: the ledger itself is then read off an index."""
    bare = text.lstrip("#")
    orders = select(Order.id).where(Order.shop_id == shop_id, Order.name.in_((text, bare, f"#{bare}")))
    payouts = select(Payout.id).where(Payout.shop_id == shop_id, Payout.reference == text.upper())
    vendors = select(Vendor.id).where(Vendor.shop_id == shop_id, Vendor.name.icontains(text, autoescape=True))
    return or_(
        LedgerTransaction.order_id.in_(session.scalars(orders).all()),
        LedgerTransaction.payout_id.in_(session.scalars(payouts).all()),
        LedgerTransaction.vendor_id.in_(session.scalars(vendors.limit(_NAMED_VENDORS)).all()),
    )


def _names(session: Session, query: Select[int, str]) -> dict[int, str]:
    return {row[0]: row[1] for row in session.execute(query)}
