"""What waits for the shop's staff: new products and edits in one list, read in parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app import clock
from app.keyset import BEGINNING, Page, Place, Sort, read_page, walk_parts
from app.models.products import Product, ProductProposal, ProductStatus, ProposalStatus
from app.models.shops import ShopSettings
from app.models.vendors import Vendor
from app.products import listing, proposal_queries, queries

PER_PAGE: Final = 50
_AT_ONCE: Final = 1_000
_NEVER_SENT: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Sorts what was never sent behind everything that was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`search`: a part of a title, a vendor's name or an SKU. `kind`: "new", "edit" or "overdue" for one of them.

    `sort`: "newest" or "vendor", otherwise who waits longest.
    """

    vendor_id: int | None = None
    search: str = ""
    kind: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Since when something waits, and until when the shop promises an answer."""

    since: datetime | None
    due: datetime | None

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.due < clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Sent):
    """One thing to decide. `tick` is how a form names it: "product 7", or "edit 3 2" with the edit's version."""

    tick: str
    path: str
    row: listing.Row
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Sent):
    """Which of those that wait a page is about, in the order of the list it was opened from, and what is next to it.

    `place` counts from 0; None when it does not wait: then the way on leads to the first that does.
    """

    place: int | None
    total: int
    before: str | None
    after: str | None


def list_waiting(
    session: Session, shop_id: int, wanted: Wanted, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[Waiting]:
    days = _promised_days(session, shop_id)
    found = _find(shop_id, wanted, days)
    query = select(found.c.product_id, found.c.edit_id, found.c.since)
    page = read_page(session, query, _sort(found, wanted.sort), place, limit=limit, make=lambda *row: row)
    return page.with_rows(_describe(session, shop_id, page.rows, days))


def walk(session: Session, shop_id: int, wanted: Wanted) -> Iterator[Waiting]:
    """All that the list shows, a thousand at a time."""
    for part in walk_parts(lambda place: list_waiting(session, shop_id, wanted, place, limit=_AT_ONCE)):
        yield from part.rows


def count_waiting(session: Session, shop_id: int) -> int:
    return queries.count_queue(session, shop_id) + proposal_queries.count_waiting(session, shop_id)


def find_standing(session: Session, shop_id: int, path: str, wanted: Wanted) -> Standing:
    days = _promised_days(session, shop_id)
    found = _find(shop_id, wanted, days)
    sort = _sort(found, wanted.sort)
    order = [key.desc() if sort.is_descending else key for key in sort.keys]
    numbered = select(
        found.c.path,
        found.c.since,
        (func.row_number().over(order_by=order) - 1).label("place"),
        func.count().over().label("total"),
        func.lag(found.c.path).over(order_by=order).label("before"),
        func.lead(found.c.path).over(order_by=order).label("after"),
    ).subquery()
    mine = session.execute(select(numbered).where(numbered.c.path == path)).one_or_none()
    if mine is None:
        first = session.scalar(select(found.c.path).order_by(*order).limit(1))
        return Standing(since=None, due=None, place=None, total=0, before=None, after=first)
    due = due_at(mine.since, days)
    return Standing(since=mine.since, due=due, place=mine.place, total=mine.total, before=mine.before, after=mine.after)


def due_at(since: datetime | None, days: int) -> datetime | None:
    """Until when an answer is promised for what was sent at `since`; 0 days promise nothing."""
    return since + timedelta(days=days) if since and days else None


def _promised_days(session: Session, shop_id: int) -> int:
    return session.get_one(ShopSettings, shop_id).review_days


def _find(shop_id: int, wanted: Wanted, days: int) -> Subquery:
    """The few columns by which new products and edits are told apart and sorted. `edit_id` is 0 for a product."""
    parts = []
    if wanted.kind != "edit":
        new = _columns(literal(0), Product.submitted_at, "/app/review/", Product.id).join_from(Product, Vendor)
        in_review = listing.matching(shop_id, wanted.vendor_id, wanted.search, ProductStatus.IN_REVIEW)
        parts.append(new.where(*in_review, Product.reviewed_at.is_(None)))
    if wanted.kind != "new":
        number = ProductProposal.id
        edits = _columns(number, ProductProposal.sent_at, "/app/review/edits/", number).join_from(Product, Vendor)
        edits = edits.join(ProductProposal, ProductProposal.product_id == Product.id)
        matching = listing.matching(shop_id, wanted.vendor_id, wanted.search, "")
        parts.append(edits.where(*matching, ProductProposal.status == ProposalStatus.WAITING))
    found = union_all(*parts).subquery()
    if wanted.kind != "overdue":
        return found
    late_since = clock.now() - timedelta(days=days)
    return select(found).where(found.c.since < late_since, literal(days > 0)).subquery()


def _columns(edit_id: Any, since: Any, path: str, number: Any) -> Select[Any]:
    return select(
        Product.id.label("product_id"),
        cast(edit_id, BigInteger).label("edit_id"),
        since.label("since"),
        func.lower(Vendor.name, type_=Text()).label("vendor"),
        (literal(path) + cast(number, Text)).label("path"),
    )


def _sort(found: Subquery, sort: str) -> Sort:
    columns = found.c
    is_edit = cast(columns.edit_id > 0, Integer)
    since = func.coalesce(columns.since, _NEVER_SENT, type_=columns.since.type)
    keys = (since, is_edit, columns.edit_id, columns.product_id)
    return Sort((columns.vendor, *keys) if sort == "vendor" else keys, is_descending=sort == "newest")


def _describe(session: Session, shop_id: int, found: Sequence[Any], days: int) -> list[Waiting]:
    """In the same order. What was decided or deleted at this very moment is left out."""
    of_edits = select(ProductProposal).where(ProductProposal.id.in_([edit_id for _, edit_id, _ in found if edit_id]))
    edits = {edit.id: edit for edit in session.scalars(of_edits)}
    products = {product_id for product_id, _, _ in found}
    rows = {row.product.id: row for row in queries.list_by_ids(session, shop_id, list(products))}
    waiting = []
    for product_id, edit_id, since in found:
        row, edit, due = rows.get(product_id), edits.get(edit_id), due_at(since, days)
        if row is None or (edit_id and edit is None):
            continue
        if edit is None:
            tick, path, what = f"product {product_id}", f"/app/review/{product_id}", "New product"
        else:
            tick, path = f"edit {edit_id} {edit.version}", f"/app/review/edits/{edit_id}"
            what = f"Edit: {proposal_queries.summarise(edit)}"
        waiting.append(Waiting(tick=tick, path=path, row=row, what=what, since=since, due=due))
    return waiting
