"""A vendor's orders: the list. One order, with all there is to do about it, is in app/fulfilment/portal.py."""

import csv
import io
from typing import Final

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import protect
from app.money import Money
from app.orders import queries
from app.orders.words import PART_WORDS

bp = Blueprint("portal_orders", __name__, url_prefix="/portal/orders")
protect(bp)

_EXPORT_PAGES: Final = 100


@bp.get("")
def list_orders() -> ResponseReturnValue:
    number = max(1, request.args.get("page", 1, int))
    return render_template(
        "portal/orders/list.html",
        orders=_find(number),
        number=number,
        waiting=queries.count_waiting(g.session, g.vendor.id),
        searched=bool(request.args.get("q") or request.args.get("status")),
        states=PART_WORDS,
        earned=lambda part: Money(part.earned_minor, part.currency),
    )


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the list shows, one line per order."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["order", "ordered_at", "status", "items", "to_send", "earned", "currency"])
    for number in range(1, min(_find(1).pages, _EXPORT_PAGES) + 1):
        for part in _find(number).rows:
            earned = str(Money(part.earned_minor, part.currency).decimal)
            counts = (part.items_total, part.items_to_ship)
            writer.writerow([part.name, part.ordered_at.isoformat(), part.status, *counts, earned, part.currency])
    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return Response("\ufeff" + sheet.getvalue(), mimetype="text/csv", headers=headers)


def _find(number: int) -> queries.Page:
    args = request.args
    return queries.list_vendor_orders(
        g.session, g.vendor.id, search=args.get("q", "").strip()[:100], status=args.get("status", ""), page=number
    )
