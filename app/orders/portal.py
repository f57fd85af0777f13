"""A vendor's orders: the list. One order, with all there is to do about it, is in app/fulfilment/portal.py."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import protect
from app.orders import vendor_list
from app.orders.queries import find_unread
from app.orders.senders import address_for, is_collected
from app.orders.vendor_list import Row, Wanted
from app.orders.words import part_words

bp = Blueprint("portal_orders", __name__, url_prefix="/portal/orders")
protect(bp)

_AT_MOST: Final = 5000
_COLUMNS: Final = (
    "order", "ordered_at", "status", "items", "to_send", "returned", "shipped_at", "delivered_at",
    "earned", "currency", "send_to",
)  # fmt: skip


@bp.get("")
def list_orders() -> ResponseReturnValue:
    wanted, collected = _read_wanted(), is_collected(g.session, g.vendor)
    orders = vendor_list.list_orders(g.session, g.vendor.id, wanted, place=web.read_place())
    return render_template(
        "portal/orders/list.html",
        orders=orders,
        wanted=wanted,
        counts=vendor_list.count_tabs(g.session, g.vendor.id),
        late=vendor_list.count_late(g.session, g.vendor.id),
        states=part_words(is_collected=collected),
        is_collected=collected,
        new_messages=find_unread(g.session, [row.part.id for row in orders.rows]),
    )


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the list shows, one line per order."""
    rows = vendor_list.list_orders(g.session, g.vendor.id, _read_wanted(), limit=_AT_MOST).rows
    return web.download_sheet("orders.csv", _COLUMNS, map(_cells, rows))


def _cells(row: Row) -> list[object]:
    part = row.part
    counts = (part.items_total, part.items_to_ship, part.items_returned)
    earned = (part.earned.decimal, part.currency)
    send_to = ", ".join(address_for(g.session, g.vendor, part))
    return [part.name, part.ordered_at, row.state, *counts, part.shipped_at, part.delivered_at, *earned, send_to]


def _read_wanted() -> Wanted:
    args = request.args
    tab = args.get("status", "")
    days = args.get("days", 0, int)
    return Wanted(
        tab="to_ship" if tab == "waiting" else tab,
        search=web.read_search(),
        days=days if 0 < days <= 3660 else 0,
        late="late" in args,
        sort=args.get("sort", "newest"),
    )
