"""Work of many minutes in a queue where money waits, too: done in slices, each one's in its turn.

In the whole installation one slice of a kind waits or is worked on at a time, however many ask. A ring says from which
place to go on: a doubled one finds that somebody went on from there, and does nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import clock
from app.db import system
from app.models.commissions import CommissionPreview
from app.models.payouts import PaperArchive
from app.queue import enqueue

LEASE: Final = timedelta(minutes=1)
SLICE_SECONDS: Final = 10.0
Work = TypeVar("Work", PaperArchive, CommissionPreview)


@dataclass(frozen=True, slots=True)
class Turns(Generic[Work]):
    """What waits for its turn: by whom it is done, and in which order."""

    job: str
    work: type[Work]
    asked_at: InstrumentedAttribute[datetime]
    is_left: Sequence[ColumnElement[bool]]
    """Neither finished nor given up."""

    def ring(self) -> int:
        """Ring for whoever waits longest, unless somebody is worked on: its worker rings. Returns how many rings."""
        work = self.work
        query = select(work.shop_id, work.id, work.done, ~_is_free(work)).where(*self.is_left)
        in_turn = (_is_free(work), func.coalesce(work.lease_until, self.asked_at), work.id)
        with system() as session:
            first = session.execute(query.order_by(*in_turn).limit(1)).first()
        if first is None or first[3]:
            return 0
        enqueue(self.job, *first[:3], queue="payouts")
        return 1

    def take(self, session: Session, work_id: int, place: int) -> Work | None:
        """Lease it; None when it is gone, done or worked on, or somebody went on from that place."""
        work = self.work
        mine = select(work).where(work.id == work_id, work.done == place, *self.is_left, _is_free(work))
        found = session.scalar(mine.with_for_update())
        if found is not None:
            found.lease_until = clock.now() + LEASE
        return found

    def give_way(self, session: Session, work_id: int) -> None:
        """To all who wait: from now on it is the last of them."""
        found = session.get(self.work, work_id, with_for_update=True)
        if found is not None:
            found.lease_until = clock.now()


def _is_free(work: type[PaperArchive | CommissionPreview]) -> ColumnElement[bool]:
    return func.coalesce(work.lease_until <= clock.now(), True)
