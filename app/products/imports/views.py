"""The merchant's look at vendors' product files: what each did, and what was wrong in it."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.products.imports import queries

bp = Blueprint("product_imports", __name__, url_prefix="/app/products/imports")
protect(bp)


@bp.get("")
def list_imports() -> ResponseReturnValue:
    page = queries.list_imports(g.session, g.shop.id, place=web.read_place())
    return render_template("merchant/products/imports.html", page=page)


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
