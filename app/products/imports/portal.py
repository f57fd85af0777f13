"""The vendor's pages for product files: send one, see what it would do, start, follow, stop and undo it."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import limits
from app.auth.portal import actor, protect
from app.errors import NotFound, TooMany, ValidationErrors
from app.keyset import Page, Place
from app.languages import _
from app.models.shops import Shop
from app.products import places
from app.products.exports import HEADINGS
from app.products.imports import columns, matching, queries, service

bp = Blueprint("portal_imports", __name__, url_prefix="/portal/products/import")
protect(bp)

_MOST_FILES: Final = 30
"""In ten minutes: each is kept whole."""
_EXAMPLES = (
    (
        "Stoneware mug",
        "",
        "",
        "Size",
        "Small",
        "",
        "",
        "",
        "",
        "MUG-S",
        "24.00",
        None,
        5,
        "Speckled glaze.",
        "",
        "",
        "",
        "",
    ),
    ("Stoneware mug", "", "", "", "Large", "", "", "", "", "MUG-L", "28.00", None, 3, "", "", "", "", ""),
)


@bp.get("")
def show_upload() -> ResponseReturnValue:
    return _upload_page()


@bp.post("")
def upload() -> ResponseReturnValue:
    """Read a file and say what it would do. Nothing is changed yet."""
    if not limits.allow("import", str(g.vendor.id), limit=_MOST_FILES, seconds=600):
        raise TooMany(_("That was tried very often. Wait ten minutes; what you typed is still there when you go back."))
    sent = request.files.get("file")
    content = sent.read(columns.MOST_BYTES + 1) if sent else b""
    try:
        file = service.File((sent and sent.filename) or "products.csv", content, g.shop.currency, _locations())
    except ValidationErrors as error:
        return _upload_page(error.errors["file"]), 422
    known = matching.known_categories(g.session, g.shop.id, file.categories)
    if unknown := {name for name in file.categories if name.casefold() not in known}:
        known |= matching.look_up_categories(web.leave_transaction(), unknown)
    made = service.plan_import(g.session, g.shop, g.vendor, file, known, actor=actor())
    return redirect(f"/portal/products/import/{made.id}", 303)


@bp.get("/export.csv")
def export_imports() -> ResponseReturnValue:
    """What the list of earlier files shows, up to 5,000 files."""
    heading = ["file", "status", "new", "changed", "with_errors", "sent_at", "finished_at"]
    return web.download_sheet("product-files.csv", heading, map(_cells, web.every_row(_find)))


def _cells(row: queries.Summary) -> list[object]:
    made, kinds = row.made, row.kinds
    return [
        made.filename, made.status.value, kinds["create"], kinds["change"], row.wrong, made.created_at, made.finished_at
    ]  # fmt: skip


def _find(place: Place) -> Page[queries.Summary]:
    args = request.args
    search, status = web.read_search(), args.get("status", "")
    return queries.list_imports(g.session, g.shop.id, vendor_id=g.vendor.id, search=search, status=status, place=place)


@bp.get("/template.csv")
def download_template() -> ResponseReturnValue:
    """A file with the columns and one product as an example."""
    lines = ([g.shop.currency if cell is None else cell for cell in line] for line in _EXAMPLES)
    return web.download_sheet("products-example.csv", HEADINGS, lines)


@bp.get("/<int:import_id>")
def show_import(import_id: int) -> ResponseReturnValue:
    summary = queries.get_import(g.session, g.shop.id, import_id, vendor_id=g.vendor.id)
    show, search = request.args.get("show", ""), web.read_search()
    return render_template(
        "portal/products/import.html",
        summary=summary,
        made=summary.made,
        page=queries.list_rows(g.session, summary, show=show, search=search, place=web.read_place()),
        show=show,
        search=search,
    )


@bp.get("/<int:import_id>/errors.csv")
def download_errors(import_id: int) -> ResponseReturnValue:
    """The lines that were not taken in, to mend and send again."""
    made = queries.get_import(g.session, g.shop.id, import_id, vendor_id=g.vendor.id).made
    return web.download_lines(f"products-to-mend-{import_id}.csv", queries.write_bad_lines(g.session, made))


@bp.post("/<int:import_id>/<action>")
def act(import_id: int, action: str) -> ResponseReturnValue:
    """Start, cancel, undo or discard."""
    made = service.lock_import(g.session, g.shop.id, g.vendor.id, import_id)
    if action == "discard":
        service.discard(g.session, made)
        flash(_("The file is dropped. Nothing was changed."), "good")
        return redirect("/portal/products/import", 303)
    verbs = {"start": service.start, "cancel": service.cancel, "undo": service.undo}
    if action not in verbs:
        raise NotFound(_("There is no such action."))
    verbs[action](g.session, made, actor=actor())
    return redirect(f"/portal/products/import/{import_id}", 303)


def _upload_page(error: str = "") -> str:
    return render_template(
        "portal/products/import_new.html",
        error=error,
        imports=_find(web.read_place()),
        most_lines=columns.MOST_LINES,
        most_megabytes=columns.MOST_BYTES // 1024 // 1024,
        names=columns.NAMES,
    )


def _locations() -> Mapping[int, str]:
    return places.get_places(g.session, g.session.get_one(Shop, g.shop.id)).others
