"""Taking in what devices send, and letting go of what has lasted its time."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import delete, select, text, tuple_, update
from sqlalchemy.orm import Session

from app import clock, events
from app.db import speak_for_shop, system
from app.models.events import DomainEvent
from app.models.orders import Order
from app.models.storefront import CustomerItem
from app.storefront import queries, rules
from app.storefront.queries import News
from app.storefront.wire import Batch, Edit

# The row is locked until the commit: a revision is never seen before a smaller one, so no device can miss an edit.
_ADVANCE: Final = text(
    "INSERT INTO customer_syncs (shop_id, customer_id) VALUES (:shop_id, :customer_id)"
    " ON CONFLICT (shop_id, customer_id) DO UPDATE SET revision = customer_syncs.revision + 1, synced_at = now()"
    " RETURNING revision, (SELECT count(*) FROM customer_items"
    "   WHERE shop_id = :shop_id AND customer_id = :customer_id) AS held"
)
_STORE: Final = text(
    "INSERT INTO customer_items AS held (shop_id, customer_id, kind, key, clock, value, revision)"
    " SELECT :shop_id, :customer_id, edit.kind, edit.key, edit.clock, edit.value::jsonb, :revision"
    " FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:clocks AS text[]), CAST(:values AS text[]))"
    "   AS edit (kind, key, clock, value)"
    " ON CONFLICT (shop_id, customer_id, kind, key) DO UPDATE"
    " SET clock = excluded.clock, value = excluded.value, revision = excluded.revision, changed_at = now()"
    " WHERE held.clock < excluded.clock"
)
log = structlog.get_logger()


def sync(session: Session, shop_id: int, customer_id: int, batch: Batch) -> tuple[News, int]:
    """Store a device's edits, each only if it is newer than what is held. Returns what the device lacks, and how many
    edits found no room. The same batch again changes nothing.

    The session must be the customer's own.
    """
    if not batch.edits:
        return queries.read_news(session, shop_id, customer_id, batch.since), 0
    whose = {"shop_id": shop_id, "customer_id": customer_id}
    head = session.execute(_ADVANCE, whose).one()
    edits = batch.edits
    if head.held + len(edits) > rules.LARGEST_ACCOUNT:
        edits = _only_known(session, whose, edits)
    columns = {
        "kinds": [edit.kind for edit in edits],
        "keys": [edit.key for edit in edits],
        "clocks": [edit.clock for edit in edits],
        "values": [edit.value for edit in edits],
    }
    session.execute(_STORE, {**whose, **columns, "revision": head.revision})
    news = queries.list_news(session, whose, batch.since, head.revision, head.revision)
    if batch.merged:
        speak_for_shop(session)
        events.publish(session, shop_id, "GuestMerged", customer_id=customer_id)
    return news, len(batch.edits) - len(edits)


def _only_known(session: Session, whose: dict[str, int], edits: Sequence[Edit]) -> Sequence[Edit]:
    """Where there is no room for more, what is there may still be changed and deleted."""
    name = tuple_(CustomerItem.kind, CustomerItem.key)
    mine = [getattr(CustomerItem, column) == number for column, number in whose.items()]
    query = select(CustomerItem.kind, CustomerItem.key).where(*mine, name.in_([(e.kind, e.key) for e in edits]))
    known = {(row.kind, row.key) for row in session.execute(query)}
    return [edit for edit in edits if (edit.kind, edit.key) in known]


def forget_bought(session: Session, event: DomainEvent) -> None:
    """What a customer has bought leaves their saved cart, and the cart it was bought from is no longer kept for later.

    Lines put in or changed since the order stay.
    """
    order = session.get_one(Order, event.subject["order_id"])
    customer_id = (order.snapshot.get("customer") or {}).get("id")
    if customer_id is None:
        return
    variants = {str(line["variant_id"]) for line in order.snapshot.get("line_items", []) if line.get("variant_id")}
    bought_at = rules.clock_at(order.ordered_at)
    theirs = (CustomerItem.shop_id == order.shop_id, CustomerItem.customer_id == customer_id)
    query = select(CustomerItem.kind, CustomerItem.key).where(
        *theirs,
        CustomerItem.kind.in_(("cart", "saved")),
        CustomerItem.clock < bought_at,
        CustomerItem.value.is_not(None),
    )
    kept = rules.saved_key(str(order.snapshot.get("cart_token") or ""))
    gone = [
        (row.kind, row.key)
        for row in session.execute(query)
        if row.key == kept or (row.kind == "cart" and rules.variant_of(row.key) in variants)
    ]
    if gone:
        head = session.execute(_ADVANCE, {"shop_id": order.shop_id, "customer_id": customer_id}).one()
        name = tuple_(CustomerItem.kind, CustomerItem.key)
        fresh = {"value": None, "clock": bought_at, "revision": head.revision, "changed_at": clock.now()}
        session.execute(
            update(CustomerItem).where(*theirs, name.in_(gone), CustomerItem.clock < bought_at).values(fresh)
        )


def remove_expired(now: datetime | None = None) -> Counter[str]:
    """Delete what has lasted its time, in every shop. Returns how many items of each kind went."""
    now = now or clock.now()
    removed: Counter[str] = Counter()
    for kind in rules.KINDS:
        ended = rules.expiry(kind, now)
        if ended is None:
            continue
        with system() as session:
            gone = session.execute(delete(CustomerItem).where(CustomerItem.kind == kind, CustomerItem.clock < ended))
            removed[kind] = gone.rowcount  # type: ignore[attr-defined]
    log.info("customer_items_expired", **removed)
    return +removed
