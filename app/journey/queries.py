"""What the pages about visitors show: sums of daily figures, of visitors and of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.journey.rules import Period, list_days
from app.models.journey import ActivityDay, OrderDay, SearchDay
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.reservations.queries import Abandoned, count_abandoned

MOST: Final = 20
MOST_EXPORTED: Final = 10_000
SORTS: Final = ("views", "adders", "starters", "units")
_SEEN: Final = ("views", "viewers", "adders", "starters")
_COUNTS: Final = (*_SEEN, "units")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the whole shop. Visitors are browsers on a day, of those who agreed to be counted; orders are all orders."""

    views: int
    visitors: int
    viewers: int
    adders: int
    starters: int
    orders: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A product's figures, or a vendor's. `units`: in paid orders, less what was cancelled or refunded."""

    id: int
    title: str
    vendor: str
    views: int
    viewers: int
    adders: int
    starters: int
    units: int

    @property
    def share(self) -> int | None:
        """For a hundred viewers, how many put it into the cart; None where more did than viewed it, as from a list."""
        return round(100 * self.adders / self.viewers) if 0 < self.viewers >= self.adders else None


def get_figures(session: Session, shop: Shop, period: Period) -> Figures:
    counts = (ActivityDay.views, ActivityDay.visitors, ActivityDay.viewers, ActivityDay.adders, ActivityDay.starters)
    query = select(*(func.coalesce(func.sum(each), 0) for each in counts))
    views, visitors, viewers, adders, starters = map(
        int, session.execute(query.where(*_whole_shop(shop, period))).one()
    )
    placed = select(func.coalesce(func.sum(OrderDay.orders), 0)).where(
        OrderDay.vendor_id.is_(None), *_days(OrderDay, shop, period)
    )
    return Figures(views, visitors, viewers, adders, starters, int(session.scalars(placed).one()))


def count_carts(session: Session, shop: Shop, period: Period) -> Abandoned:
    """Carts with vendors' products of the period, and those left behind. Of earlier than 30 days nothing is known."""
    first, last = _bounds(shop, period)
    return count_abandoned(session, shop.id, shop.currency, first, last)


def list_daily(session: Session, shop: Shop, period: Period) -> list[tuple[date, int, int, int, int]]:
    """(day, visitors, viewers, adders, starters) of every day, oldest first."""
    query = select(
        ActivityDay.day, ActivityDay.visitors, ActivityDay.viewers, ActivityDay.adders, ActivityDay.starters
    ).where(*_whole_shop(shop, period))
    held = {row[0]: row for row in session.execute(query)}
    return [held.get(day, (day, 0, 0, 0, 0)) for day in list_days(period)]


def list_views_daily(session: Session, shop: Shop, vendor_id: int, period: Period) -> list[tuple[date, int]]:
    """Views of one vendor's products on every day, oldest first."""
    query = (
        select(ActivityDay.day, func.sum(ActivityDay.views))
        .where(ActivityDay.vendor_id == vendor_id, *_days(ActivityDay, shop, period))
        .group_by(ActivityDay.day)
    )
    held = {day: int(views) for day, views in session.execute(query)}
    return [(day, held.get(day, 0)) for day in list_days(period)]


def list_products(
    session: Session,
    shop: Shop,
    period: Period,
    *,
    vendor_id: int | None = None,
    words: str = "",
    sort: str = "views",
    limit: int = MOST,
) -> list[Seen]:
    """What was looked at most, or sorted by another of SORTS; of one vendor, or with words in the title, if given."""
    sums = _sums(shop, period, "product_number")
    gid = func.concat("gid://shopify/Product/", sums.c.product_number)
    query = (
        select(Product.id, Product.title, Vendor.name.label("vendor"), *(sums.c[name] for name in _COUNTS))
        .join_from(sums, Product, (Product.shopify_gid == gid) & (Product.shop_id == shop.id))
        .join(Vendor, Vendor.id == Product.vendor_id)
    )
    if vendor_id is not None:
        query = query.where(Product.vendor_id == vendor_id)
    if words:
        query = query.where(Product.title.icontains(words, autoescape=True))
    column = sums.c[sort if sort in SORTS else "views"]
    return _read(session, query.order_by(column.desc(), sums.c.views.desc(), Product.id).limit(limit))


def list_vendors(session: Session, shop: Shop, period: Period, *, limit: int = MOST) -> list[Seen]:
    """Vendors by the views of their products."""
    sums = _sums(shop, period, "vendor_id")
    named = (Vendor.id, Vendor.name.label("title"), Vendor.name.label("vendor"))
    query = select(*named, *(sums.c[name] for name in _COUNTS)).join_from(sums, Vendor, Vendor.id == sums.c.vendor_id)
    return _read(session, query.order_by(sums.c.views.desc(), Vendor.id).limit(limit))


def list_searches(
    session: Session, shop: Shop, period: Period, *, in_vain: bool = False, limit: int = MOST
) -> Sequence[Any]:
    """(words, searches, in_vain), the most frequent first; with `in_vain` only those that found nothing."""
    searches, vain = func.sum(SearchDay.searches), func.sum(SearchDay.in_vain)
    query = (
        select(SearchDay.words, searches.label("searches"), vain.label("in_vain"))
        .where(SearchDay.shop_id == shop.id, SearchDay.day.between(period.first, period.last))
        .group_by(SearchDay.words)
        .order_by((vain if in_vain else searches).desc(), SearchDay.words)
    )
    return session.execute((query.having(vain > 0) if in_vain else query).limit(limit)).all()


def _whole_shop(shop: Shop, period: Period) -> tuple[ColumnElement[bool], ...]:
    return (ActivityDay.product_number == 0, *_days(ActivityDay, shop, period))


def _days(table: type[ActivityDay | OrderDay], shop: Shop, period: Period) -> tuple[ColumnElement[bool], ...]:
    return table.shop_id == shop.id, table.day.between(period.first, period.last)


def _sums(shop: Shop, period: Period, by: str) -> Subquery:
    """What was looked at or sold, by "product_number" or "vendor_id"."""
    nothing = literal(0)
    seen = select(getattr(ActivityDay, by), *(getattr(ActivityDay, name) for name in _SEEN), nothing.label("units"))
    sold = select(getattr(OrderDay, by), *(nothing.label(name) for name in _SEEN), OrderDay.units)
    both = union_all(
        seen.where(ActivityDay.vendor_id.is_not(None), *_days(ActivityDay, shop, period)),
        sold.where(OrderDay.vendor_id.is_not(None), OrderDay.units > 0, *_days(OrderDay, shop, period)),
    ).subquery()
    return select(both.c[by], *(func.sum(both.c[name]).label(name) for name in _COUNTS)).group_by(both.c[by]).subquery()


def _bounds(shop: Shop, period: Period) -> tuple[datetime, datetime]:
    zone = ZoneInfo(shop.timezone)
    end = period.last + timedelta(days=1)
    return datetime.combine(period.first, time(), zone), datetime.combine(end, time(), zone)


def _read(session: Session, query: Select[Any]) -> list[Seen]:
    rows = (row._asdict() for row in session.execute(query))
    return [Seen(**{**row, **{name: int(row[name]) for name in _COUNTS}}) for row in rows]
