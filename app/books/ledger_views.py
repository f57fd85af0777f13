"""The merchant's ledger: the list of postings, the accounts, and any vendor's amount explained."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import web
from app.auth.merchant import protect
from app.books.explain import Explanation, explain, find_release, get_place, list_discounts
from app.books.queries import find_last
from app.commissions.money_words import SHARES
from app.ledger import listing
from app.ledger.adjustments import find_of_keys
from app.ledger.queries import list_accounts
from app.models.ledger import LedgerTransaction
from app.models.orders import Order
from app.models.payouts import PayoutBatch
from app.money import Money
from app.orders.reasons import say_reason, say_way
from app.orders.words import ACCOUNT_WORDS, HOLD_WORDS, KIND_WORDS, STAGE_WORDS
from app.payouts.queries import STATE_WORDS
from app.typed import read_day
from app.vendors.queries import offer_vendors

bp = Blueprint("books", __name__, url_prefix="/app/books")
protect(bp)

MOST_EXPORTED: Final = 100_000
_EVERYTHING: Final = "all"
_HEAD: Final = (
    "booked_at", "happened_at", "posting", "kind", "order", "payout", "vendor", "account", "amount", "currency", "entry"
)  # fmt: skip


@bp.get("")
def list_postings() -> ResponseReturnValue:
    wanted = _read_filter()
    page = listing.list_postings(g.session, g.shop.id, wanted, place=web.read_place())
    return render_template(
        "merchant/books/ledger.html",
        page=page,
        wanted=wanted,
        reasons=find_of_keys(g.session, [row.transaction.key for row in page.rows]),
        vendors=offer_vendors(g.session, g.shop.id, wanted.vendor_id),
        kinds=[("", "What changes an amount"), (_EVERYTHING, "Every booking"), *KIND_WORDS.items()],
        currencies=_currencies(),
        last=find_last(g.session, g.shop.id),
        money_of=Money,
        kind_words=KIND_WORDS,
        account_words=ACCOUNT_WORDS,
        stage_words=STAGE_WORDS,
    )


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the list shows, a line for each entry, of up to 100,000 postings."""
    rows = listing.walk(g.session, g.shop.id, _read_filter(), most=MOST_EXPORTED)
    return web.download_sheet("ledger.csv", _HEAD, itertools.chain.from_iterable(map(_lines, rows)))


def _lines(row: listing.PostingRow) -> Iterator[Sequence[object]]:
    one = row.transaction
    about = [row.order_name, row.payout.reference if row.payout else "", row.vendor_name]
    for entry in row.entries:
        amount = Money(entry.amount_minor, entry.currency).decimal
        ends = [entry.account, amount, entry.currency, entry.id]
        yield [one.booked_at, one.happened_at, one.source_key, one.kind, *about, *ends]


@bp.get("/accounts")
def show_accounts() -> ResponseReturnValue:
    accounts = list_accounts(g.session, g.shop.id)
    return render_template("merchant/books/accounts.html", accounts=accounts, account_words=ACCOUNT_WORDS)


@bp.get("/entries/<int:entry_id>")
def explain_entry(entry_id: int) -> ResponseReturnValue:
    """What an amount belongs to, explained: part of an order, a payout, or an adjustment."""
    web.read_at_one_moment()
    place = get_place(g.session, g.shop.id, entry_id)
    row, vendor_id = place.transaction, place.transaction.vendor_id
    if row.order_id and vendor_id:
        return _explained(explain(g.session, g.shop.id, row.order_id, row.component, vendor_id), row.id)
    return _posting_page(row)


@bp.get("/orders/<int:order_id>/vendors/<int:vendor_id>/<component>")
def explain_part(order_id: int, vendor_id: int, component: str) -> ResponseReturnValue:
    web.read_at_one_moment()
    return _explained(explain(g.session, g.shop.id, order_id, component, vendor_id))


def _explained(found: Explanation, marked: int | None = None) -> str:
    order = g.session.get_one(Order, found.part.order_id)
    return render_template(
        "merchant/books/explain.html",
        found=found,
        order=order,
        marked=marked,
        discounts=list_discounts(order, found.line) if found.line else [],
        released=find_release(g.session, found.part),
        kind_words=KIND_WORDS,
        account_words=ACCOUNT_WORDS,
        stage_words=STAGE_WORDS,
        hold_words=HOLD_WORDS,
        say_reason=say_reason,
        say_way=say_way,
        shares=SHARES,
        state_words=STATE_WORDS,
    )


def _posting_page(transaction: LedgerTransaction) -> str:
    (row,) = listing.describe(g.session, [transaction])
    return render_template(
        "merchant/books/posting.html",
        row=row,
        adjustment=find_of_keys(g.session, [transaction.key]).get(transaction.key),
        money_of=Money,
        kind_words=KIND_WORDS,
        account_words=ACCOUNT_WORDS,
        stage_words=STAGE_WORDS,
    )


def _read_filter() -> listing.Filter:
    args, kind = request.args, request.args.get("kind", "")
    first, last = read_day(args.get("from")), read_day(args.get("to"))
    return listing.Filter(
        text=web.read_search(),
        vendor_id=args.get("vendor", type=int),
        kind="" if kind == _EVERYTHING else kind,
        moves=bool(kind),
        currency=args.get("currency", ""),
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last else None,
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(g.shop.timezone))


def _currencies() -> list[str]:
    """The shop's currency, and those it had when payouts were made."""
    earlier = select(PayoutBatch.currency).where(PayoutBatch.shop_id == g.shop.id).distinct()
    return sorted({g.shop.currency, *g.session.scalars(earlier)})
