"""How long stored webhooks and what we told of them are kept, and taking away what is older.

A body is there to be handled, looked at and replayed; afterwards it is only somebody's personal data. The row stays
longer, so that a webhook which comes once more is known. What failed for good is kept whole for a year: a person
decides. A domain event stays as long as a subscriber may be asked to hear it again, and until all of them have.
"""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import TextClause, text

from app import audit, clock
from app.db import scoped, system
from app.inbox.queries import CLEAN_UP
from app.models.events import SETTLED, InboxState

KEEP_BODY: Final = timedelta(days=30)
KEEP_ROW: Final = timedelta(days=90)
"""Shopify tries for four hours, and may send an old event again when its own trouble is mended."""
KEEP_TOLD: Final = timedelta(days=180)
"""How far back a subscriber can be told everything again."""
KEEP_STUCK: Final = timedelta(days=365)
_AT_ONCE: Final = 1000

# By pages of the table's id, each its own transaction: nothing is locked for long, and a killed run goes on.
_EMPTY: Final = text("""
    UPDATE inbox_events SET body = '' WHERE id IN (
        SELECT id FROM inbox_events WHERE received_at < :before AND state = ANY(:states) AND octet_length(body) > 0
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING shop_id
""")
_DELETE: Final = text("""
    DELETE FROM inbox_events WHERE id IN (
        SELECT id FROM inbox_events WHERE received_at < :before AND state = ANY(:states)
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING shop_id
""")
# Their deliveries go with them.
_DELETE_TOLD: Final = text("""
    DELETE FROM domain_events WHERE id IN (
        SELECT e.id FROM domain_events e WHERE e.occurred_at < :before AND e.dispatched_at IS NOT NULL
          AND (e.occurred_at < :stuck_before
               OR NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event_id = e.id AND d.done_at IS NULL))
        ORDER BY e.id LIMIT :most FOR UPDATE OF e SKIP LOCKED)
    RETURNING shop_id
""")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Removed:
    """What a clean-up took away."""

    bodies: int
    events: int
    """Webhooks, stuck ones included."""
    told: int
    """Domain events with their deliveries."""


def clean_up() -> Removed:
    """Empty old bodies and delete old rows. Every shop finds its own numbers in its audit."""
    deleted = Counter(_work_through(_DELETE, KEEP_ROW, SETTLED))
    deleted += Counter(_work_through(_DELETE, KEEP_STUCK, {InboxState.DEAD}))
    emptied = Counter(_work_through(_EMPTY, KEEP_BODY, SETTLED))
    told = Counter(_work_through(_DELETE_TOLD, KEEP_TOLD))
    for shop_id in (deleted | emptied | told).keys() - {None}:
        assert shop_id is not None
        counts = {"bodies": emptied, "events": deleted, "told": told}
        changes = {f"{what}_removed": [None, by_shop[shop_id]] for what, by_shop in counts.items()}
        with scoped(shop_id) as session:
            audit.record(session, shop_id, CLEAN_UP, ("shop", shop_id), actor="system", changes=changes)
    removed = Removed(emptied.total(), deleted.total(), told.total())
    log.info("inbox_cleaned", bodies=removed.bodies, events=removed.events, told=removed.told)
    return removed


def _work_through(
    statement: TextClause, keep: timedelta, states: AbstractSet[InboxState] = frozenset()
) -> Iterator[int | None]:
    now = clock.now()
    values = {"before": now - keep, "stuck_before": now - KEEP_STUCK, "states": sorted(states), "most": _AT_ONCE}
    values = {name: value for name, value in values.items() if name in statement.compile().params}
    while True:
        with system() as session:
            shops = session.execute(statement, values).scalars().all()
        yield from shops
        if len(shops) < _AT_ONCE:
            return
