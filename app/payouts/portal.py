"""A vendor's money: what is theirs at which stage, what moved it, and what was paid out."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import protect
from app.formats import write_money_short
from app.languages import lazy
from app.ledger.queries import list_currencies, list_movements, vendor_balances
from app.ledger.stops import is_stopped
from app.money import Money
from app.orders.queries import list_holds, sales_by_day
from app.orders.words import KIND_WORDS
from app.payouts import contents, queries, statements
from app.vendors.payout_details import held_until

bp = Blueprint("portal_money", __name__, url_prefix="/portal/money")
protect(bp)

_LATEST: Final = 5
_LATEST_MOVES: Final = 10
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
    vendor = g.vendor
    currency, currencies = choose_currency()
    statement = list_movements(g.session, g.shop.id, vendor.id, currency, limit=_LATEST_MOVES)
    return render_template(
        "portal/money/show.html",
        balances=vendor_balances(g.session, g.shop.id, currency, vendor.id),
        currency=currency,
        currencies=currencies,
        next_day=queries.find_payout_day(g.session, g.shop, vendor.id),
        holds=list_holds(g.session, vendor.id, limit=_LATEST),
        payouts=queries.list_vendor_payouts(g.session, vendor.id, limit=_LATEST),
        movements=statement.rows,
        names=contents.name_movements(g.session, vendor.id, statement.rows),
        sales=sales_by_day(g.session, vendor.id, currency, g.shop.timezone),
        details_wait_until=held_until(vendor),
        is_stopped=is_stopped(g.session, vendor.id),
        tick=lambda minor: write_money_short(Money(minor, currency)),
        states=STATES,
        kind_words=KIND_WORDS,
        money_of=Money,
    )


def choose_currency() -> tuple[str, list[str]]:
    """The one that the page asks for, or the shop's; and all in which the vendor has or had money."""
    currencies = sorted({g.shop.currency, *list_currencies(g.session, g.shop.id, g.vendor.id)})
    asked = request.args.get("currency", "")
    return asked if asked in currencies else g.shop.currency, currencies


@bp.get("/payouts/<int:payout_id>")
def show_payout(payout_id: int) -> ResponseReturnValue:
    payout = queries.get_payout(g.session, g.shop.id, payout_id, g.vendor.id)
    moves = queries.list_moves(g.session, payout)
    return render_template(
        "portal/money/payout.html",
        payout=payout,
        reason=moves[-1].vendors_reason,
        entries=contents.page_paid_entries(g.session, payout, web.read_place()),
        moves=moves,
        states=STATES,
        explain=lambda paid: statements.explain_entry(paid, g.locale),
    )
