"""The merchant sees every vendor's codes and how often they were scanned."""

from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.merchant import protect
from app.codes import queries, service

bp = Blueprint("codes", __name__, url_prefix="/app/codes")
protect(bp)

COLUMNS: Final = ("name", "leads_to", "where", "scans_30_days", "scans", "made_at", "put_away_at")


@bp.get("")
def list_codes() -> ResponseReturnValue:
    return render_template(
        "merchant/codes/list.html",
        rows=_find(),
        search=request.args.get("q", "").strip()[:100],
        way=lambda code: service.find_way(g.session, code, clock.now()),
    )


@bp.get("/export.csv")
def export_codes() -> ResponseReturnValue:
    """What the list shows."""
    return web.download_sheet("codes.csv", ["vendor", *COLUMNS], ([row.vendor.name, *cells_of(row)] for row in _find()))


def cells_of(row: queries.Row) -> list[object]:
    """A code's line in a file, by COLUMNS."""
    code, title = row.code, row.product.title if row.product else ""
    leads_to = title or code.path
    return [code.name, code.destination.value, leads_to, row.lately, row.scans, code.created_at, code.archived_at]


def _find() -> list[queries.Row]:
    today = clock.now().astimezone(ZoneInfo(g.shop.timezone)).date()
    vendor_id, search = request.args.get("vendor", None, int), request.args.get("q", "").strip()[:100]
    return queries.list_codes(g.session, g.shop.id, today, vendor_id=vendor_id, search=search)
