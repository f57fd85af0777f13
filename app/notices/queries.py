"""Reading notices: one person's, by what their role shows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from flask import g
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.auth import merchant, portal
from app.formats import write_money
from app.keyset import BEGINNING, Part, Place, Sort, read_part, walk_parts
from app.models.notices import Notice, NoticeRead
from app.money import Money

PER_PAGE: Final = 30
_AT_ONCE: Final = 1_000
_MOST: Final = 100
_AREAS: Final = {"orders": "orders", "customers": "profile", "products": "catalogue", "payouts": "money"}
_PLACES: Final = {
    "orders": "/app/orders",
    "applications": "/app/vendors",
    "review": "/app/review",
    "payouts": "/app/payouts",
}


@dataclass(frozen=True, slots=True)
class Row:
    notice: Notice
    is_read: bool

    @property
    def about(self) -> str:
        """What its words speak of, with the amount as the reader writes it."""
        told = self.notice
        if told.amount_minor is None or told.currency is None:
            return told.about
        amount = write_money(Money(told.amount_minor, told.currency))
        return f"{told.about} ({amount})" if told.vendor_id is None else amount


def my_topics() -> list[str]:
    """What the person who asks may read of."""
    if g.get("vendor"):
        return [topic for topic, area in _AREAS.items() if portal.may(area)]
    return [topic for topic, place in _PLACES.items() if merchant.may_open(place)]


def my_reader() -> str:
    """Under which name the person who asks has read."""
    return portal.actor() if g.get("vendor") else merchant.actor()


def my_vendor_id() -> int | None:
    """Whose notices: a vendor's, or (None) the shop's."""
    return g.vendor.id if g.get("vendor") else None


def list_mine(
    session: Session, *, topic: str = "", search: str = "", place: Place = BEGINNING, limit: int = PER_PAGE
) -> Part[Row]:
    """Of the topics that the person may read, or of one of them, newest first. `search`: in what a notice is about."""
    topics = [name for name in my_topics() if topic in {"", name}]
    is_read = _read(my_reader()).label("is_read")
    where = [*_of(g.shop.id, my_vendor_id(), topics)]
    if search:
        where.append(Notice.about.icontains(search, autoescape=True))
    query, newest = select(Notice, is_read).where(*where), Sort((Notice.id,), is_descending=True)
    part = read_part(session, query, newest, after=place.after, before=place.before, limit=limit)
    return Part([Row(notice, seen) for notice, seen, _ in part.rows], part.before, part.after)


def walk_mine(session: Session, *, topic: str = "", search: str = "") -> Iterator[Row]:
    """All that the list shows, a thousand at a time."""
    for part in walk_parts(lambda place: list_mine(session, topic=topic, search=search, place=place, limit=_AT_ONCE)):
        yield from part.rows


def find_mine(session: Session, notice_id: int) -> Notice | None:
    where = _of(g.shop.id, my_vendor_id(), my_topics())
    return session.scalar(select(Notice).where(Notice.id == notice_id, *where))


def count_for_page() -> int:
    """How many the person who asks has not read, a hundred at most."""
    few = select(Notice.id).where(*unread(g.shop.id, my_vendor_id(), my_reader(), my_topics())).limit(_MOST)
    return g.session.scalar(select(func.count()).select_from(few.subquery())) or 0


def unread(shop_id: int, vendor_id: int | None, reader: str, topics: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    """What a reader has not read."""
    return *_of(shop_id, vendor_id, topics), ~_read(reader)


def _read(reader: str) -> ColumnElement[bool]:
    return select(NoticeRead.notice_id).where(NoticeRead.notice_id == Notice.id, NoticeRead.reader == reader).exists()


def _of(shop_id: int, vendor_id: int | None, topics: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    whose = Notice.vendor_id.is_(None) if vendor_id is None else Notice.vendor_id == vendor_id
    return Notice.shop_id == shop_id, whose, Notice.topic.in_(list(topics))
