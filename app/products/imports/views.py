"""The merchant's look at vendors' product files: what each did, and what was wrong in it."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.keyset import Page, Place
from app.products.imports import queries
from app.vendors.queries import offer_vendors

bp = Blueprint("product_imports", __name__, url_prefix="/app/products/imports")
protect(bp)


@bp.get("")
def list_imports() -> ResponseReturnValue:
    vendors = offer_vendors(g.session, g.shop.id, request.args.get("vendor", None, int))
    return render_template("merchant/products/imports.html", page=_find(web.read_place()), vendors=vendors)


@bp.get("/export.csv")
def export_imports() -> ResponseReturnValue:
    """What the list shows, up to 5,000 files."""
    heading = ["file", "status", "vendor", "new", "changed", "with_errors", "sent_at", "finished_at"]
    return web.download_sheet("product-files.csv", heading, map(_cells, web.every_row(_find)))


def _cells(row: queries.Summary) -> list[object]:
    made, kinds = row.made, row.kinds
    counts = [kinds["create"], kinds["change"], row.wrong]
    return [made.filename, made.status.value, row.vendor, *counts, made.created_at, made.finished_at]


def _find(place: Place) -> Page[queries.Summary]:
    args = request.args
    search, status = web.read_search(), args.get("status", "")
    vendor_id = args.get("vendor", None, int)
    return queries.list_imports(g.session, g.shop.id, vendor_id=vendor_id, search=search, status=status, place=place)


@bp.get("/<int:import_id>")
def show_import(import_id: int) -> ResponseReturnValue:
    summary = queries.get_import(g.session, g.shop.id, import_id)
    show = request.args.get("show", "")
    return render_template(
        "merchant/products/import.html",
        summary=summary,
        made=summary.made,
        page=queries.list_rows(g.session, summary, show=show, place=web.read_place()),
        show=show,
    )
