"""Recording what visitors do, adding it up by day, and letting it go after 90 days. Each step may be repeated."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock, crypto
from app.config import get_config
from app.db import scoped, system
from app.journey import rules
from app.journey.wire import Event
from app.models.journey import Activity, ActivityDay, ActivityMark, SearchDay
from app.models.shops import Shop

_RECORD: Final = text(
    "INSERT INTO activity (shop_id, event_id, product_number, kind, visitor, words, found, happened_at, received_at)"
    " SELECT :shop_id, e.event_id, e.product_number, e.kind, e.visitor, e.words, e.found, e.happened_at, :now"
    " FROM jsonb_to_recordset(cast(:events AS jsonb)) AS e (event_id text, product_number bigint, kind text,"
    "   visitor text, words text, found int, happened_at timestamptz)"
    " ON CONFLICT DO NOTHING"
)
_LATELY: Final = text(
    "SELECT DISTINCT cast(timezone(:zone, happened_at) AS date) FROM activity"
    " WHERE shop_id = :shop_id AND received_at >= :since ORDER BY 1"
)
# Between two moments rather than by the day of each row, so that the index on happened_at serves.
_OF_DAY: Final = (
    " activity.shop_id = :shop_id AND activity.happened_at >= timezone(:zone, cast(:day AS timestamp))"
    " AND activity.happened_at < timezone(:zone, cast(:day AS timestamp) + interval '1 day')"
)
_COUNTS: Final = (
    "   count(*) FILTER (WHERE activity.kind = 'product_viewed') AS views, count(DISTINCT visitor) AS visitors,"
    "   count(DISTINCT visitor) FILTER (WHERE activity.kind = 'product_viewed') AS viewers,"
    "   count(DISTINCT visitor) FILTER (WHERE activity.kind = 'product_added_to_cart') AS adders,"
    "   count(DISTINCT visitor) FILTER (WHERE activity.kind = 'checkout_started') AS starters"
)
_ADD_UP: Final = text(
    "INSERT INTO activity_days"  # noqa: S608 - pieces of ours only
    " (shop_id, day, product_number, vendor_id, views, visitors, viewers, adders, starters)"
    f" SELECT :shop_id, :day, 0, NULL::bigint, {_COUNTS} FROM activity WHERE {_OF_DAY} HAVING count(*) > 0"
    " UNION ALL"
    f" SELECT :shop_id, :day, activity.product_number, product.vendor_id, {_COUNTS}"
    " FROM activity JOIN products AS product ON product.shop_id = activity.shop_id"
    "   AND product.shopify_gid = 'gid://shopify/Product/' || activity.product_number"
    f" WHERE activity.product_number > 0 AND {_OF_DAY}"
    " GROUP BY activity.product_number, product.vendor_id"
)
_ADD_UP_SEARCHES: Final = text(
    "INSERT INTO search_days (shop_id, day, words, searches, in_vain)"  # noqa: S608 - pieces of ours only
    " SELECT :shop_id, :day, words, count(*), count(*) FILTER (WHERE found = 0) FROM activity"
    f" WHERE kind = 'search_submitted' AND words <> '' AND {_OF_DAY}"
    f" GROUP BY words ORDER BY count(*) DESC, words LIMIT {rules.MOST_SEARCHES}"
)
_AT_ONCE: Final = 10_000
_FORGET: Final = text(
    "DELETE FROM activity WHERE ctid IN (SELECT ctid FROM activity WHERE received_at < :before LIMIT :at_once)"
)
log = structlog.get_logger()


def record(session: Session, shop_id: int, events: Sequence[Event]) -> None:
    """Keep what is credible of it. The same events again change nothing."""
    now = clock.now()
    key = crypto.derive_key(get_config().secret_keys[-1], "visitors")
    rows = [row for event in events if rules.is_credible(event.at, now) for row in _rows_of(shop_id, event, key)]
    if rows:
        session.execute(_RECORD, {"shop_id": shop_id, "now": now, "events": json.dumps(rows)})


def _rows_of(shop_id: int, event: Event, key: bytes) -> list[dict[str, Any]]:
    shared = {
        "event_id": event.id,
        "kind": event.kind,
        "visitor": rules.visitor_of(key, shop_id, event.client, event.at),
        "words": rules.searched_words(event.words),
        "found": event.found,
        "happened_at": event.at.isoformat(),
    }
    return [shared | {"product_number": number} for number in sorted(set(event.products)) or [0]]


def list_shops_to_count(session: Session) -> list[int]:
    """Shops of which something arrived that their daily figures may lack. The session must be the system's."""
    mark = func.coalesce(ActivityMark.rolled_up_at, datetime.min.replace(tzinfo=UTC))
    fresh = exists().where(Activity.shop_id == Shop.id, Activity.received_at >= mark - rules.OVERLAP)
    return list(session.scalars(select(Shop.id).outerjoin(ActivityMark, ActivityMark.shop_id == Shop.id).where(fresh)))


def roll_up(shop_id: int) -> int:
    """Count anew the days of which something arrived since the last time. Returns how many days that were.

    One transaction: killed half way, the next run counts the same days. Two at once wait for each other.
    """
    now = clock.now()
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        first = insert(ActivityMark).values(shop_id=shop_id, rolled_up_at=now - rules.KEPT)
        session.execute(first.on_conflict_do_nothing())
        mark = session.get_one(ActivityMark, shop_id, with_for_update=True)
        where = {"shop_id": shop_id, "zone": shop.timezone}
        days = session.scalars(_LATELY, {**where, "since": mark.rolled_up_at - rules.OVERLAP}).all()
        for table in (ActivityDay, SearchDay):
            session.execute(delete(table).where(table.shop_id == shop_id, table.day.in_(days)))
        for day in days:
            session.execute(_ADD_UP, {**where, "day": day})
            session.execute(_ADD_UP_SEARCHES, {**where, "day": day})
        mark.rolled_up_at = now
    return len(days)


def remove_expired() -> int:
    """Forget what visitors did more than 90 days ago, in every shop. The daily figures stay. Returns and reports how
    many rows went.
    """
    before, gone = clock.now() - rules.KEPT, 0
    while True:
        with system() as session:
            removed: Any = session.execute(_FORGET, {"before": before, "at_once": _AT_ONCE})
            gone += int(removed.rowcount)
            if removed.rowcount < _AT_ONCE:
                break
    log.info("activity_expired", forgotten=gone)
    return gone
