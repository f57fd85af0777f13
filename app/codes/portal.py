"""A vendor's codes: made, printed, led elsewhere, and how often they were scanned."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.portal import actor, protect
from app.codes import drawing, queries, service
from app.codes.forms import CodeForm
from app.codes.views import COLUMNS, cells_of
from app.errors import NotFound, ValidationErrors
from app.languages import _
from app.models.codes import QrCode
from app.outcomes import Outcome

bp = Blueprint("portal_codes", __name__, url_prefix="/portal/codes")
protect(bp)

SHEET: Final = (("large", 1), ("middle", 4), ("small", 12))


@bp.get("")
def list_codes() -> ResponseReturnValue:
    return _list_page()


def _list_page(results: Sequence[Outcome] = (), *, wrong: str = "") -> str:
    wanted = _wanted()
    page = queries.list_codes(g.session, g.shop, wanted, place=web.read_place())
    return render_template("portal/codes/list.html", page=page, wanted=wanted, results=results, wrong=wrong)


@bp.post("/away")
def put_many_away() -> ResponseReturnValue:
    """The ticked ones, with a result for each."""
    codes = _chosen()
    if not codes:
        return _list_page(wrong=_("Tick at least one code.")), 422
    return _list_page([_put_one_away(code) for code in codes])


def _put_one_away(code: QrCode) -> Outcome:
    if code.archived_at:
        return Outcome(is_done=False, words=_("It was put away before."), title=code.name, row_id=code.id)
    service.put_away(g.session, code, away=True, actor=actor())
    words = _("Put away. Printed copies lead to your page.")
    return Outcome(is_done=True, words=words, title=code.name, row_id=code.id)


@bp.get("/sheet")
def print_sheets() -> ResponseReturnValue:
    """Several codes in one size, to cut out; below each its name, outside of what is cut."""
    size = drawing.read_size(request.args.get("size"))
    pieces = [(size, code, drawing.write_inline(g.shop, code)) for code in _chosen()]
    return render_template("portal/codes/sheet.html", rows=[pieces], code=None)


@bp.get("/files.zip")
def download_many() -> ResponseReturnValue:
    """Each ticked code as SVG and as PNG."""
    return web.download("codes.zip", drawing.write_archive(g.shop, _chosen()), "application/zip")


@bp.get("/export.csv")
def export_codes() -> ResponseReturnValue:
    """What the list shows."""
    rows = queries.walk(g.session, g.shop, _wanted())
    return web.download_sheet("codes.csv", COLUMNS, map(cells_of, rows))


@bp.get("/new")
def show_new() -> ResponseReturnValue:
    product = request.args.get("product", None, int)
    kind = "product" if product else "vendor"
    form = CodeForm(destination=kind, product_id=product)
    return _form_page(form)


@bp.post("/new")
def make() -> ResponseReturnValue:
    form = CodeForm(request.form)
    if not form.validate():
        return _form_page(form), 422
    try:
        code = service.make(g.session, g.vendor, form.data, actor=actor())
    except ValidationErrors as refused:
        return _form_page(_mark(form, refused)), 422
    flash(_("Made. Print it, or download it for your own design."), "good")
    return redirect(f"/portal/codes/{code.id}", 303)


@bp.get("/<int:code_id>")
def show_code(code_id: int) -> ResponseReturnValue:
    code = queries.get_code(g.session, g.vendor.id, code_id)
    form = CodeForm(obj=code, destination=code.destination.value)
    form.destination.data = code.destination.value
    return _form_page(form, code)


@bp.post("/<int:code_id>")
def change(code_id: int) -> ResponseReturnValue:
    code = queries.get_code(g.session, g.vendor.id, code_id)
    form = CodeForm(request.form)
    if not form.validate():
        return _form_page(form, code), 422
    try:
        service.change(g.session, code, form.data, actor=actor())
    except ValidationErrors as refused:
        return _form_page(_mark(form, refused), code), 422
    flash(_("Saved. What is printed already leads there from now on."), "good")
    return redirect(f"/portal/codes/{code_id}", 303)


@bp.post("/<int:code_id>/away")
def put_away(code_id: int) -> ResponseReturnValue:
    code = queries.get_code(g.session, g.vendor.id, code_id)
    away = request.form.get("away") == "yes"
    service.put_away(g.session, code, away=away, actor=actor())
    flash(_("Put away. Printed copies lead to your page.") if away else _("It is in use again."), "good")
    return redirect("/portal/codes" if away else f"/portal/codes/{code_id}", 303)


@bp.get("/<int:code_id>/code.<kind>")
def download(code_id: int, kind: str) -> ResponseReturnValue:
    if kind not in {"svg", "png"}:
        raise NotFound(_("A code comes as SVG or PNG."))
    code = queries.get_code(g.session, g.vendor.id, code_id)
    types = {"svg": "image/svg+xml", "png": "image/png"}
    return web.download(f"code-{code.code}.{kind}", drawing.write_file(g.shop, code, kind), types[kind])


@bp.get("/<int:code_id>/sheet")
def print_sheet(code_id: int) -> ResponseReturnValue:
    """A page of A4 with the code in three sizes, to cut out."""
    code = queries.get_code(g.session, g.vendor.id, code_id)
    drawn = drawing.write_inline(g.shop, code)
    rows = [[(size, code, drawn)] * number for size, number in SHEET]
    return render_template("portal/codes/sheet.html", rows=rows, code=code)


def _chosen() -> Sequence[QrCode]:
    return [code for code, _vendor in queries.list_chosen(g.session, g.shop.id, web.read_ticked("code"), g.vendor.id)]


def _mark(form: CodeForm, refused: ValidationErrors) -> CodeForm:
    for name, words in refused.errors.items():
        form[name].errors = [words]
    return form


def _form_page(form: CodeForm, code: QrCode | None = None) -> str:
    form.offer(list(queries.list_products(g.session, g.vendor.id)))
    if code is None:
        return render_template("portal/codes/code.html", form=form, code=None)
    return render_template(
        "portal/codes/code.html",
        form=form,
        code=code,
        address=service.address_of(g.shop, code),
        drawn=drawing.write_inline(g.shop, code),
        total=queries.count_all(g.session, code.id),
        days=queries.count_by_day(g.session, code.id, clock.today(g.shop.timezone)),
        way=service.find_way(g.session, code, clock.now()),
    )


def _wanted() -> queries.Wanted:
    args = request.args
    state, sort = args.get("state", ""), args.get("sort", "")
    return queries.Wanted(
        vendor_id=g.vendor.id,
        search=web.read_search(),
        state=state if state in queries.STATES else "",
        sort=sort if sort in queries.SORTS else "newest",
    )
