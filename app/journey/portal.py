"""What customers do with a vendor's own products."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import protect
from app.journey import queries
from app.journey.rules import period_of

bp = Blueprint("portal_journey", __name__, url_prefix="/portal/products/figures")
protect(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Views, carts, checkouts and sales of each product, and views by day."""
    chosen, sort = request.args.get("period", "30"), request.args.get("sort", "views")
    period = period_of(chosen, queries.today(g.shop))
    limit = queries.MOST_EXPORTED
    rows = queries.list_products(g.session, g.shop, period, vendor_id=g.vendor.id, sort=sort, limit=limit)
    words = request.args.get("q", "").strip().lower()
    return render_template(
        "portal/products/figures.html",
        period=period,
        chosen=chosen,
        sort=sort,
        days=queries.list_views_daily(g.session, g.shop, g.vendor.id, period),
        total=sum(row.views for row in rows),
        rows=[row for row in rows if words in row.title.lower()],
        is_begun=bool(rows),
    )
