"""What the pages about visitors show: sums of daily figures, with orders counted from the orders themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.journey.rules import Period, list_days
from app.models.journey import ActivityDay, SearchDay
from app.models.orders import Order, OrderLine, VendorOrder, VendorOrderStatus
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.reservations.queries import Abandoned, count_abandoned

MOST: Final = 20
MOST_EXPORTED: Final = 10_000
SORTS: Final = ("views", "adders", "starters", "units")


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
    """A product's figures, or a vendor's. `units`: sold in paid orders."""

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
        """Of a hundred viewers, how many put it into the cart."""
        return round(100 * self.adders / self.viewers) if self.viewers else None


def get_figures(session: Session, shop: Shop, period: Period) -> Figures:
    counts = (ActivityDay.views, ActivityDay.visitors, ActivityDay.viewers, ActivityDay.adders, ActivityDay.starters)
    query = select(*(func.coalesce(func.sum(each), 0) for each in counts))
    views, visitors, viewers, adders, starters = map(
        int, session.execute(query.where(*_whole_shop(shop, period))).one()
    )
    placed = (Order.shop_id == shop.id, ~Order.test, *_within(Order.ordered_at, shop, period))
    orders = session.scalar(select(func.count()).select_from(Order).where(*placed)) or 0
    return Figures(views, visitors, viewers, adders, starters, orders)


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
        .where(ActivityDay.vendor_id == vendor_id, *_days(shop, period))
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
    seen = _sums(shop, period, ActivityDay.product_number).subquery()
    sold = _units(shop, period, OrderLine.sold_as["product"].astext.label("gid")).subquery()
    gid = func.concat("gid://shopify/Product/", seen.c.product_number)
    units = func.coalesce(sold.c.units, 0).label("units")
    named = (Product.id, Product.title, Vendor.name.label("vendor"))
    query = (
        select(*named, seen.c.views, seen.c.viewers, seen.c.adders, seen.c.starters, units)
        .join_from(seen, Product, (Product.shopify_gid == gid) & (Product.shop_id == shop.id))
        .join(Vendor, Vendor.id == Product.vendor_id)
        .outerjoin(sold, sold.c.gid == gid)
    )
    if vendor_id is not None:
        query = query.where(Product.vendor_id == vendor_id)
    if words:
        query = query.where(Product.title.icontains(words, autoescape=True))
    column = units if sort == "units" else seen.c[sort if sort in SORTS else "views"]
    return _read(session, query.order_by(column.desc(), seen.c.views.desc(), Product.id).limit(limit))


def list_vendors(session: Session, shop: Shop, period: Period, *, limit: int = MOST) -> list[Seen]:
    """Vendors by the views of their products."""
    seen = _sums(shop, period, ActivityDay.vendor_id).subquery()
    sold = _units(shop, period, OrderLine.vendor_id).subquery()
    named = (Vendor.id, Vendor.name.label("title"), Vendor.name.label("vendor"))
    units = func.coalesce(sold.c.units, 0).label("units")
    query = (
        select(*named, seen.c.views, seen.c.viewers, seen.c.adders, seen.c.starters, units)
        .join_from(seen, Vendor, Vendor.id == seen.c.vendor_id)
        .outerjoin(sold, sold.c.vendor_id == Vendor.id)
        .order_by(seen.c.views.desc(), Vendor.id)
    )
    return _read(session, query.limit(limit))


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
    return (ActivityDay.product_number == 0, *_days(shop, period))


def _days(shop: Shop, period: Period) -> tuple[ColumnElement[bool], ...]:
    return ActivityDay.shop_id == shop.id, ActivityDay.day.between(period.first, period.last)


def _sums(shop: Shop, period: Period, by: Any) -> Select[Any]:
    counts = (ActivityDay.views, ActivityDay.viewers, ActivityDay.adders, ActivityDay.starters)
    sums = (func.sum(each).label(each.key) for each in counts)
    return select(by, *sums).where(ActivityDay.product_number > 0, *_days(shop, period)).group_by(by)


def _units(shop: Shop, period: Period, by: Any) -> Select[Any]:
    return (
        select(by, func.sum(OrderLine.quantity).label("units"))
        .join(
            VendorOrder, (VendorOrder.order_id == OrderLine.order_id) & (VendorOrder.vendor_id == OrderLine.vendor_id)
        )
        .where(
            OrderLine.shop_id == shop.id,
            ~VendorOrder.is_test,
            VendorOrder.status != VendorOrderStatus.UNPAID,
            *_within(VendorOrder.ordered_at, shop, period),
        )
        .group_by(by)
    )


def _within(moment: Any, shop: Shop, period: Period) -> tuple[ColumnElement[bool], ...]:
    first, last = _bounds(shop, period)
    return moment >= first, moment < last


def _bounds(shop: Shop, period: Period) -> tuple[datetime, datetime]:
    zone = ZoneInfo(shop.timezone)
    end = period.last + timedelta(days=1)
    return datetime.combine(period.first, time(), zone), datetime.combine(end, time(), zone)


def _read(session: Session, query: Select[Any]) -> list[Seen]:
    rows = (row._asdict() for row in session.execute(query))
    counts = ("views", "viewers", "adders", "starters", "units")
    return [Seen(**{**row, **{name: int(row[name]) for name in counts}}) for row in rows]
