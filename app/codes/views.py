"""The merchant sees every vendor's codes and how often they were scanned."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.merchant import protect
from app.codes import drawing, queries, service

bp = Blueprint("codes", __name__, url_prefix="/app/codes")
protect(bp)

COLUMNS: Final = ("name", "leads_to", "where", "scans_30_days", "scans", "made_at", "put_away_at")


@bp.get("")
def list_codes() -> ResponseReturnValue:
    wanted = _wanted()
    return render_template(
        "merchant/codes/list.html",
        page=queries.list_codes(g.session, g.shop, wanted, place=web.read_place()),
        search=wanted.search,
        way=lambda code: service.find_way(g.session, code, clock.now()),
    )


@bp.get("/export.csv")
def export_codes() -> ResponseReturnValue:
    """What the list shows."""
    rows = queries.walk(g.session, g.shop, _wanted())
    return web.download_sheet("codes.csv", ["vendor", *COLUMNS], ([row.vendor.name, *cells_of(row)] for row in rows))


@bp.get("/sheet")
def print_sheet() -> ResponseReturnValue:
    """The ticked codes in one size, to cut out; below each its name and whose it is."""
    chosen = queries.list_chosen(g.session, g.shop.id, web.read_ticked("code"))
    return render_template(
        "merchant/codes/sheet.html",
        pieces=[(code, vendor, drawing.write_inline(g.shop, code)) for code, vendor in chosen],
        size=drawing.read_size(request.args.get("size")),
    )


@bp.get("/files.zip")
def download_many() -> ResponseReturnValue:
    """Each ticked code as SVG and as PNG."""
    codes = [code for code, _vendor in queries.list_chosen(g.session, g.shop.id, web.read_ticked("code"))]
    return web.download("codes.zip", drawing.write_archive(g.shop, codes), "application/zip")


def cells_of(row: queries.Row) -> list[object]:
    """A code's line in a file, by COLUMNS."""
    code, title = row.code, row.product.title if row.product else ""
    leads_to = title or code.path
    return [code.name, code.destination.value, leads_to, row.lately, row.scans, code.created_at, code.archived_at]


def _wanted() -> queries.Wanted:
    args = request.args
    return queries.Wanted(vendor_id=args.get("vendor", None, int), search=web.read_search())
