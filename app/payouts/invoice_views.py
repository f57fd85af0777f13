"""The merchant's fee invoices: issue them, find them, take them away in one archive."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth import meanwhile, merchant
from app.errors import Conflict
from app.models.events import AuditEntry
from app.payouts import archives, invoice_files, invoice_lists, invoice_runs, invoices, queries, settings
from app.payouts.forms import InvoiceForm

bp = Blueprint("fee_invoices", __name__, url_prefix="/app/payouts/invoices")
merchant.protect(bp)

_SAVES = AuditEntry.action == "fee_invoices.settings"


@bp.get("")
def list_invoices() -> ResponseReturnValue:
    return _page()


@bp.post("")
def issue() -> ResponseReturnValue:
    """Have everything up to yesterday invoiced."""
    try:
        invoice_runs.ask(g.session, g.shop, until=clock.today(g.shop.timezone), actor=merchant.actor())
    except Conflict as error:
        return web.refuse(_page(), error)
    return web.toast(_page(), "Invoices are being issued.")


@bp.post("/runs/<int:run_id>/stop")
def stop(run_id: int) -> ResponseReturnValue:
    is_stopped = invoice_runs.stop(g.session, g.shop.id, run_id, actor=merchant.actor())
    return web.toast(_page(), "Stopped" if is_stopped else "It was over already.")


@bp.post("/settings")
def save_settings() -> ResponseReturnValue:
    meanwhile.refuse_second(_SAVES)
    form = InvoiceForm(request.form)
    if not form.validate():
        return _page(form=form), 422
    monthly = bool(form.invoice_monthly.data)
    chosen = {name: value or "" for name, value in form.data.items() if name != form.invoice_monthly.name}
    settings.save_invoicing(g.session, g.shop, chosen, monthly=monthly, actor=merchant.actor())
    return web.toast(_page(), "Saved")


@bp.get("/<int:invoice_id>.<kind>")
def download(invoice_id: int, kind: str) -> ResponseReturnValue:
    invoice = invoices.get_invoice(g.session, g.shop.id, invoice_id)
    body, media_type = invoice_files.make_file(g.session, invoice, kind)
    return web.download(f"{invoice.number}.{kind}", body, media_type)


@bp.get("/all.csv")
def export() -> ResponseReturnValue:
    """Every invoice that the list shows with its present search, or that was ticked, as one table."""
    rows = invoice_lists.walk(g.session, g.shop, read_wanted())
    cells = (invoice_lists.cells_of(g.shop, *row) for row in rows)
    return web.download_sheet("invoices.csv", invoice_lists.COLUMNS, cells)


def _page(*, form: InvoiceForm | None = None) -> str:
    wanted, held = read_wanted(), queries.find_settings(g.session, g.shop.id)
    vendors = invoice_lists.list_vendors(g.session, g.shop)
    return render_template(
        "merchant/payouts/invoices.html",
        page=invoice_lists.list_invoices(g.session, g.shop, wanted, place=web.read_place()),
        titles=invoice_files.TITLES,
        form=form or InvoiceForm(obj=held),
        knows_seller=invoices.knows_seller(held),
        seen=meanwhile.mark(_SAVES),
        month_choices=[(month, month) for month in invoice_lists.list_months(g.session, g.shop)],
        vendor_choices=[(str(vendor_id), name) for vendor_id, name in vendors],
        run=invoice_runs.find_latest(g.session, g.shop.id),
        archives=archives.list_recent(g.session, g.shop.id, archives.ABOUT_INVOICES),
        searched=wanted != invoice_lists.Wanted(),
    )


def read_wanted() -> invoice_lists.Wanted:
    """Which invoices the list shows, or of them those that were ticked."""
    args = request.args
    return invoice_lists.Wanted(
        words=web.read_search(),
        month=args.get("month", ""),
        vendor_id=args.get("vendor", type=int),
        ids=tuple(web.read_ticked("invoice")),
    )
