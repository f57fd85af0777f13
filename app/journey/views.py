"""The merchant's page about visitors: how far they come, what they look at, what they look for in vain."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.merchant import protect
from app.errors import NotFound
from app.journey import queries
from app.journey.queries import Figures
from app.journey.rules import Period, Step, change, funnel, period_of
from app.models.journey import WebPixel

bp = Blueprint("journey", __name__, url_prefix="/app/journey")
protect(bp)

PERIOD_CHOICES: Final = [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "12 months")]
SORT_CHOICES: Final = [
    ("views", "Most looked at"),
    ("adders", "Most put into carts"),
    ("starters", "Most checkouts"),
    ("units", "Most sold"),
]


@bp.get("")
def show() -> ResponseReturnValue:
    period = _period()
    now, before = (queries.get_figures(g.session, g.shop, each) for each in (period, period.before()))
    return render_template(
        "merchant/journey.html",
        pixel=g.session.get(WebPixel, g.shop.id),
        carts=queries.count_carts(g.session, g.shop, period),
        period=period,
        periods=PERIOD_CHOICES,
        sorts=SORT_CHOICES,
        now=now,
        steps=_steps(now, before),
        change=change,
        days=queries.list_daily(g.session, g.shop, period),
        products=queries.list_products(g.session, g.shop, period, sort=_sort()),
        vendors=queries.list_vendors(g.session, g.shop, period),
        searches=queries.list_searches(g.session, g.shop, period),
        in_vain=queries.list_searches(g.session, g.shop, period, in_vain=True),
    )


@bp.get("/<what>.csv")
def export(what: str) -> ResponseReturnValue:
    """`days`, `products`, `vendors` or `searches` of the period, all of them."""
    sheets = {"days": _days, "products": _products, "vendors": _vendors, "searches": _searches}
    if what not in sheets:
        raise NotFound("There is no such table.")
    heading, *rows = sheets[what](_period())
    return web.download_sheet(f"{what}.csv", heading, rows)


def _period() -> Period:
    return period_of(request.args.get("period", ""), clock.today(g.shop.timezone))


def _sort() -> str:
    return request.args.get("sort", "views")


def _steps(now: Figures, before: Figures) -> list[Step]:
    stages = [
        ("Visited the shop", now.visitors),
        ("Looked at a product", now.viewers),
        ("Put something into the cart", now.adders),
        ("Began to pay", now.starters),
    ]
    return funnel(stages, [before.visitors, before.viewers, before.adders, before.starters])


def _days(period: Period) -> Iterable[Sequence[Any]]:
    yield "day", "visitors", "viewers", "put_into_cart", "began_checkout"
    yield from queries.list_daily(g.session, g.shop, period)


def _products(period: Period) -> Iterable[Sequence[Any]]:
    yield "product", "vendor", "views", "viewers", "put_into_cart", "began_checkout", "units_sold"
    rows = queries.list_products(g.session, g.shop, period, sort=_sort(), limit=queries.MOST_EXPORTED)
    for row in rows:
        counts = (row.views, row.viewers, row.adders, row.starters, row.units)
        yield row.title, row.vendor, *counts


def _vendors(period: Period) -> Iterable[Sequence[Any]]:
    yield "vendor", "views", "viewers", "put_into_cart", "began_checkout", "units_sold"
    for row in queries.list_vendors(g.session, g.shop, period, limit=queries.MOST_EXPORTED):
        yield row.title, row.views, row.viewers, row.adders, row.starters, row.units


def _searches(period: Period) -> Iterable[Sequence[Any]]:
    yield "words", "searches", "found_nothing"
    for row in queries.list_searches(g.session, g.shop, period, limit=queries.MOST_EXPORTED):
        yield row.words, row.searches, row.in_vain
