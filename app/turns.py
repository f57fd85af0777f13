"""Work of many minutes in a queue where money waits, too: done in slices, each one's in its turn.

In the whole installation one slice of a kind waits or is worked on at a time, however many ask. A ring says from which
place to go on: a doubled one finds that somebody went on from there, and does nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app import clock
from app.db import scoped, system
from app.models.mapping import InTurn
from app.queue import enqueue

LEASE: Final = timedelta(minutes=1)
SLICE_SECONDS: Final = 10.0
_ATTEMPTS: Final = 3
"""At one step, which may have killed its worker each time."""
Work = TypeVar("Work", bound=InTurn)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Turns(Generic[Work]):
    """What waits for its turn: by which job it is done, and in which order."""

    job: str
    work: type[Work]
    asked_at: InstrumentedAttribute[datetime]

    @property
    def is_left(self) -> tuple[ColumnElement[bool], ...]:
        """Neither finished nor given up."""
        return self.work.finished_at.is_(None), self.work.failed_at.is_(None)

    def ring(self) -> int:
        """Ring for whoever waits longest, unless somebody is worked on: its worker rings. Returns how many rings."""
        work, is_free = self.work, self._is_free()
        query = select(work.shop_id, work.id, work.done, ~is_free).where(*self.is_left)
        in_turn = (is_free, func.coalesce(work.lease_until, self.asked_at), work.id)
        with system() as session:
            first = session.execute(query.order_by(*in_turn).limit(1)).first()
        if first is None or first[3]:
            return 0
        enqueue(self.job, *first[:3], queue="payouts")
        return 1

    def carry_on(
        self, shop_id: int, work_id: int, place: int, step: Callable[[int, int], bool], *, seconds: float
    ) -> None:
        """Go on from a place by `step`, which says whether more is left, until the time is over; then the next one."""
        until = time.monotonic() + seconds
        if not self._take(shop_id, work_id, place):
            return
        while step(shop_id, work_id):
            if time.monotonic() > until:
                self._give_way(shop_id, work_id)
                break
        self.ring()

    def _take(self, shop_id: int, work_id: int, place: int) -> bool:
        """Lease it; False when it is gone, done or worked on, or somebody went on from that place."""
        work = self.work
        mine = select(work).where(work.id == work_id, work.done == place, *self.is_left, self._is_free())
        with scoped(shop_id) as session:
            found = session.scalar(mine.with_for_update())
            if found is None:
                return False
            found.attempts += 1
            found.lease_until = clock.now() + LEASE
            if found.attempts > _ATTEMPTS:
                found.failed_at, found.lease_until = clock.now(), None
                log.error("given_up", job=self.job, shop=shop_id, work=work_id, place=place)
        return True

    def _give_way(self, shop_id: int, work_id: int) -> None:
        """To all who wait: from now on it is the last of them."""
        with scoped(shop_id) as session:
            found = session.get(self.work, work_id, with_for_update=True)
            if found is not None:
                found.lease_until = clock.now()

    def _is_free(self) -> ColumnElement[bool]:
        return func.coalesce(self.work.lease_until <= clock.now(), True)
