"""Taking in what devices send, and letting go of what has lasted its time."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
import structlog
from psycopg.rows import namedtuple_row
from sqlalchemy import Text, delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from app import clock, db, events
from app.auth.proxy import refuse_erased
from app.db import Scope, pipelined, speak_for_shop, system, together
from app.errors import NotFound
from app.languages import _
from app.models.events import DomainEvent
from app.models.orders import Order
from app.models.storefront import ERASED, CustomerItem, CustomerSync
from app.reservations.service import announce_carts
from app.storefront import queries, rules
from app.storefront.queries import News
from app.storefront.wire import Batch, Edit, write_edits

# Sent together, in one round trip. The first locks the customer's row until the commit: a revision is never seen before
# a smaller one, so no device can miss an edit. Each statement sees what was committed before it began.
# A door may take a shop that has left for here a moment longer (app/auth/proxy.py): of such a one nothing is stored,
# nor of a customer whom the shop had erased.
_ADVANCE: Final = f"""
    INSERT INTO customer_syncs (shop_id, customer_id)
    SELECT shops.id, %(customer_id)s FROM shops WHERE shops.id = %(shop_id)s AND shops.status = 'installed'
    ON CONFLICT (shop_id, customer_id) DO UPDATE SET revision = customer_syncs.revision + 1, synced_at = now()
    WHERE customer_syncs.revision <> {ERASED}
    RETURNING revision
"""  # noqa: S608 - our own words
_STORE: Final = f"""
    INSERT INTO customer_items AS held (shop_id, customer_id, kind, key, clock, value, revision, changed_at)
    SELECT head.shop_id, head.customer_id, edit.kind, edit.key, edit.clock, edit.value, head.revision, %(now)s
    FROM customer_syncs AS head JOIN shops ON shops.id = head.shop_id AND shops.status = 'installed',
      jsonb_to_recordset(%(edits)s::jsonb) AS edit (kind text, key text, clock text, value jsonb)
    WHERE head.shop_id = %(shop_id)s AND head.customer_id = %(customer_id)s AND head.revision <> {ERASED}
    ON CONFLICT (shop_id, customer_id, kind, key) DO UPDATE
    SET clock = excluded.clock, value = excluded.value, revision = excluded.revision, changed_at = excluded.changed_at
    WHERE held.clock < excluded.clock
    RETURNING kind, key
"""  # noqa: S608
_CHANGES: Final = """
    SELECT item.kind, item.key, item.clock, item.value::text AS value
    FROM customer_syncs AS head JOIN customer_items AS item USING (shop_id, customer_id)
    WHERE head.shop_id = %(shop_id)s AND head.customer_id = %(customer_id)s AND item.revision < head.revision
      AND item.revision > CASE WHEN %(since)s < head.revision THEN %(since)s ELSE 0 END
    ORDER BY item.revision, item.kind, item.key
"""
# What was deleted long ago stays, so that no old copy returns, but takes nobody's room. Only what is compressed, which
# large values are, must be read to know how large it is.
_HELD: Final = """
    SELECT count(*) FILTER (WHERE value IS NOT NULL OR changed_at > %(lately)s) AS items,
      coalesce(sum(CASE WHEN pg_column_compression(value) IS NULL THEN pg_column_size(value)
                        ELSE octet_length(value::text) END), 0) AS size
    FROM customer_items WHERE shop_id = %(shop_id)s AND customer_id = %(customer_id)s
"""
# All of one moment: what a transaction adds between two looks would be left out for good.
_NEWS: Final = """
    SELECT head.revision AS head, item.kind, item.key, item.clock, item.value::text AS value
    FROM customer_syncs AS head LEFT JOIN customer_items AS item
      ON item.shop_id = head.shop_id AND item.customer_id = head.customer_id AND item.revision <= head.revision
      AND item.revision > CASE WHEN %(since)s <= head.revision THEN %(since)s ELSE 0 END
    WHERE head.shop_id = %(shop_id)s AND head.customer_id = %(customer_id)s
    ORDER BY item.revision, item.kind, item.key
"""
# Fails where there is no room, and everything before it with it.
_ROOM: Final = f"SELECT 1 / (items <= %(most)s AND size <= %(largest)s)::int FROM ({_HELD}) AS held"  # noqa: S608
# A line of the cart ends as a whole: the units that one browser put in and another took out belong together.
_END: Final = text(
    "WITH ended AS ("
    "   SELECT shop_id, customer_id, kind, key FROM ("
    "     SELECT *, max(clock) OVER (PARTITION BY shop_id, customer_id,"
    "       CASE WHEN kind = 'cart' THEN split_part(key, ':', 1) ELSE key END) AS newest"
    "     FROM customer_items WHERE kind = :kind) AS held"
    "   WHERE newest < :before AND value IS NOT NULL),"
    " heads AS ("
    "   UPDATE customer_syncs AS head SET revision = revision + 1"
    "   FROM (SELECT DISTINCT shop_id, customer_id FROM ended) AS whose"
    "   WHERE (head.shop_id, head.customer_id) = (whose.shop_id, whose.customer_id) RETURNING head.*)"
    " UPDATE customer_items AS held"
    " SET value = NULL, clock = left(held.clock, -8) || 'zzzzzzzz', revision = heads.revision, changed_at = :now"
    " FROM ended JOIN heads USING (shop_id, customer_id)"
    " WHERE (held.shop_id, held.customer_id, held.kind, held.key)"
    "   = (ended.shop_id, ended.customer_id, ended.kind, ended.key) AND held.clock < :before"
)
log = structlog.get_logger()


def sync(session: Session, shop_id: int, customer_id: int, batch: Batch) -> tuple[News, set[int]]:
    """Store a device's edits, each only if it is newer than what is held. Returns what the device lacks, and the places
    of edits that found no room. The same batch again changes nothing.

    The session must be the customer's own. Raises Erased, and NotFound when the shop has left.
    """
    if not batch.edits:
        return queries.read_news(session, shop_id, customer_id, batch.since), set()
    whose = {"shop_id": shop_id, "customer_id": customer_id}
    edits = batch.edits
    revision, held, stored, items = _store(session, whose, edits, batch.since)
    if not revision:
        refuse_erased(session, shop_id, customer_id)
        raise NotFound(_("This shop has no marketplace at the moment."))
    if held.items > rules.LARGEST_ACCOUNT or held.size > rules.LARGEST_SIZE:
        # Seldom, so it may cost: take it back, and store what has room.
        session.rollback()
        edits = _find_placed(session, whose, edits)
        revision, held, stored, items = _store(session, whose, edits, batch.since)
    own_carts = [key for key in batch.own_carts if (rules.OWN_CART, key) in stored]
    if batch.merged or own_carts:
        speak_for_shop(session)
    if batch.merged:
        events.publish(session, shop_id, "GuestMerged", customer_id=customer_id)
    announce_carts(session, shop_id, own_carts)
    news = News(revision, batch.since >= revision, items)
    return news, {edit.place for edit in batch.edits} - {edit.place for edit in edits}


def find_room(session: Session, shop_id: int, customer_id: int) -> int:
    """How many bytes new items may take; 0 where no row is left for one. The session must be the customer's own."""
    with together(session) as connection:
        found = connection.execute(_HELD, {"shop_id": shop_id, "customer_id": customer_id, "lately": _lately()})
    ((items, held),) = found.fetchall()
    return max(0, rules.LARGEST_SIZE - int(held)) if items < rules.LARGEST_ACCOUNT else 0


def sync_at_once(whose: Scope, batch: Batch) -> News | None:
    """As `sync` for edits of which nobody else must hear, a whole transaction in one round trip; None, with nothing
    stored, when not all of it has room, or shop or customer are no longer here.
    """
    ids = {"shop_id": whose.shop_id, "customer_id": whose.customer_id}
    try:
        with pipelined(whose) as connection:
            head, _, changes = _send(connection, ids, batch.edits, batch.since)
            limits = {"most": rules.LARGEST_ACCOUNT, "largest": rules.LARGEST_SIZE}
            connection.execute(_ROOM, {**ids, "lately": _lately(), **limits})
    except psycopg.errors.DivisionByZero:
        return None
    advanced = head.fetchone()
    return News(advanced[0], batch.since >= advanced[0], changes.fetchall()) if advanced else None


def read_at_once(whose: Scope, since: int) -> News | None:
    """As `queries.read_news`, in one round trip; None for a customer who was erased."""
    rows = db.read_at_once(whose, _NEWS, shop_id=whose.shop_id, customer_id=whose.customer_id, since=since)
    revision = rows[0].head if rows else 0
    if rows and revision == ERASED:
        return None
    return News(revision, since > revision, [row for row in rows if row.kind is not None])


def _store(
    session: Session, whose: dict[str, int], edits: Sequence[Edit], since: int
) -> tuple[int, Any, set[tuple[str, str]], Sequence[Any]]:
    """Returns the customer's new revision (0: nothing is stored, for shop or customer are no longer here), how many
    rows take room and how much, kind and key of the edits that were newer, and what changed after `since` by other
    hands.
    """
    with together(session) as connection:
        head, stored, changes = _send(connection, whose, edits, since)
        held = connection.cursor(row_factory=namedtuple_row).execute(_HELD, {**whose, "lately": _lately()})
    advanced = head.fetchone()
    return advanced[0] if advanced else 0, held.fetchone(), set(stored.fetchall()), changes.fetchall()


def _send(
    connection: psycopg.Connection[Any], whose: Mapping[str, int | None], edits: Sequence[Edit], since: int
) -> tuple[psycopg.Cursor[Any], psycopg.Cursor[Any], psycopg.Cursor[Any]]:
    """The statements of a sync. Its new revision, what was stored and what changed are fetched when all are sent."""
    head = connection.execute(_ADVANCE, whose)
    stored = connection.execute(_STORE, {**whose, "edits": write_edits(edits), "now": clock.now()})
    return head, stored, connection.cursor(row_factory=namedtuple_row).execute(_CHANGES, {**whose, "since": since})


def _lately() -> datetime:
    """What was deleted before takes no room any more."""
    return clock.now() - rules.DELETED_TAKES_ROOM


def _find_placed(session: Session, whose: dict[str, int], edits: Sequence[Edit]) -> Sequence[Edit]:
    """Those that have room, the smallest first. What is there may always be deleted or become smaller."""
    known = _measure(session, whose, edits)
    with together(session) as connection:
        held = connection.execute(_HELD, {**whose, "lately": _lately()})
    ((items, size),) = held.fetchall()
    placed = set()
    for edit in sorted(edits, key=lambda edit: edit.size):
        is_new, growth = edit.name not in known, edit.size - known.get(edit.name, 0)
        has_row = not is_new or items < rules.LARGEST_ACCOUNT
        if has_row and (growth <= 0 or size + growth <= rules.LARGEST_SIZE):
            items, size = items + is_new, size + growth
            placed.add(edit.name)
    return [edit for edit in edits if edit.name in placed]


def _measure(session: Session, whose: dict[str, int], edits: Sequence[Edit]) -> dict[tuple[str, str], int]:
    """How large the items are now that are held already."""
    name = tuple_(CustomerItem.kind, CustomerItem.key)
    mine = [getattr(CustomerItem, column) == number for column, number in whose.items()]
    size = func.coalesce(func.octet_length(CustomerItem.value.cast(Text)), 0)
    query = select(CustomerItem.kind, CustomerItem.key, size).where(*mine, name.in_([edit.name for edit in edits]))
    return {(kind, key): size for kind, key, size in session.execute(query)}


def forget_bought(session: Session, event: DomainEvent) -> None:
    """What a customer has bought leaves their saved cart, and that cart is no longer kept for later."""
    order = session.get_one(Order, event.subject["order_id"])
    customer_id = (order.snapshot.get("customer") or {}).get("id")
    token = str(order.snapshot.get("cart_token") or "")
    if customer_id is None or not token:
        return
    whose = {"shop_id": order.shop_id, "customer_id": customer_id}
    if session.get(CustomerSync, whose) is None:
        return  # they keep nothing with us
    theirs = (CustomerItem.shop_id == order.shop_id, CustomerItem.customer_id == customer_id)
    query = select(CustomerItem.key).where(*theirs, CustomerItem.kind == "cart", CustomerItem.value.is_not(None))
    kept = {key.partition(":")[0] for key in session.scalars(query)}
    origin, at = rules.departure(token), rules.clock_at(order.ordered_at)
    edits = [Edit(0, "saved", rules.saved_key(token), at, None)]
    for line, (variant, units) in sorted(_bought(order).items()):
        if line in kept:
            value = json.dumps({"variant": variant, "quantity": -units})
            edits.append(Edit(0, "cart", f"{line}:{origin}", at, value))
    _store(session, whose, sorted(edits, key=lambda edit: (edit.kind, edit.key)), since=0)


def _bought(order: Order) -> dict[str, tuple[int, int]]:
    """Variant and units by line of the cart."""
    bought: dict[str, tuple[int, int]] = {}
    for each in order.snapshot.get("line_items", []):
        if each.get("variant_id"):
            written = {str(one["name"]): str(one["value"]) for one in each.get("properties") or []}
            line = rules.line_of(each["variant_id"], written)
            bought[line] = (each["variant_id"], each["quantity"] + bought.get(line, (0, 0))[1])
    return bought


def remove_expired(now: datetime | None = None) -> dict[str, Counter[str]]:
    """Empty what has lasted its time, and forget what was emptied as long ago again, in every shop.

    Returns and reports how many items of each kind ended and how many were forgotten.
    """
    now = now or clock.now()
    ended: Counter[str] = Counter()
    forgotten: Counter[str] = Counter()
    for kind in rules.KINDS:
        ends = rules.expiry(kind, now)
        if ends is None:
            continue
        with system() as session:
            ended[kind] = _count(session.execute(_END, {"kind": kind, "before": ends[0], "now": now}))
            old = (CustomerItem.kind == kind, CustomerItem.clock < ends[1], CustomerItem.value.is_(None))
            forgotten[kind] = _count(session.execute(delete(CustomerItem).where(*old)))
    log.info("customer_items_expired", ended=+ended, forgotten=+forgotten)
    return {"ended": +ended, "forgotten": +forgotten}


def _count(result: Any) -> int:
    return int(result.rowcount)
