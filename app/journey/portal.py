"""What customers do with a vendor's own products."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.portal import protect
from app.journey import queries
from app.journey.rules import Period, period_of

bp = Blueprint("portal_journey", __name__, url_prefix="/portal/products/figures")
protect(bp)

_SHOWN: Final = 100
_COLUMNS: Final = ("product", "views", "viewers", "put_into_cart", "began_checkout", "units_sold")


@bp.get("")
def show() -> ResponseReturnValue:
    """Views, carts, checkouts and sales of each product, and views by day."""
    period = _period()
    days = queries.list_views_daily(g.session, g.shop, g.vendor.id, period)
    rows = _find(period, limit=_SHOWN + 1)
    return render_template(
        "portal/products/figures.html",
        period=period,
        chosen=request.args.get("period", "30"),
        sort=request.args.get("sort", "views"),
        days=days,
        total=sum(views for _day, views in days),
        rows=rows[:_SHOWN],
        has_more=len(rows) > _SHOWN,
        is_begun=bool(rows) or any(views for _day, views in days),
    )


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the page lists, all of it."""
    rows = _find(_period(), limit=queries.MOST_EXPORTED)
    cells = ([row.title, row.views, row.viewers, row.adders, row.starters, row.units] for row in rows)
    return web.download_sheet("figures.csv", _COLUMNS, cells)


def _find(period: Period, *, limit: int) -> list[queries.Seen]:
    args = request.args
    return queries.list_products(
        g.session,
        g.shop,
        period,
        vendor_id=g.vendor.id,
        words=web.read_search(),
        sort=args.get("sort", "views"),
        limit=limit,
    )


def _period() -> Period:
    return period_of(request.args.get("period", "30"), clock.today(g.shop.timezone))
