"""Reading notices: one person's, by what their role shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flask import g
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.auth import merchant, portal
from app.formats import write_money
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


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first; `older` is the cursor of the next page, None at the end."""

    rows: Sequence[Row]
    older: int | None


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
    session: Session, *, topic: str = "", search: str = "", before_id: int | None = None, limit: int = PER_PAGE
) -> Page:
    """Of the topics that the person may read, or of one of them. `search`: in what a notice is about."""
    topics = [name for name in my_topics() if topic in {"", name}]
    is_read = _read(my_reader()).label("is_read")
    where = [*_of(g.shop.id, my_vendor_id(), topics)]
    if search:
        where.append(Notice.about.icontains(search, autoescape=True))
    if before_id is not None:
        where.append(Notice.id < before_id)
    query = select(Notice, is_read).where(*where).order_by(Notice.id.desc()).limit(limit + 1)
    rows = [Row(notice, seen) for notice, seen in session.execute(query)]
    shown = rows[:limit]
    return Page(shown, shown[-1].notice.id if len(rows) > limit else None)


def walk_mine(session: Session, *, topic: str = "", search: str = "") -> Iterator[Row]:
    """All that the list shows, a thousand at a time."""
    page = list_mine(session, topic=topic, search=search, limit=_AT_ONCE)
    yield from page.rows
    while page.older is not None:
        page = list_mine(session, topic=topic, search=search, before_id=page.older, limit=_AT_ONCE)
        yield from page.rows


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
