"""The products of the collections that rules name, read from Shopify beforehand: booking an order asks nobody.

Read again when Shopify tells of a change of the collection or of a product, and every hour, because a product that
begins to fit an automatic collection's conditions is told of nowhere else.
"""

import math
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app import clock
from app.commissions.queries import list_planned, list_versions
from app.db import scoped, system
from app.models.commissions import CollectionProduct, CommissionPreview, WatchedCollection
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue, enqueue_after_commit
from app.shopify.client import DEADLINE_SECONDS, PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyAccessLost, ShopifyError
from app.shopify.tokens import ShopCredentials

_EVERY: Final = timedelta(hours=1)
_JOB: Final = "jobs.commissions.read_collections"
log = structlog.get_logger()


def watch_named(session: Session, shop_id: int) -> None:
    """Keep the products of exactly those collections that a rule in force, a planned or a previewed one names."""
    versions = [*list_versions(session, shop_id), *list_planned(session, shop_id)]
    previewed = session.scalars(select(CommissionPreview.rules).where(CommissionPreview.shop_id == shop_id))
    listed = [*(one.conditions for one in versions), *(rule["conditions"] for rules in previewed for rule in rules)]
    named = {gid for conditions in listed for gid in conditions.get("collection_gids", ())}
    ours = WatchedCollection.shop_id == shop_id
    session.execute(delete(WatchedCollection).where(ours, WatchedCollection.gid.not_in(named)))
    gone = (CollectionProduct.shop_id == shop_id, CollectionProduct.collection_gid.not_in(named))
    session.execute(delete(CollectionProduct).where(*gone))
    rows = [{"shop_id": shop_id, "gid": gid, "asked_at": clock.now()} for gid in sorted(named)]
    if rows:
        session.execute(upsert(WatchedCollection).values(rows).on_conflict_do_nothing())
        enqueue_after_commit(session, _JOB, shop_id, queue="catalogue")


def read_soon(session: Session, shop_id: int, gid: str | None = None) -> None:
    """Something changed: read the collection again, or all that are watched. Without any, nothing happens."""
    which = update(WatchedCollection).where(WatchedCollection.shop_id == shop_id)
    if gid is not None:
        which = which.where(WatchedCollection.gid == gid)
    if session.execute(which.values(asked_at=clock.now())).rowcount:  # type: ignore[attr-defined]
        enqueue_after_commit(session, _JOB, shop_id, queue="catalogue")


def read_new(shop_id: int, gids: Collection[str], *, seconds: float) -> bool:
    """Read those of the watched collections that nobody has read yet; whether Shopify told of each in that time."""
    unread = and_(WatchedCollection.gid.in_(gids), WatchedCollection.read_at.is_(None))
    _read(shop_id, unread, PAGE_SECONDS, until=time.monotonic() + seconds)
    with scoped(shop_id) as session:
        left = select(WatchedCollection.gid).where(WatchedCollection.shop_id == shop_id, unread)
        return session.scalars(left.limit(1)).one_or_none() is None


def read_due(shop_id: int) -> None:
    """Read every watched collection that was asked for since it was read, or was not read for an hour."""
    old = clock.now() - _EVERY
    read_at = WatchedCollection.read_at
    _read(shop_id, or_(read_at.is_(None), read_at < WatchedCollection.asked_at, read_at < old), DEADLINE_SECONDS)


def _read(shop_id: int, due: ColumnElement[bool], patience_seconds: float, *, until: float = math.inf) -> None:
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED:
            return
        gids = session.scalars(select(WatchedCollection.gid).where(WatchedCollection.shop_id == shop_id, due)).all()
        credentials = ShopCredentials(shop.id, shop.domain)
    for gid in gids:
        began = clock.now()
        try:
            products = _list_products(credentials, gid, patience_seconds, until)
        except ShopifyAccessLost:
            return
        except ShopifyError as error:
            log.warning("collection_not_read", shop=credentials.domain, collection=gid, error=error.message)
            with scoped(shop_id) as session:
                mine = (WatchedCollection.shop_id == shop_id, WatchedCollection.gid == gid)
                session.execute(update(WatchedCollection).where(*mine).values(error=error.message))
            continue
        _keep(shop_id, gid, products, began)


def sweep() -> int:
    """Every few minutes: ring for shops with a collection to read. Returns how many."""
    with system() as session:
        old, read_at = clock.now() - _EVERY, WatchedCollection.read_at
        due = or_(read_at.is_(None), read_at < WatchedCollection.asked_at, read_at < old)
        shops = session.scalars(select(WatchedCollection.shop_id).where(due).distinct()).all()
    for shop_id in shops:
        enqueue("jobs.commissions.read_collections", shop_id, queue="catalogue")
    return len(shops)


def _list_products(shop: ShopCredentials, gid: str, patience_seconds: float, until: float) -> set[str]:
    """Every product of the collection; none of one that was deleted."""
    products: set[str] = set()
    after: str | None = None
    while True:
        if time.monotonic() > until:
            raise ShopifyError("The collection is too large to be read while somebody waits.", permanent=False)
        asked = {"id": gid, "after": after}
        found = graphql(shop, "collectionProducts", asked, patience_seconds=patience_seconds)
        if not found:
            return set()
        page: dict[str, Any] = found["products"]
        products |= {node["id"] for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return products
        after = page["pageInfo"]["endCursor"]


def _keep(shop_id: int, gid: str, products: set[str], began: Any) -> None:
    with scoped(shop_id) as session:
        mine = (WatchedCollection.shop_id == shop_id, WatchedCollection.gid == gid)
        if session.scalars(select(WatchedCollection.gid).where(*mine).with_for_update()).one_or_none() is None:
            return  # no rule names it any more
        members = (CollectionProduct.shop_id == shop_id, CollectionProduct.collection_gid == gid)
        session.execute(delete(CollectionProduct).where(*members))
        rows = [{"shop_id": shop_id, "product_gid": product, "collection_gid": gid} for product in sorted(products)]
        if rows:
            session.execute(insert(CollectionProduct), rows)
        session.execute(update(WatchedCollection).where(*mine).values(read_at=began, error=None))
