"""Reading proofs and differences for pages, the command line and the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.books import Difference, PayoutStop, Proof
from app.models.payouts import Payout
from app.models.vendors import Vendor

PER_PAGE: Final = 25
_READING: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A difference with the vendors whose payouts wait for it."""

    difference: Difference
    vendors: Sequence[tuple[int, str]]
    payout: Payout | None
    """The one that it is about."""

    @property
    def is_read_again(self) -> bool:
        """Whether its order is being read again just now; after some minutes the worker that did so has died."""
        asked = self.difference.reread_at
        return asked is not None and clock.now() - asked < _READING


def find_running(session: Session, shop_id: int) -> Proof | None:
    query = select(Proof).where(Proof.shop_id == shop_id, Proof.finished_at.is_(None))
    return session.scalars(query).one_or_none()


def find_last(session: Session, shop_id: int) -> Proof | None:
    """The newest proof that was finished."""
    query = select(Proof).where(Proof.shop_id == shop_id, Proof.finished_at.is_not(None))
    return session.scalars(query.order_by(Proof.id.desc()).limit(1)).one_or_none()


def list_proofs(session: Session, shop_id: int, place: Place = BEGINNING, *, limit: int = PER_PAGE) -> Page[Proof]:
    """Newest first."""
    query = select(Proof).where(Proof.shop_id == shop_id, Proof.finished_at.is_not(None))
    return read_page(session, query, Sort((Proof.id,), is_descending=True), place, limit=limit, make=only)


def count_open(session: Session, shop_id: int) -> int:
    query = select(func.count()).where(Difference.shop_id == shop_id, Difference.cleared_at.is_(None))
    return session.scalar(query) or 0


def list_open(
    session: Session, shop_id: int, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[DifferenceRow]:
    """Oldest first: what has been open longest keeps somebody waiting longest."""
    query = select(Difference).where(Difference.shop_id == shop_id, Difference.cleared_at.is_(None))
    oldest = Sort((Difference.found_at, Difference.id))
    page = read_page(session, query, oldest, place, limit=limit, make=only)
    rows = page.rows
    named = (
        select(PayoutStop.difference_id, Vendor.id, Vendor.name)
        .join(Vendor, Vendor.id == PayoutStop.vendor_id)
        .where(PayoutStop.difference_id.in_([row.id for row in rows]))
        .order_by(Vendor.name)
    )
    vendors: dict[int, list[tuple[int, str]]] = {}
    for difference_id, vendor_id, name in session.execute(named):
        vendors.setdefault(difference_id, []).append((vendor_id, name))
    about = select(Payout).where(Payout.id.in_([row.payout_id for row in rows if row.payout_id]))
    payouts = {payout.id: payout for payout in session.scalars(about)}
    return page.with_rows(
        [DifferenceRow(row, vendors.get(row.id, []), payouts.get(row.payout_id or 0)) for row in rows]
    )


def list_cleared(session: Session, shop_id: int, *, limit: int = 20) -> Sequence[Difference]:
    """Last cleared first."""
    query = select(Difference).where(Difference.shop_id == shop_id, Difference.cleared_at.is_not(None))
    return session.scalars(query.order_by(Difference.cleared_at.desc(), Difference.id.desc()).limit(limit)).all()
