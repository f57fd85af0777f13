"""Asking Shopify what changed, for webhooks that never came.

Each kind is read page by page in order of `updated_at`, from a watermark that moves with every page, so that a killed
run goes on where it was. When much may have changed, Shopify writes the list into a file first. What differs from what
we hold becomes a row of the inbox, written as its webhook would be: it takes the same way as all news, and its id is
made from its content, so that looking twice brings it in once.
"""

import hashlib
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.auth.installation import ask_for_profile
from app.db import scoped, system
from app.models.events import InboxEvent, Look, LookKind
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue, enqueue_after_commit
from app.reconciliation import bulk, differences, disputes, payments, returns
from app.shopify.client import API_VERSION, graphql
from app.shopify.errors import ShopifyAccessLost, ShopifyError
from app.shopify.tokens import ShopCredentials

OVERLAP: Final = timedelta(minutes=15)
"""Shopify's search lags behind its objects, so what is a little older is looked at again."""
LARGE_GAP: Final = timedelta(days=7)
"""After so long a list may have tens of thousands of entries: a file is read faster than pages, and costs no points."""
_RUN_SECONDS: Final = 100.0
_AT_ONCE: Final = 100
_LISTS: Final[dict[LookKind, tuple[str, dict[str, Any]]]] = {
    LookKind.ORDERS: ("ordersChanged", {}),
    LookKind.PRODUCTS: ("productsChanged", {}),
    LookKind.VENDOR_PAGES: ("metaobjectsChanged", {"type": "$app:vendor"}),
    LookKind.DISPUTES: ("disputes", {}),
}

log = structlog.get_logger()


@dataclass(slots=True)
class _Run:
    """One comparison under way."""

    shop: ShopCredentials
    kind: LookKind
    since: datetime
    until: float
    """When to stop and leave the rest to the next job, in monotonic seconds."""
    looked_at: int = 0
    missed: int = 0


def take_in(domain: str, news: Sequence[differences.News]) -> int:
    """Put news into the inbox and ring. What came in before is left alone. Returns how many are new."""
    stored = 0
    with system() as session:
        for topic, body in news:
            raw = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
            name = f"reconciled-{hashlib.sha256(raw).hexdigest()[:32]}"
            row = {
                "shop_domain": domain,
                "topic": topic,
                "webhook_id": name,
                "event_id": name,
                "api_version": API_VERSION,
                "triggered_at": body.get("updated_at"),
                "body": raw,
            }
            written = insert(InboxEvent).values(row).on_conflict_do_nothing().returning(InboxEvent.id)
            stored += len(session.execute(written).all())
        if stored:
            enqueue_after_commit(session, "jobs.events.drain")
    return stored


def ask(session: Session, shop: Shop) -> None:
    """Have the shop compared with Shopify soon."""
    for kind in LookKind:
        row = {"shop_id": shop.id, "kind": kind, "asked_at": clock.now()}
        again = {"asked_at": row["asked_at"]}
        session.execute(insert(Look).values(row).on_conflict_do_update(index_elements=["shop_id", "kind"], set_=again))
    enqueue_after_commit(session, "jobs.reconciliation.reconcile", shop.id, queue="catalogue")
    ask_for_profile(session, shop)


def ask_everywhere() -> int:
    """Ring for every shop that uses the app. Returns how many."""
    with system() as session:
        shops = session.scalars(select(Shop).where(Shop.status == ShopStatus.INSTALLED)).all()
    for shop in shops:
        with scoped(shop.id) as session:
            ask(session, shop)
    return len(shops)


def reconcile(shop_id: int) -> None:
    """Compare a shop with Shopify. A refusal of one kind is written down, and the others are compared all the same."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED:
            return
        credentials, installed_at = ShopCredentials(shop.id, shop.domain), shop.installed_at
        seen = {look.kind: look.seen_until for look in session.scalars(select(Look))}
    until = time.monotonic() + _RUN_SECONDS
    for kind in LookKind:
        run = _Run(credentials, kind, (seen.get(kind) or installed_at) - OVERLAP, until)
        try:
            whole = _compare_all(run)
        except ShopifyAccessLost:
            # The app was taken off the shop, or is about to be: its own sweep finds out.
            return
        except ShopifyError as error:
            log.warning("reconciliation_failed", shop=credentials.domain, kind=kind, error=error.message)
            _note(run, error=error.message)
            continue
        if whole is None:
            continue
        if not whole:
            enqueue("jobs.reconciliation.reconcile", shop_id, queue="catalogue")
            return
        _note(run, finished=True)


def resume(session: Session, shop: Shop, bulk_gid: str) -> None:
    """A bulk operation is done: go on with the comparison that waits for it, if one does."""
    waits = select(Look.kind).where(Look.shop_id == shop.id, Look.bulk_gid == bulk_gid)
    if session.scalars(waits).first() is not None:
        enqueue_after_commit(session, "jobs.reconciliation.reconcile", shop.id, queue="catalogue")


def look_at_order(shop_id: int, order_number: int) -> None:
    """Compare one order, by Shopify's number, with what we hold. Raises ShopifyError."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED:
            return
    credentials = ShopCredentials(shop.id, shop.domain)
    node = graphql(credentials, "orderChanged", {"id": f"gid://shopify/Order/{order_number}"})
    if not node:
        return
    run = _Run(credentials, LookKind.ORDERS, clock.now(), 0)
    _compare_as(LookKind.ORDERS, run, [node])
    _look_for_payments(run, [node])


def _compare_all(run: _Run) -> bool | None:
    """False when time ran out before the end, None while Shopify still writes the list."""
    if run.kind is LookKind.DELETIONS:
        return _look_for_deletions(run)
    if run.kind is LookKind.DISPUTES:
        return _look_for_disputes(run)
    if run.kind is LookKind.VENDOR_PAGES:
        return _look(run)
    with scoped(run.shop.shop_id) as session:
        look = session.get(Look, (run.shop.shop_id, run.kind))
    gid = look.bulk_gid if look else None
    if gid is None and clock.now() - run.since > LARGE_GAP:
        gid = bulk.start(run.shop, _LISTS[run.kind][0], _changed_since(run))
        _note(run, bulk_gid=gid, bulk_read=0)
        return _look_in_bulk(run, gid, 0) if gid else _look(run)
    return _look_in_bulk(run, gid, look.bulk_read) if gid and look else _look(run)


def _look_in_bulk(run: _Run, gid: str, done: int) -> bool | None:
    """Compare the list that was ordered, from line `done` on, then what changed since it was written."""
    operation = bulk.find(run.shop, gid)
    if operation is not None and operation.is_under_way:
        return None
    if operation is None or not operation.is_complete:
        log.warning("bulk_operation_failed", shop=run.shop.domain, operation=gid)
        _note(run, bulk_gid=None)
        return _look(run)
    run.looked_at = done
    try:
        for nodes in bulk.read(operation.url, done) if operation.url else ():
            _compare(run, nodes)
            _note(run, bulk_read=run.looked_at)
            if time.monotonic() > run.until:
                return False
    except ShopifyError as error:
        if error.permanent:
            _note(run, bulk_gid=None)
        raise
    run.since = operation.created_at - OVERLAP
    _note(run, seen_until=operation.created_at, bulk_gid=None)
    return _look(run)


def _compare(run: _Run, nodes: Sequence[Mapping[str, Any]]) -> None:
    _compare_as(run.kind, run, nodes)
    if run.kind is LookKind.ORDERS:
        _look_for_payments(run, nodes)
        _look_for_returns(run, nodes)
    run.looked_at += len(nodes)


def _compare_as(kind: LookKind, run: _Run, nodes: Sequence[Mapping[str, Any]]) -> None:
    with scoped(run.shop.shop_id) as session:
        wanted = differences.choose(session, run.shop.shop_id, kind, nodes)
    for choice in wanted:
        run.missed += take_in(run.shop.domain, differences.read(run.shop, kind, choice))


def _look_for_payments(run: _Run, nodes: Sequence[Mapping[str, Any]]) -> None:
    with scoped(run.shop.shop_id) as session:
        missed = payments.find_missed(session, run.shop.shop_id, nodes)
    run.missed += take_in(run.shop.domain, missed)


def _look_for_returns(run: _Run, nodes: Sequence[Mapping[str, Any]]) -> None:
    if found := returns.read(run.shop, nodes):
        with scoped(run.shop.shop_id) as session:
            missed = returns.find_missed(session, run.shop.shop_id, found)
        run.missed += take_in(run.shop.domain, missed)


def _look(run: _Run) -> bool:
    """Everything that changed since the watermark. False when time ran out before the end."""
    for nodes in _pages(run, _changed_since(run)):
        _compare(run, nodes)
        _note(run, seen_until=datetime.fromisoformat(nodes[-1]["updatedAt"]))
        if time.monotonic() > run.until:
            return False
    return True


def _look_for_deletions(run: _Run) -> bool:
    """What we hold and Shopify no longer has: a deleted object has no `updated_at` to be found by. And vendors' pages
    that say something else than we hold, however long ago they changed.
    """
    with scoped(run.shop.shop_id) as session:
        held = differences.list_held(session, run.shop.shop_id)
    gids = list(held)
    # A catalogue may be too large for one run. Each takes its part by lot, so that none is left out for ever.
    random.shuffle(gids)
    for start in range(0, len(gids), _AT_ONCE):
        asked = gids[start : start + _AT_ONCE]
        found: Any = graphql(run.shop, "nodesLeft", {"ids": asked})
        left = {node["id"]: node for node in found if node}
        run.missed += take_in(run.shop.domain, [held[gid] for gid in asked if gid not in left])
        _compare_as(LookKind.VENDOR_PAGES, run, [node for node in left.values() if "fields" in node])
        run.looked_at += len(asked)
        if time.monotonic() > run.until:
            break
    return True


def _look_for_disputes(run: _Run) -> bool:
    since = clock.now() - disputes.STILL_OPEN
    for nodes in _pages(run, f"initiated_at:>='{since.isoformat(timespec='seconds')}'"):
        with scoped(run.shop.shop_id) as session:
            missed = disputes.find_missed(session, run.shop.shop_id, nodes)
        run.missed += take_in(run.shop.domain, missed)
        run.looked_at += len(nodes)
    return True


def _changed_since(run: _Run) -> str:
    return f"updated_at:>='{run.since.isoformat(timespec='seconds')}'"


def _pages(run: _Run, query: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    document, variables = _LISTS[run.kind]
    after: str | None = None
    while True:
        page = graphql(run.shop, document, {**variables, "query": query, "after": after})
        if page["nodes"]:
            yield page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _note(
    run: _Run,
    *,
    seen_until: datetime | None = None,
    finished: bool = False,
    error: str | None = None,
    **ordered: str | int | None,
) -> None:
    """`ordered`: bulk_gid and bulk_read, where they change."""
    with scoped(run.shop.shop_id) as session:
        session.execute(insert(Look).values(shop_id=run.shop.shop_id, kind=run.kind).on_conflict_do_nothing())
        look = session.get_one(Look, (run.shop.shop_id, run.kind), with_for_update=True)
        look.seen_until = max(filter(None, (look.seen_until, seen_until)), default=None)
        look.error = error
        for name, value in ordered.items():
            setattr(look, name, value)
        if finished or error:
            look.looked_at, look.missed, look.finished_at = run.looked_at, run.missed, clock.now()
