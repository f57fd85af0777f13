"""What was ordered by day: figures that are counted anew from the orders of a day, never added to.

Whoever hears of an order only notes its day; once in a while every day that was noted is counted as a whole. So events
that come twice, late, in any order or again from a moment on end in the same figures.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import ask_once, scoped
from app.events import MAX_ATTEMPTS
from app.models.events import DomainEvent
from app.models.journey import DayToCount, OrderDay
from app.models.orders import Order
from app.models.shops import Shop, ShopStatus

SUBSCRIBER: Final = "analytics"
PROVEN_DAYS: Final = 35
"""So many days, today included, are compared with their orders at night."""
_AT_ONCE: Final = 30
# Between two moments rather than by the day of each order, so that the index on ordered_at serves.
_COUNTED: Final = """
    SELECT placed.day, line.vendor_id, coalesce(line.product_number, 0) AS product_number,
           count(DISTINCT placed.id) AS orders,
           CAST(coalesce(sum(line.units) FILTER (WHERE is_sold AND vendor_id IS NOT NULL), 0) AS bigint) AS units
    FROM (
      SELECT wanted.day, orders.id, orders.paid_seen_at IS NOT NULL AND orders.cancelled_at IS NULL AS is_sold
      FROM unnest(CAST(:days AS date[])) AS wanted (day)
      JOIN orders ON orders.shop_id = :shop_id AND NOT orders.test
        AND orders.ordered_at >= timezone(:zone, CAST(wanted.day AS timestamp))
        AND orders.ordered_at < timezone(:zone, CAST(wanted.day + 1 AS timestamp))) AS placed
    LEFT JOIN (
      SELECT order_id, vendor_id, current_quantity AS units,
             CAST(split_part(sold_as ->> 'product', '/', 5) AS bigint) AS product_number
      FROM order_lines) AS line ON line.order_id = placed.id
    GROUP BY GROUPING SETS ((placed.day), (placed.day, line.vendor_id, line.product_number))
    HAVING grouping(line.vendor_id) = 1 OR line.vendor_id IS NOT NULL
"""
_COUNT: Final = text(
    "INSERT INTO order_days (shop_id, day, vendor_id, product_number, orders, units)"  # noqa: S608 - pieces of ours
    f" SELECT :shop_id, counted.* FROM ({_COUNTED}) AS counted"
)
_TAKE: Final = text("""
    DELETE FROM days_to_count WHERE shop_id = :shop_id AND day IN (
      SELECT DISTINCT day FROM days_to_count WHERE shop_id = :shop_id ORDER BY day DESC LIMIT :at_once)
    RETURNING day
""")
# In one statement, so at one moment: an order's change, its event, the event's delivery, the note of its day and the
# figures follow one another by transactions, and one of them is seen.
_WRONG: Final = text(f"""
    WITH counted AS ({_COUNTED}),
    kept AS (
      SELECT day, vendor_id, product_number, orders, units FROM order_days
      WHERE shop_id = :shop_id AND day = ANY(CAST(:days AS date[]))),
    unheard AS (
      SELECT CAST(subject ->> 'order_id' AS bigint) AS order_id FROM domain_events
      WHERE shop_id = :shop_id AND dispatched_at IS NULL
      UNION ALL
      SELECT CAST(event.subject ->> 'order_id' AS bigint)
      FROM event_deliveries AS delivery JOIN domain_events AS event ON event.id = delivery.event_id
      WHERE delivery.shop_id = :shop_id AND delivery.done_at IS NULL
        AND delivery.subscriber = :subscriber AND delivery.attempts < :attempts),
    to_count AS (
      SELECT day FROM days_to_count WHERE shop_id = :shop_id
      UNION ALL
      SELECT CAST(timezone(:zone, orders.ordered_at) AS date) FROM orders JOIN unheard ON unheard.order_id = orders.id)
    SELECT DISTINCT day
    FROM ((TABLE counted EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE counted)) AS differing
    WHERE day NOT IN (SELECT day FROM to_count) ORDER BY day
""")  # noqa: S608 - pieces of ours


def note_day(session: Session, event: DomainEvent) -> None:
    """What happened to the order may change the figures of the day on which it was placed."""
    order = session.get(Order, event.subject["order_id"])
    if order is not None:
        zone = ZoneInfo(session.get_one(Shop, order.shop_id).timezone)
        day = order.ordered_at.astimezone(zone).date()
        ask_once(session, (note_day, order.shop_id, day), lambda: note_days(session, order.shop_id, [day]))


def note_days(session: Session, shop_id: int, days: Sequence[date]) -> None:
    session.add_all(DayToCount(shop_id=shop_id, day=day) for day in days)


def list_shops_to_count(session: Session) -> Sequence[int]:
    """Those that are still here. The session must be the system's."""
    noted = select(DayToCount.shop_id)
    return session.scalars(select(Shop.id).where(Shop.status == ShopStatus.INSTALLED, Shop.id.in_(noted))).all()


def count(shop_id: int) -> int:
    """Count the days anew that were noted by now. Returns how many. Killed half way, the next run counts the rest."""
    total = 0
    while counted := _count_some(shop_id):
        total += counted
        if counted < _AT_ONCE:
            break  # what was noted meanwhile is for the next time: in a rush there is always something
    return total


def list_wrong(session: Session, shop: Shop) -> Sequence[date]:
    """Of the last weeks, the days whose figures are not what their orders say, and that nobody is about to count."""
    today = clock.today(shop.timezone)
    values = {**_values(shop, [today - timedelta(days=back) for back in range(PROVEN_DAYS)]), "subscriber": SUBSCRIBER}
    return session.scalars(_WRONG, {**values, "attempts": MAX_ATTEMPTS}).all()


def _count_some(shop_id: int) -> int:
    """Two at once wait for each other: both want to delete the same notes."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        days = sorted(set(session.scalars(_TAKE, {"shop_id": shop_id, "at_once": _AT_ONCE})))
        session.execute(delete(OrderDay).where(OrderDay.shop_id == shop_id, OrderDay.day.in_(days)))
        session.execute(_COUNT, _values(shop, days))
    return len(days)


def _values(shop: Shop, days: Sequence[date]) -> dict[str, object]:
    return {"shop_id": shop.id, "zone": shop.timezone, "days": list(days)}
