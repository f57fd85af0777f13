"""How long stored webhooks are kept, and taking away what is older.

A body is there to be handled, looked at and replayed; afterwards it is only somebody's personal data. The row stays
longer, so that a webhook which comes once more is known. What failed for good is kept whole: a person decides.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import TextClause, text

from app import audit, clock
from app.db import scoped, system
from app.inbox.queries import CLEAN_UP
from app.models.events import SETTLED

KEEP_BODY: Final = timedelta(days=30)
KEEP_ROW: Final = timedelta(days=90)
"""Shopify tries for four hours, and may send an old event again when its own trouble is mended."""
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

log = structlog.get_logger()


def clean_up() -> tuple[int, int]:
    """Empty old bodies and delete old rows. Returns how many of each; every shop finds its own number in its audit."""
    deleted = Counter(_work_through(_DELETE, KEEP_ROW))
    emptied = Counter(_work_through(_EMPTY, KEEP_BODY))
    for shop_id in (deleted | emptied).keys() - {None}:
        assert shop_id is not None
        changes = {"bodies_removed": [None, emptied[shop_id]], "events_removed": [None, deleted[shop_id]]}
        with scoped(shop_id) as session:
            audit.record(session, shop_id, CLEAN_UP, ("shop", shop_id), actor="system", changes=changes)
    log.info("inbox_cleaned", bodies=emptied.total(), events=deleted.total())
    return emptied.total(), deleted.total()


def _work_through(statement: TextClause, keep: timedelta) -> Iterator[int | None]:
    values = {"before": clock.now() - keep, "states": sorted(SETTLED), "most": _AT_ONCE}
    while True:
        with system() as session:
            shops = session.execute(statement, values).scalars().all()
        yield from shops
        if len(shops) < _AT_ONCE:
            return
