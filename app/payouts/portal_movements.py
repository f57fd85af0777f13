"""Everything that moved a vendor's money: as a bank's statement, or searched."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.portal import protect
from app.languages import lazy
from app.ledger.queries import Movement, Sought, find_movements, list_movements
from app.orders.words import KIND_WORDS
from app.payouts import contents
from app.payouts.portal import choose_currency

bp = Blueprint("portal_movements", __name__, url_prefix="/portal/money")
protect(bp)

_MOST_PAGES: Final = 100
_COLUMNS: Final = ("booked_at", "order_or_payout", "what", "of", "amount", "balance", "currency")
KINDS: Final = {
    "sale": (lazy("Sales"), ("sale",)),
    "back": (lazy("Refunds and changes"), ("refund", "edit", "cancellation")),
    "dispute": (lazy("Disputes"), ("dispute", "dispute_fee", "dispute_won", "dispute_lost")),
    "fee": (lazy("Payment fees"), ("payment_fee", "payment_fee_back")),
    "adjustment": (lazy("Adjusted by hand"), ("adjustment", "adjustment_reversed")),
    "payout": (lazy("Payouts"), ("payout_claim", "payout_sent", "payout_given_back")),
}
"""What a vendor tells apart, and the kinds of postings that it means."""


@bp.get("/movements")
def list_all() -> ResponseReturnValue:
    before, (currency, currencies), sought = request.args.get("before", ""), choose_currency(), _read_sought()
    found, older = None, None
    if sought != Sought():
        found = find_movements(g.session, g.vendor.id, currency, sought, place=web.read_place())
        movements = found.rows
    else:
        statement = list_movements(g.session, g.shop.id, g.vendor.id, currency, cursor=before)
        movements, older = statement.rows, statement.older
    return render_template(
        "portal/money/movements.html",
        movements=movements,
        found=found,
        older=older,
        before=before,
        currency=currency,
        currencies=currencies,
        names=contents.name_movements(g.session, g.vendor.id, movements),
        kinds=KINDS,
        kind_words=KIND_WORDS,
    )


@bp.get("/export.csv")
def export() -> Response:
    """What the list shows, newest first, up to 5,000 movements."""
    currency, _currencies = choose_currency()
    return web.download_sheet("money.csv", _COLUMNS, _list_cells(_walk(currency), currency))


def _walk(currency: str) -> Iterator[list[Movement]]:
    """A page at a time."""
    sought = _read_sought()
    if sought != Sought():
        find = partial(find_movements, g.session, g.vendor.id, currency, sought)
        yield list(web.every_row(lambda place: find(place=place), _MOST_PAGES))
        return
    cursor: str | None = ""
    for _page in range(_MOST_PAGES):
        statement = list_movements(g.session, g.shop.id, g.vendor.id, currency, cursor=cursor or "")
        yield list(statement.rows)
        cursor = statement.older
        if cursor is None:
            return


def _list_cells(pages: Iterable[list[Movement]], currency: str) -> Iterator[list[object]]:
    for rows in pages:
        names = contents.name_movements(g.session, g.vendor.id, rows)
        for moved in rows:
            name, what, _link = names.get(moved.transaction.id, ("", "", None))
            kind = str(KIND_WORDS.get(moved.transaction.kind, moved.transaction.kind))
            balance = moved.balance.decimal if moved.balance is not None else None
            yield [moved.transaction.booked_at, name, kind, str(what), moved.amount.decimal, balance, currency]


def _read_sought() -> Sought:
    args = request.args
    days = args.get("days", 0, int)
    _words, kinds = KINDS.get(args.get("kind", ""), ("", ()))
    since = clock.now() - timedelta(days=days) if 0 < days <= 3660 else None
    return Sought(web.read_search(), kinds, since)
