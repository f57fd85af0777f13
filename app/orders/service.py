"""Orders into the books. Whatever arrives is stored as the newest news; then each order is booked to date.

So it does not matter in which order Shopify's news arrive, how often, or which of them never do. News are taken in by
the batch: everything that is known of all their orders is read at once, one lonely webhook is a batch of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import writing
from app.events import Event, publish_all
from app.ledger.service import Target, book_orders_to_date
from app.models.orders import Order
from app.orders import facts
from app.orders.announcements import Announcement, find_announcements, to_event
from app.orders.freeze import freeze_lines, freeze_terms
from app.orders.held import Held, lock_orders, read_held, write_held
from app.orders.intake import read_known
from app.orders.look import Looked, look
from app.orders.news import Body, keep_news
from app.orders.rules import Books, book_to_date
from app.orders.vendor_orders import assign_parcels, update_parts
from app.shopify import payloads_orders as payloads

_RECKONING: Final = Lock()
"""Batches that reckoned by turns would end together, then all wait for PostgreSQL. Nothing waits while holding it."""


@dataclass(frozen=True, slots=True)
class News:
    """One of Shopify's messages about an order: what it says, and as it came."""

    body: Body
    raw: bytes
    is_first: bool = False
    """Shopify tells of the order for the first time: as a rule, nothing is known of it yet."""

    @property
    def order_number(self) -> int | None:
        """Shopify's. A dispute may be about a payment that no order of the shop has."""
        return self.body.id if isinstance(self.body, payloads.Order) else self.body.order_id


def look_up(session: Session, shop_id: int, news: Sequence[News]) -> Looked:
    """What is known of the shop, and of everything that the news are about; nobody else books it from now on."""
    numbers = sorted({one.order_number for one in news if one.order_number is not None})
    bodies = [one.body for one in news if isinstance(one.body, payloads.Order)]
    return look(session, shop_id, numbers, bodies, new=all(one.is_first for one in news))


def receive(session: Session, shop_id: int, looked: Looked, news: Sequence[News]) -> None:
    """Keep what is newer than what we hold, then book each order it is about. Duplicates and late news change nothing.

    A refund or a parcel may be known before its order is.
    """
    agreed = looked.in_force.agreed
    for one in news:
        if one.order_number is not None:
            keep_news(looked.held[one.order_number], agreed, one.body, one.raw)
    changed = [one for one in looked.held.values() if one.changed]
    freeze_lines(session, shop_id, looked, changed)
    freeze_terms(agreed, changed)
    _book(session, shop_id, changed)


def book_order(session: Session, order: Order) -> None:
    """Post whatever the order's books lack as of now. The caller holds the order's lock."""
    held = list(read_held(session, order.shop_id, [order.shopify_id]).values())
    _book(session, order.shop_id, held)
    session.expire_all()


def lock_order(session: Session, shop_id: int, shopify_id: int) -> Order | None:
    """The order, which nobody else books until this transaction ends; None when it has not been seen yet."""
    lock_orders(session, shop_id, [shopify_id])
    query = select(Order).where(Order.shop_id == shop_id, Order.shopify_id == shopify_id)
    # What was read before the lock may be old: read it again.
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(fresh).one_or_none()


def release_due_holds(session: Session, shop_id: int, order_id: int) -> None:
    """Book an order again because a release date has passed."""
    order = lock_order(session, shop_id, session.get_one(Order, order_id).shopify_id)
    assert order is not None
    book_order(session, order)


def read_facts(session: Session, order: Order) -> facts.Order:
    """Everything known of the order: the snapshot, the refunds and parcels, and what was frozen."""
    return read_known(read_held(session, order.shop_id, [order.shopify_id])[order.shopify_id])


def _book(session: Session, shop_id: int, held: Sequence[Held]) -> None:
    """Bring the ledger and the vendors' parts up to what is known, write everything, and tell what is new."""
    now = clock.now()
    with _RECKONING:
        settled = [(one, one.is_new, *_settle(one, now)) for one in held if one.order]
    with writing(session):
        write_held(session, shop_id, held)
        targets: list[Target] = []
        told: list[Event] = []
        for one, is_new, books, announcements in settled:
            assert one.order is not None
            targets.append(Target(one.order.id, one.order.currency, books.postings, is_new=is_new))
            told += [to_event(one, announcement) for announcement in announcements]
        book_orders_to_date(session, shop_id, targets)
        publish_all(session, shop_id, told, now)


def _settle(one: Held, now: datetime) -> tuple[Books, list[Announcement]]:
    """Work out the order's books and everything that follows from them. Nothing is sent."""
    assert one.order is not None
    one.known = read_known(one)
    books = book_to_date(one.known, now)
    one.order.flags = list(books.flags)
    announcements = list(find_announcements(one, now))
    assign_parcels(one)
    update_parts(one, books)
    return books, announcements
