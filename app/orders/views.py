"""The merchant's orders: the list, and one order with who gets what of it and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.config import get_config
from app.keyset import Page, Place
from app.ledger import queries as ledger
from app.models.cancellations import Cancellation
from app.models.orders import Order, OrderDispute, OrderRefund
from app.models.shops import Shop
from app.money import Money, parse_money
from app.orders import cancellations, decisions, queries, senders
from app.orders.cancel_preview import Effect, preview
from app.orders.inscriptions import list_inscriptions
from app.orders.left import held_items
from app.orders.packed import list_packed
from app.orders.reasons import say_reason
from app.orders.return_requests import list_returns
from app.orders.service import read_facts
from app.orders.words import (
    ACCOUNT_WORDS,
    DECLINE_WORDS,
    DISPUTE_WORDS,
    KIND_WORDS,
    PART_WORDS,
    PAYMENT_WORDS,
    RETURN_WORDS,
    STAGE_WORDS,
)
from app.typed import read_day
from app.vendors.queries import offer_vendors

bp = Blueprint("orders", __name__, url_prefix="/app/orders")
protect(bp)

PER_PAGE: Final = 100
"""Of an order's lines, and of its bookings."""


@bp.get("")
def list_orders() -> ResponseReturnValue:
    args = request.args
    return render_template(
        "merchant/orders/list.html",
        page=_find(web.read_place()),
        payment_words=PAYMENT_WORDS,
        part_words=PART_WORDS,
        vendors=offer_vendors(g.session, g.shop.id, request.args.get("vendor", None, int)),
        searched=any(args.get(name) for name in ("q", "status", "vendor", "since", "until")),
        collects=senders.collects_anything(g.session, g.shop.id),
    )


@bp.get("/export.csv")
def export_orders() -> ResponseReturnValue:
    """What the list shows, up to 5,000 orders."""
    heading = ["order", "ordered_at", "customer", "vendors", "payment", "shipping", "total", "currency"]
    rows = web.every_row(_find)
    return web.download_sheet("orders.csv", heading, (_cells(row) for row in rows))


def _cells(row: queries.OrderRow) -> list[object]:
    order = row.order
    who = [order.customer_name, ", ".join(row.vendors)]
    states = [order.financial_status, row.shipping]
    return [order.name, order.ordered_at, *who, *states, str(row.total.decimal), order.currency]


@bp.get("/<int:order_id>")
def show_order(order_id: int) -> ResponseReturnValue:
    web.read_at_one_moment()
    return order_page(queries.get_order(g.session, g.shop.id, order_id))


def order_page(order: Order, *, errors: Mapping[str, str] | None = None) -> str:
    """One order with who gets what of it; `errors` stand beside what a person could not decide."""
    split = queries.read_split(g.session, order)
    parts, every = split.parts, bool(request.args.get("every"))
    lines = queries.page_lines(g.session, order.id, place=web.read_place(), limit=PER_PAGE)
    bookings = ledger.page_order_movements(
        g.session, order.id, every=every, place=web.read_place("booking_"), limit=PER_PAGE
    )
    return render_template(
        "merchant/orders/detail.html",
        order=order,
        errors=errors or {},
        wishes=_wishes(order, parts),
        packed=list_packed(g.session, [part.part.id for part in parts]),
        refunds=_refunds(order),
        disputes=_disputes(order),
        dispute_words=DISPUTE_WORDS,
        returns=list_returns(g.session, order),
        return_words=RETURN_WORDS,
        decline_words=DECLINE_WORDS,
        parts=parts,
        lines=lines,
        written=list_inscriptions(order.shop_id, lines.rows),
        line_sums=ledger.sum_lines(g.session, order.id, [line.shopify_id for line in lines.rows]),
        bookings=bookings,
        every=every,
        titles={f"line:{line.shopify_id}": line.title for line in split.lines},
        vendor_names={part.part.vendor_id: part.vendor.name for part in parts},
        stage_words=STAGE_WORDS,
        shares=_shares(order.currency, split.sums),
        admin_url=admin_url(g.shop, order.shopify_id),
        money_of=lambda minor: Money(minor, order.currency),
        payment_words=PAYMENT_WORDS,
        part_words=PART_WORDS,
        say_reason=say_reason,
        held_items=held_items,
        kind_words=KIND_WORDS,
        account_words=ACCOUNT_WORDS,
    )


def _wishes(
    order: Order, parts: Sequence[queries.VendorPart]
) -> list[tuple[Cancellation, list[cancellations.Item], Effect | None, str]]:
    """Each wish to cancel with its items, what it would do while nobody has answered, and the reason in words."""
    by_vendor = {part.part.vendor_id: part.part for part in parts}
    return [
        (
            wish,
            cancellations.list_items(g.session, wish),
            preview(by_vendor[wish.vendor_id], {int(line): units for line, units in wish.quantities.items()})
            if wish.state == "asked"
            else None,
            cancellations.name_reason(wish),
        )
        for wish in cancellations.list_of_order(g.session, order.shop_id, order.shopify_id)
    ]


def _refunds(order: Order) -> list[tuple[OrderRefund, Money]]:
    """The refunds that returned money, with how much, in shop money."""
    rows = {row.shopify_id: row for row in queries.list_refunds(g.session, order)}
    known = read_facts(g.session, order).refunds if rows else ()
    return [(rows[one.id], Money(one.returned, order.currency)) for one in known if one.returned and one.id in rows]


def _disputes(order: Order) -> list[tuple[OrderDispute, Money]]:
    rows = decisions.list_disputes(g.session, order)
    return [(row, parse_money(row.snapshot["amount"], row.snapshot["currency"])) for row in rows]


def admin_url(shop: Shop, order_shopify_id: int) -> str:
    """The order's own page in the Shopify admin."""
    name = shop.domain.removesuffix(".myshopify.com")
    return f"{get_config().shopify_admin_url}/store/{name}/orders/{order_shopify_id}"


def _find(place: Place) -> Page[queries.OrderRow]:
    args = request.args
    wanted = queries.Wanted(
        search=web.read_search(),
        status=args.get("status", ""),
        vendor_id=args.get("vendor", None, int),
        since=_midnight(args.get("since")),
        until=_midnight(args.get("until"), days=1),
        sort=args.get("sort", "newest"),
    )
    return queries.list_orders(g.session, g.shop.id, wanted, place=place)


def _midnight(typed: str | None, *, days: int = 0) -> datetime | None:
    """When a day as typed begins where the shop is, or so many days later; None for what is no day."""
    day = read_day(typed)
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(g.shop.timezone)) if day else None


def _shares(currency: str, order_sums: Sequence[ledger.OrderSum]) -> list[tuple[str, Money]]:
    """Who has what of the order now: all vendors together, then each account of the marketplace."""
    sums: dict[str, int] = {}
    for one in order_sums:
        name = "vendors" if one.vendor_id is not None else one.account
        sums[name] = sums.get(name, 0) + one.minor
    received = -sums.pop("customer_receipts", 0)
    # What is disputed is neither lost nor anybody's yet: both sides of it cancel out.
    sums["chargebacks"] = sums.get("chargebacks", 0) + sums.pop("disputes", 0)
    parts = [(name, Money(amount, currency)) for name, amount in sums.items() if amount]
    return [*parts, ("received", Money(received, currency))]
