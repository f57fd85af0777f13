"""The merchant's list of all vendors' products, and what is decided about several at once."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import NotFound
from app.outcomes import Outcome
from app.products import desk, listing, replies, review_list
from app.vendors.queries import offer_vendors

bp = Blueprint("products", __name__, url_prefix="/app/products")
merchant.protect(bp)

_AT_MOST: Final = 20_000
_COLUMNS: Final = (
    "product",
    "vendor",
    "status",
    "price_from",
    "price_to",
    "currency",
    "stock",
    "variants",
    "updated_at",
)


@bp.get("")
def list_products() -> ResponseReturnValue:
    return _list_page()


@bp.post("/together/<action>")
def decide_together(action: str) -> ResponseReturnValue:
    """One decision for every product that was ticked; the page says of each what became of it."""
    if action not in desk.ACTIONS:
        raise NotFound("There is no such action.")
    ids, reason = web.read_ticked("product", listing.PER_PAGE), request.form.get("reason", "").strip()
    if ids and action in desk.REASON_NEEDED and not reason:
        error = "Say in a sentence or two what the vendors should know."
        return _list_page(ticked=ids, error=error), 422
    results = desk.decide(g.session, g.shop, ids, action, reason, actor=merchant.actor())
    kept = "" if results else reason
    return web.answer_together(lambda _: _list_page(action=action, results=results, reason=kept), results)


def _list_page(
    *,
    action: str = "",
    results: Sequence[Outcome] = (),
    ticked: Sequence[int] = (),
    reason: str = "",
    error: str = "",
) -> str:
    wanted = _read_wanted()
    page = listing.list_products(g.session, g.shop.id, wanted, web.read_place())
    return render_template(
        "merchant/products/list.html",
        page=page,
        vendors=offer_vendors(g.session, g.shop.id, wanted.vendor_id),
        waiting=review_list.count_waiting(g.session, g.shop.id),
        action=action,
        results=results,
        ticked=ticked,
        reason=reason,
        error=error,
        replies=replies.list_replies(g.session, g.shop.id),
        placeholders=replies.PLACEHOLDERS,
    )


@bp.get("/export.csv")
def export_products() -> ResponseReturnValue:
    """What the list shows, one line per product."""
    rows = islice(listing.walk(g.session, g.shop.id, _read_wanted()), _AT_MOST)
    return web.download_sheet("products.csv", _COLUMNS, (_cells(row) for row in rows))


def _cells(row: listing.Row) -> list[object]:
    product, prices = row.product, (row.price_from, row.price_to)
    amounts = [str(price.decimal) if price else "" for price in prices]
    currency = row.price_from.currency if row.price_from else ""
    what = [product.title, row.vendor.name, product.standing]
    return [*what, *amounts, currency, row.stock, row.variants, product.updated_at]


def _read_wanted() -> listing.Wanted:
    args = request.args
    return listing.Wanted(
        vendor_id=args.get("vendor", None, int),
        search=web.read_search(),
        status=args.get("status", ""),
        sort=args.get("sort", "updated"),
    )
