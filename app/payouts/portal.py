"""A vendor's money: what is theirs at which stage, what moved it, and what was paid out."""

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import protect
from app.languages import lazy
from app.ledger.queries import list_currencies, list_movements, vendor_balances
from app.ledger.stops import is_stopped
from app.money import Money
from app.orders.queries import list_holds, sales_by_day
from app.orders.words import KIND_WORDS
from app.payouts import invoice_files, invoice_lists, invoices, queries, statements
from app.vendors.payout_details import held_until
from app.web import download_sheet, read_place, write_money_short

bp = Blueprint("portal_money", __name__, url_prefix="/portal/money")
protect(bp)

_MOST_PAGES: Final = 100
STATES = {
    "pending": (lazy("Being prepared"), "info"),
    "on_hold": (lazy("On hold"), "warn"),
    "approved": (lazy("Approved"), "info"),
    "sending": (lazy("Being sent"), "info"),
    "sent": (lazy("Paid out"), "good"),
    "settled": (lazy("Arrived"), "good"),
    "failed": (lazy("Came back"), "bad"),
    "cancelled": (lazy("Cancelled"), None),
}


@bp.get("")
def money() -> ResponseReturnValue:
    vendor, before = g.vendor, request.args.get("before", "")
    currencies = sorted({g.shop.currency, *list_currencies(g.session, g.shop.id, vendor.id)})
    asked = request.args.get("currency", "")
    currency = asked if asked in currencies else g.shop.currency
    statement = list_movements(g.session, g.shop.id, vendor.id, currency, cursor=before)
    return render_template(
        "portal/money/show.html",
        balances=vendor_balances(g.session, g.shop.id, currency, vendor.id),
        currency=currency,
        currencies=currencies,
        next_day=queries.find_payout_day(g.session, g.shop, vendor.id),
        holds=list_holds(g.session, vendor.id),
        payouts=queries.list_vendor_payouts(g.session, vendor.id),
        movements=statement.rows,
        older=statement.older,
        before=before,
        names=queries.name_movements(g.session, vendor.id, statement.rows),
        sales=sales_by_day(g.session, vendor.id, currency, g.shop.timezone),
        details_wait_until=held_until(vendor),
        is_stopped=is_stopped(g.session, vendor.id),
        tick=lambda minor: write_money_short(Money(minor, currency)),
        states=STATES,
        kind_words=KIND_WORDS,
        money_of=Money,
    )


@bp.get("/export.csv")
def export_movements() -> Response:
    """Everything that moved the money in one currency, newest first, up to 5,000 movements."""
    currency = request.args.get("currency", "") or g.shop.currency
    heading = ["booked_at", "order_or_payout", "what", "of", "amount", "balance", "currency"]
    return download_sheet("money.csv", heading, _list_cells(currency))


def _list_cells(currency: str) -> Iterator[list[object]]:
    cursor: str | None = ""
    for _page in range(_MOST_PAGES):
        statement = list_movements(g.session, g.shop.id, g.vendor.id, currency, cursor=cursor or "")
        names = queries.name_movements(g.session, g.vendor.id, statement.rows)
        for moved in statement.rows:
            name, what, _link = names.get(moved.transaction.id, ("", "", None))
            kind = str(KIND_WORDS.get(moved.transaction.kind, moved.transaction.kind))
            balance = str(moved.balance.decimal) if moved.balance else ""
            amount = str(moved.amount.decimal)
            yield [moved.transaction.booked_at, name, kind, str(what), amount, balance, currency]
        cursor = statement.older
        if cursor is None:
            return


@bp.get("/payouts/<int:payout_id>")
def show_payout(payout_id: int) -> ResponseReturnValue:
    payout = queries.get_payout(g.session, g.shop.id, payout_id, g.vendor.id)
    return render_template(
        "portal/money/payout.html",
        payout=payout,
        amount=Money(payout.amount_minor, payout.currency),
        entries=queries.list_paid_entries(g.session, payout),
        moves=queries.list_moves(g.session, payout),
        states=STATES,
        explain=lambda paid: statements.explain_entry(paid, g.locale),
    )


@bp.get("/payouts/<int:payout_id>/statement.<kind>")
def statement(payout_id: int, kind: str) -> ResponseReturnValue:
    payout = queries.get_payout(g.session, g.shop.id, payout_id, g.vendor.id)
    body, media_type = statements.make_file(g.session, g.shop, payout, kind)
    headers = {"Content-Disposition": f'attachment; filename="statement-{payout.reference}.{kind}"'}
    return Response(body, mimetype=media_type, headers=headers)


@bp.get("/invoices")
def list_invoices() -> ResponseReturnValue:
    """What the shop charged the vendor for selling."""
    args = request.args
    wanted = invoice_lists.Wanted(words=args.get("q", ""), month=args.get("month", ""), vendor_id=g.vendor.id)
    page = invoice_lists.list_invoices(g.session, g.shop, wanted, place=read_place())
    return render_template(
        "portal/money/invoices.html",
        page=page.with_rows([invoice for invoice, _vendor in page.rows]),
        months=[(month, month) for month in invoice_lists.list_months(g.session, g.shop)],
        titles=invoice_files.TITLES,
        total_of=lambda invoice: Money(invoice.net_minor + invoice.tax_minor, invoice.currency),
    )


@bp.get("/invoices/<int:invoice_id>.<kind>")
def download_invoice(invoice_id: int, kind: str) -> ResponseReturnValue:
    invoice = invoices.get_invoice(g.session, g.shop.id, invoice_id, g.vendor.id)
    body, media_type = invoice_files.make_file(g.session, invoice, kind)
    headers = {"Content-Disposition": f'attachment; filename="{invoice.number}.{kind}"'}
    return Response(body, mimetype=media_type, headers=headers)
