"""The merchant's first page."""

from babel.dates import format_timedelta
from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.auth import merchant
from app.home import queries, vendor_figures
from app.vendors.queries import get_vendor

bp = Blueprint("home", __name__, url_prefix="/app")
merchant.protect(bp)


@bp.get("/", strict_slashes=False)
@bp.get("")
def home() -> ResponseReturnValue:
    """What needs doing, the numbers, and the set-up guide until everything in it is done."""
    counts = queries.count_everything(g.session)
    return render_template(
        "merchant/home.html",
        counts=counts,
        steps=queries.list_setup_steps(g.session, g.shop, counts),
        numbers=queries.get_numbers(g.session, g.shop, clock.now()),
        days=queries.DAYS,
    )


@bp.get("/vendors/<int:vendor_id>/figures")
def show_vendor_figures(vendor_id: int) -> ResponseReturnValue:
    """A part of the vendor's page: only here are the books and the orders at hand as well."""
    vendor = get_vendor(g.session, g.shop.id, vendor_id)
    figures = vendor_figures.get_figures(g.session, g.shop, vendor, clock.now())
    waited = figures.median_to_ship
    return render_template(
        "merchant/vendors/_figures.html",
        vendor=vendor,
        figures=figures,
        days=vendor_figures.DAYS,
        time_to_ship=None if waited is None else format_timedelta(waited, locale=g.locale.replace("-", "_")),
    )
