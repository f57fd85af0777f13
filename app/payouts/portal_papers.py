"""A vendor's holds, payouts and fee invoices as lists: found again, and taken away as papers and tables."""

from typing import Final

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import protect
from app.keyset import Page, Place
from app.models.orders import VendorOrder
from app.models.payouts import Payout
from app.orders.queries import page_holds
from app.payouts import invoice_files, invoice_lists, invoices, queries, statements, vendor_archives, vendor_list
from app.payouts.portal import STATES

bp = Blueprint("portal_papers", __name__, url_prefix="/portal/money")
protect(bp)

_COLUMNS: Final = ("reference", "state", "amount", "currency", "account_ends_in", "prepared_at", "sent_at")


@bp.get("/payouts")
def list_payouts() -> ResponseReturnValue:
    wanted = _wanted_payouts()
    return render_template(
        "portal/money/payouts.html",
        page=vendor_list.list_payouts(g.session, g.shop, wanted, place=web.read_place()),
        wanted=wanted,
        years=vendor_list.list_years(g.session, g.shop, g.vendor.id),
        states=STATES,
    )


@bp.get("/holds")
def list_holds() -> ResponseReturnValue:
    return render_template(
        "portal/money/holds.html",
        page=_find_holds(web.read_place()),
    )


@bp.get("/holds/export.csv")
def export_holds() -> Response:
    """What the list shows, up to 5,000 orders."""
    heading = ("order", "ordered_at", "released_at", "from_reserve", "earned", "currency")
    return web.download_sheet("holds.csv", heading, map(_hold_cells, web.every_row(_find_holds)))


def _hold_cells(part: VendorOrder) -> list[object]:
    earned = part.earned.decimal
    from_reserve = "yes" if part.hold_reason == "reserve" else "no"
    return [part.name, part.ordered_at, part.next_release_at, from_reserve, earned, part.currency]


def _find_holds(place: Place) -> Page[VendorOrder]:
    search, last_first = web.read_search(), request.args.get("sort") == "last"
    return page_holds(g.session, g.vendor.id, search=search, last_first=last_first, place=place)


@bp.get("/payouts/export.csv")
def export_payouts() -> Response:
    """What the list shows."""
    rows = vendor_list.walk(g.session, g.shop, _wanted_payouts())
    return web.download_sheet("payouts.csv", _COLUMNS, map(_cells, rows))


def _cells(payout: Payout) -> list[object]:
    paid = (payout.amount.decimal, payout.currency, payout.last4)
    return [payout.reference, payout.state.value, *paid, payout.created_at, payout.sent_at]


@bp.get("/payouts/statements.zip")
def download_statements() -> Response:
    """Those of the ticked payouts."""
    chosen = vendor_list.list_chosen(g.session, g.vendor.id, web.read_ticked("payout"))
    body = vendor_archives.zip_statements(g.shop.id, g.vendor.id, chosen)
    return web.download("statements.zip", body, "application/zip")


@bp.get("/payouts/<int:payout_id>/statement.<kind>")
def statement(payout_id: int, kind: str) -> ResponseReturnValue:
    payout = queries.get_payout(g.session, g.shop.id, payout_id, g.vendor.id)
    body, media_type = statements.make_file(g.session, g.shop, payout, kind)
    return web.download(f"statement-{payout.reference}.{kind}", body, media_type)


@bp.get("/invoices")
def list_invoices() -> ResponseReturnValue:
    """What the shop charged the vendor for selling."""
    wanted = _wanted_invoices()
    page = invoice_lists.list_invoices(g.session, g.shop, wanted, place=web.read_place())
    return render_template(
        "portal/money/invoices.html",
        page=page.with_rows([invoice for invoice, _vendor in page.rows]),
        wanted=wanted,
        months=[(month, month) for month in invoice_lists.list_months(g.session, g.shop, g.vendor.id)],
        titles=invoice_files.TITLES,
    )


@bp.get("/invoices/export.csv")
def export_invoices() -> Response:
    """What the list shows."""
    rows = invoice_lists.walk(g.session, g.shop, _wanted_invoices())
    cells = (invoice_lists.cells_of(g.shop, *row) for row in rows)
    return web.download_sheet("invoices.csv", invoice_lists.COLUMNS, cells)


@bp.get("/invoices/papers.zip")
def download_invoices() -> Response:
    """The ticked ones."""
    ids = tuple(web.read_ticked("invoice"))
    wanted = invoice_lists.Wanted(vendor_id=g.vendor.id, ids=ids)
    chosen = invoice_lists.list_ids(g.session, g.shop, wanted) if ids else []
    body = vendor_archives.zip_invoices(g.shop.id, g.vendor.id, chosen)
    return web.download("invoices.zip", body, "application/zip")


@bp.get("/invoices/<int:invoice_id>.<kind>")
def download_invoice(invoice_id: int, kind: str) -> ResponseReturnValue:
    invoice = invoices.get_invoice(g.session, g.shop.id, invoice_id, g.vendor.id)
    body, media_type = invoice_files.make_file(g.session, invoice, kind)
    return web.download(f"{invoice.number}.{kind}", body, media_type)


def _wanted_payouts() -> vendor_list.Wanted:
    args = request.args
    return vendor_list.Wanted(
        vendor_id=g.vendor.id,
        search=web.read_search(),
        state=args.get("state", ""),
        year=args.get("year", ""),
        sort=args.get("sort", "newest"),
    )


def _wanted_invoices() -> invoice_lists.Wanted:
    args = request.args
    words, oldest = web.read_search(), args.get("sort") == "oldest"
    return invoice_lists.Wanted(words=words, month=args.get("month", ""), vendor_id=g.vendor.id, oldest_first=oldest)
