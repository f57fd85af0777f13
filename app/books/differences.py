"""Keeping the list of differences: new ones open, those that are gone are closed, vendors' payouts wait meanwhile."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.books.rules import Found
from app.models.books import Difference, PayoutStop


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many differences are new, and how many that were open are gone."""

    new: int = 0
    cleared: int = 0


def settle(session: Session, shop_id: int, looked_at: Collection[str], found: Sequence[Found]) -> Outcome:
    """Take over what a look at the things named `looked_at` found. A name ending with ":" stands for all below it."""
    open_before = {row.key: row for row in session.scalars(_open_among(shop_id, looked_at))}
    by_key = {one.key: one for one in found}
    cleared = [row for key, row in open_before.items() if key not in by_key]
    for row in cleared:
        row.cleared_at, row.reread_at = clock.now(), None
    gone = [row.id for row in cleared]
    if gone:
        session.execute(delete(PayoutStop).where(PayoutStop.difference_id.in_(gone)))
    for one in by_key.values():
        _keep(session, shop_id, one)
    session.flush()
    return Outcome(len(by_key.keys() - open_before.keys()), len(cleared))


def _open_among(shop_id: int, keys: Collection[str]) -> Select[Difference]:
    whole = [key for key in keys if not key.endswith(":")]
    below: list[ColumnElement[bool]] = [Difference.key.startswith(key) for key in keys if key.endswith(":")]
    return select(Difference).where(
        Difference.shop_id == shop_id, Difference.cleared_at.is_(None), or_(Difference.key.in_(whole), *below)
    )


def _keep(session: Session, shop_id: int, one: Found) -> None:
    now = clock.now()
    told = {
        "words": one.words,
        "cause": one.cause,
        "order_id": one.order_id,
        "order_name": one.order_name,
        "seen_at": now,
    }
    about = {"order_number": one.order_number, "payout_id": one.payout_id, "found_at": now}
    row = insert(Difference).values(shop_id=shop_id, key=one.key, **told, **about)
    again = row.on_conflict_do_update(
        index_elements=["shop_id", "key"], index_where=Difference.cleared_at.is_(None), set_=told
    )
    difference_id = session.scalar(again.returning(Difference.id))
    stops = [
        {"difference_id": difference_id, "vendor_id": vendor_id, "shop_id": shop_id, "since": now}
        for vendor_id in sorted(one.vendor_ids)
    ]
    if stops:
        session.execute(insert(PayoutStop).values(stops).on_conflict_do_nothing())
