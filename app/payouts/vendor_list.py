"""One vendor's payouts: searched, filtered, in parts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, only, read_page, walk_parts
from app.models.payouts import Payout, PayoutState
from app.models.shops import Shop

PER_PAGE: Final = 50
_AT_ONCE: Final = 1_000
SORTS: Final = {
    "newest": Sort((Payout.id,), is_descending=True),
    "oldest": Sort((Payout.id,)),
    "largest": Sort((Payout.currency, Payout.amount_minor, Payout.id), is_descending=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which payouts. Every part that is given must hold."""

    vendor_id: int
    search: str = ""
    """In the reference, or the end of the account's number."""
    state: str = ""
    year: str = ""
    """In which it was prepared, by the shop's own calendar."""
    sort: str = "newest"


def list_payouts(
    session: Session, shop: Shop, wanted: Wanted, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[Payout]:
    sort = SORTS.get(wanted.sort, SORTS["newest"])
    return read_page(session, _matching(shop, wanted), sort, place, limit=limit, make=only)


def walk(session: Session, shop: Shop, wanted: Wanted) -> Iterator[Payout]:
    """All that the list shows, a thousand at a time."""
    for part in walk_parts(lambda place: list_payouts(session, shop, wanted, place=place, limit=_AT_ONCE)):
        yield from part.rows


def list_years(session: Session, shop: Shop, vendor_id: int) -> list[str]:
    """Years in which a payout was prepared, newest first."""
    years = select(_year(shop)).where(Payout.vendor_id == vendor_id).distinct()
    return sorted(session.scalars(years), reverse=True)


def list_chosen(session: Session, vendor_id: int, payout_ids: Collection[int]) -> Sequence[int]:
    """The vendor's payouts among these, newest first."""
    mine = (Payout.vendor_id == vendor_id, Payout.id.in_(payout_ids))
    return session.scalars(select(Payout.id).where(*mine).order_by(Payout.id.desc())).all()


def _matching(shop: Shop, wanted: Wanted) -> Select[Payout]:
    query = select(Payout).where(Payout.vendor_id == wanted.vendor_id)
    if wanted.search:
        said = (column.icontains(wanted.search, autoescape=True) for column in (Payout.reference, Payout.last4))
        query = query.where(or_(*said))
    if wanted.state in set(PayoutState):
        query = query.where(Payout.state == wanted.state)
    if wanted.year:
        query = query.where(_year(shop) == wanted.year)
    return query


def _year(shop: Shop) -> ColumnElement[str]:
    return func.to_char(func.timezone(shop.timezone, Payout.created_at), "YYYY")
