"""A vendor's conversations as a list: searched, filtered, in parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.messages import Author, OrderMessage, OrderThread
from app.models.orders import VendorOrder

PER_PAGE: Final = 50
_LAST: Final = (
    select(OrderMessage.id)
    .where(OrderMessage.thread_id == OrderThread.id)
    .order_by(OrderMessage.id.desc())
    .limit(1)
    .correlate(OrderThread)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation with its order and its last message."""

    thread: OrderThread
    part: VendorOrder
    last: OrderMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`search`: in the order's number, the customer's name or what was written; `show`: "unread", "theirs" or ""."""

    vendor_id: int
    search: str = ""
    show: str = ""
    oldest_first: bool = False


def list_threads(session: Session, wanted: Wanted, *, place: Place = BEGINNING, limit: int = PER_PAGE) -> Page[Row]:
    order = Sort((OrderThread.last_at, OrderThread.id), is_descending=not wanted.oldest_first)
    return read_page(session, _matching(wanted), order, place, limit=limit, make=Row)


def list_messages(session: Session, rows: Sequence[Row]) -> Iterator[tuple[Row, OrderMessage]]:
    """All that was written in some conversations, each from its beginning."""
    by_thread = {row.thread.id: row for row in rows}
    query = select(OrderMessage).where(OrderMessage.thread_id.in_(list(by_thread)))
    for message in session.scalars(query.order_by(OrderMessage.thread_id, OrderMessage.id)):
        yield by_thread[message.thread_id], message


def _matching(wanted: Wanted) -> Select[OrderThread, VendorOrder, OrderMessage]:
    query = (
        select(OrderThread, VendorOrder, OrderMessage)
        .join(VendorOrder, VendorOrder.id == OrderThread.part_id)
        .join(OrderMessage, OrderMessage.id == _LAST)
        .where(OrderThread.vendor_id == wanted.vendor_id)
    )
    if wanted.show == "unread":
        query = query.where(OrderThread.unread > 0)
    elif wanted.show == "theirs":
        query = query.where(OrderMessage.author == Author.CUSTOMER)
    if wanted.search:
        said = select(OrderMessage.thread_id).where(
            OrderMessage.vendor_id == wanted.vendor_id, OrderMessage.body.icontains(wanted.search, autoescape=True)
        )
        query = query.where(
            or_(
                VendorOrder.name.icontains(wanted.search.lstrip("#"), autoescape=True),
                VendorOrder.customer_name.icontains(wanted.search, autoescape=True),
                OrderThread.id.in_(said),
            )
        )
    return query
