"""The merchant's look at vendors' product files: what each did, and what was wrong in it."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.merchant import protect
from app.products.imports import queries

bp = Blueprint("product_imports", __name__, url_prefix="/app/products/imports")
protect(bp)


@bp.get("")
def list_imports() -> ResponseReturnValue:
    number = max(1, request.args.get("page", 1, int))
    offset = (number - 1) * queries.PER_PAGE
    return render_template(
        "merchant/products/imports.html",
        imports=queries.list_imports(g.session, g.shop.id, offset=offset),
        total=queries.count_imports(g.session, g.shop.id),
        number=number,
        per_page=queries.PER_PAGE,
    )


@bp.get("/<int:import_id>")
def show_import(import_id: int) -> ResponseReturnValue:
    summary = queries.get_import(g.session, g.shop.id, import_id)
    show, number = request.args.get("show", ""), max(1, request.args.get("page", 1, int))
    rows, total = queries.list_rows(g.session, summary, show=show, page=number)
    return render_template(
        "merchant/products/import.html",
        summary=summary,
        made=summary.made,
        rows=rows,
        show=show,
        total=total,
        number=number,
        per_page=queries.PER_PAGE,
    )
