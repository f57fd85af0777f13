"""Reading reviews, and which orders may be reviewed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.db import Scope, read_at_once
from app.errors import NotFound
from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.reviews import ReviewSettings, ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.queries import by_customer
from app.reviews.rules import Parcel, Shown, has_arrived

PER_PAGE: Final = 25
_WRITTEN: Final = (VendorReview.written_at, VendorReview.id)
FOR_VENDORS: Final = {
    "newest": Sort(_WRITTEN, is_descending=True),
    "oldest": Sort(_WRITTEN),
    "worst": Sort((VendorReview.stars, *_WRITTEN)),
}
_SHOWN: Final = """
    SELECT stars, title, words, shown_name, written_at, answer, is_returned FROM vendor_reviews
    WHERE vendor_id = (SELECT id FROM vendors
                       WHERE shop_id = %(shop_id)s AND handle = %(handle)s AND status = 'approved')
      AND state = 'published' AND forgotten_at IS NULL
    ORDER BY written_at DESC, id DESC OFFSET %(skip)s LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A review with what stands beside it."""

    review: VendorReview
    vendor: Vendor
    order_name: str
    order_id: int


@dataclass(frozen=True, slots=True)
class WaitingPlace:
    """`place` counts from 0, None for a review that waits for nothing; `after` is the first one at the end."""

    place: int | None
    total: int
    before: int | None
    after: int | None


def get_settings(session: Session, shop_id: int) -> ReviewSettings:
    """The merchant's, or the defaults, not stored yet."""
    held = session.get(ReviewSettings, shop_id)
    if held is not None:
        return held
    defaults = {"is_asking": True, "ask_after_days": 7, "publish_from_stars": 0, "publish_known": False}
    return ReviewSettings(shop_id=shop_id, **defaults)


def find_review(session: Session, vendor_order_id: int) -> VendorReview | None:
    return session.scalar(select(VendorReview).where(VendorReview.vendor_order_id == vendor_order_id))


def list_lines(session: Session, part: VendorOrder) -> Sequence[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == part.order_id, OrderLine.vendor_id == part.vendor_id)
    return session.scalars(query.order_by(OrderLine.position)).all()


def list_parcels(session: Session, part: VendorOrder, lines: Sequence[OrderLine]) -> list[Parcel]:
    """What of the vendor's goods left, also in a parcel together with others'."""
    return _sent(_parcels_of(session, [part])[part.id], lines)


def is_returned(lines: Sequence[OrderLine]) -> bool:
    """Whether the customer kept nothing of it."""
    return all(line.current_quantity == 0 for line in lines)


def list_reviewable(
    session: Session, shop_id: int, customer_id: int, vendor: Vendor, now: datetime
) -> list[VendorOrder]:
    """The customer's orders of the vendor that arrived and are not reviewed yet, newest first."""
    query = (
        select(VendorOrder)
        .join(Order, Order.id == VendorOrder.order_id)
        .outerjoin(VendorReview, VendorReview.vendor_order_id == VendorOrder.id)
        .where(by_customer(shop_id, customer_id), VendorOrder.vendor_id == vendor.id, VendorReview.id.is_(None))
        .order_by(VendorOrder.ordered_at.desc())
        .limit(20)
    )
    parts = session.scalars(query).all()
    lines, parcels = _lines_of(session, parts), _parcels_of(session, parts)
    return [
        part
        for part in parts
        if not is_returned(lines[part.id]) and has_arrived(_sent(parcels[part.id], lines[part.id]), now)
    ]


def list_titles(session: Session, parts: Sequence[VendorOrder]) -> dict[int, list[str]]:
    """What was bought, by part."""
    return {number: [line.title for line in lines] for number, lines in _lines_of(session, parts).items()}


def _lines_of(session: Session, parts: Sequence[VendorOrder]) -> dict[int, list[OrderLine]]:
    found: dict[int, list[OrderLine]] = {part.id: [] for part in parts}
    by_place = {(part.order_id, part.vendor_id): part.id for part in parts}
    wanted = tuple_(OrderLine.order_id, OrderLine.vendor_id).in_(list(by_place))
    for line in session.scalars(select(OrderLine).where(wanted).order_by(OrderLine.position)):
        assert line.vendor_id is not None
        found[by_place[line.order_id, line.vendor_id]].append(line)
    return found


def _parcels_of(session: Session, parts: Sequence[VendorOrder]) -> dict[int, list[Fulfilment]]:
    found: dict[int, list[Fulfilment]] = {part.id: [] for part in parts}
    query = (
        select(VendorOrder.id, Fulfilment)
        .join(
            Fulfilment,
            (Fulfilment.shop_id == VendorOrder.shop_id) & (Fulfilment.order_shopify_id == VendorOrder.order_shopify_id),
        )
        .where(VendorOrder.id.in_(list(found)), Fulfilment.state == FulfilmentState.CREATED)
    )
    for number, parcel in session.execute(query):
        found[number].append(parcel)
    return found


def _sent(parcels: Iterable[Fulfilment], lines: Sequence[OrderLine]) -> list[Parcel]:
    mine = {str(line.shopify_id) for line in lines}
    return [
        Parcel(parcel.fulfilled_at, parcel.delivered_seen_at) for parcel in parcels if mine & parcel.quantities.keys()
    ]


def is_known(session: Session, order: Order) -> bool:
    """Whether the customer wrote a review before that was published."""
    customer_id = (order.snapshot.get("customer") or {}).get("id")
    if customer_id is None:
        return False
    query = (
        select(VendorReview.id)
        .join(VendorOrder, VendorOrder.id == VendorReview.vendor_order_id)
        .join(Order, Order.id == VendorOrder.order_id)
        .where(by_customer(order.shop_id, int(customer_id)), VendorReview.state == ReviewState.PUBLISHED)
        .where(Order.id != order.id)
    )
    return session.scalar(query.limit(1)) is not None


# -- lists -------------------------------------------------------------------------------------------------------------


def list_reviews(
    session: Session,
    shop_id: int,
    *,
    state: str = "",
    stars: int | None = None,
    vendor_id: int | None = None,
    search: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Row]:
    """`state`: one of the states, "reported" or "" for all. What waits comes oldest first, the rest newest first."""
    query = _filter(_rows(), shop_id, state, stars, vendor_id, search)
    order = Sort(_WRITTEN, is_descending=state not in {"waiting", "pending", "reported"})
    return read_page(session, query, order, place, limit=limit, make=Row)


def get_row(session: Session, shop_id: int, review_id: int) -> Row:
    """Raises NotFound."""
    query = _rows().where(VendorReview.shop_id == shop_id, VendorReview.id == review_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such review.")
    return Row(*found)


def find_place(session: Session, shop_id: int, review_id: int) -> WaitingPlace:
    """Where a review stands among those that wait for a decision, oldest first."""
    waiting = _filter(select(VendorReview.id), shop_id, "waiting", None, None, "")
    numbered = waiting.add_columns(
        func.row_number().over(order_by=_WRITTEN).label("number"),
        func.lag(VendorReview.id).over(order_by=_WRITTEN).label("before"),
        func.lead(VendorReview.id).over(order_by=_WRITTEN).label("after"),
    ).subquery()
    mine = session.execute(select(numbered).where(numbered.c.id == review_id)).one_or_none()
    first = session.scalar(waiting.where(VendorReview.id != review_id).order_by(*_WRITTEN).limit(1))
    total = count_waiting(session, shop_id)
    if mine is None:
        return WaitingPlace(None, total, None, first)
    return WaitingPlace(mine.number - 1, total, mine.before, mine.after or first)


def count_waiting(session: Session, shop_id: int) -> int:
    waiting = _filter(select(VendorReview.id), shop_id, "waiting", None, None, "")
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def _filter(
    query: Select[Any], shop_id: int, state: str, stars: int | None, vendor_id: int | None, search: str
) -> Select[Any]:
    query = query.where(VendorReview.shop_id == shop_id)
    is_reported = and_(VendorReview.reported_at.is_not(None), VendorReview.settled_at.is_(None))
    if state == "reported":
        query = query.where(is_reported)
    elif state == "waiting":
        query = query.where(or_(VendorReview.state == ReviewState.PENDING, is_reported))
    elif state == "unanswered":
        query = query.where(VendorReview.answered_at.is_(None))
    elif state in set(ReviewState):
        query = query.where(VendorReview.state == state)
    if stars:
        query = query.where(VendorReview.stars == stars)
    if vendor_id:
        query = query.where(VendorReview.vendor_id == vendor_id)
    for word in search.split()[:8]:
        texts = (VendorReview.title, VendorReview.words, VendorReview.shown_name, VendorReview.answer)
        query = query.where(or_(*(text.icontains(word, autoescape=True) for text in texts)))
    return query


def _rows() -> Any:
    return (
        select(VendorReview, Vendor, VendorOrder.name, VendorOrder.order_id)
        .join(Vendor, Vendor.id == VendorReview.vendor_id)
        .join(VendorOrder, VendorOrder.id == VendorReview.vendor_order_id)
    )


def list_for_vendor(
    session: Session,
    vendor: Vendor,
    *,
    state: str = "",
    stars: int | None = None,
    search: str = "",
    sort: str = "newest",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Row]:
    """Published ones: what still waits is the merchant's matter. `sort`: of FOR_VENDORS."""
    query = _filter(_rows(), vendor.shop_id, state, stars, vendor.id, search)
    query = query.where(VendorReview.state == ReviewState.PUBLISHED)
    order = FOR_VENDORS.get(sort, FOR_VENDORS["newest"])
    return read_page(session, query, order, place, limit=limit, make=Row)


# -- what is public ----------------------------------------------------------------------------------------------------


def count_stars(session: Session, vendor_id: int) -> dict[int, int]:
    published = (VendorReview.vendor_id == vendor_id, VendorReview.state == ReviewState.PUBLISHED)
    query = select(VendorReview.stars, func.count()).where(*published).group_by(VendorReview.stars)
    return {int(stars): int(count) for stars, count in session.execute(query)}


def list_latest(session: Session, shop: Shop, vendor_id: int, most: int) -> list[Shown]:
    """Published reviews, newest first; those whose words were removed show nothing and are left out."""
    published = (VendorReview.vendor_id == vendor_id, VendorReview.state == ReviewState.PUBLISHED)
    query = select(VendorReview).where(*published, VendorReview.forgotten_at.is_(None))
    found = session.scalars(query.order_by(VendorReview.written_at.desc(), VendorReview.id.desc()).limit(most))
    return [_show(review, ZoneInfo(shop.timezone)) for review in found]


def list_shown(shop: Shop, handle: str, *, skip: int, most: int) -> list[Shown]:
    """As `list_latest` after the first `skip`, for a vendor's page: in a transaction and a round trip of its own."""
    values = {"shop_id": shop.id, "handle": handle, "skip": skip, "most": most}
    found = read_at_once(Scope(shop.id), _SHOWN, **values)
    return [_show(row, ZoneInfo(shop.timezone)) for row in found]


def _show(review: VendorReview | Any, zone: ZoneInfo) -> Shown:
    return Shown(
        review.stars,
        review.title,
        review.words,
        review.shown_name,
        review.written_at.astimezone(zone).date(),
        review.answer,
        is_returned=review.is_returned,
    )
