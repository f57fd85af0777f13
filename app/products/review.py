"""The review queue: what vendors sent, and the merchant's decision on it."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, NotFound, ValidationErrors
from app.outcomes import Outcome
from app.products import desk, queries, replies, review_list, review_queue, service
from app.vendors.queries import offer_vendors

bp = Blueprint("review", __name__, url_prefix="/app/review")
merchant.protect(bp)

_COLUMNS: Final = (
    "product", "what", "vendor", "price_from", "price_to", "currency", "waiting_since", "answer_by", "overdue",
)  # fmt: skip
_DONE: Final = {
    "approve": "“{title}” is approved and goes on sale now.",
    "ask_for_changes": "{vendor} is asked to change “{title}”.",
    "reject": "“{title}” is rejected; {vendor} gets your reason by e-mail.",
    "take_down": "“{title}” is off sale; {vendor} gets your reason by e-mail.",
    "put_back": "“{title}” is on sale again; {vendor} is told.",
}


@bp.get("")
def show_queue() -> ResponseReturnValue:
    return _queue_page()


@bp.get("/export.csv")
def export_queue() -> ResponseReturnValue:
    """What waits, as the list shows it."""
    return web.download_sheet(
        "review-queue.csv", _COLUMNS, map(_cells, review_list.walk(g.session, g.shop.id, read_wanted()))
    )


def _cells(item: review_list.Waiting) -> list[object]:
    prices = [str(price.decimal) if price else "" for price in (item.row.price_from, item.row.price_to)]
    currency = item.row.price_from.currency if item.row.price_from else ""
    moments = [item.since, item.due, "yes" if item.is_overdue else ""]
    return [item.row.product.title, item.what, item.row.vendor.name, *prices, currency, *moments]


@bp.post("/approve")
def approve_many() -> ResponseReturnValue:
    """Approve every product and edit that was ticked; the page says of each row what became of it."""
    ticks = review_queue.in_order(g.session, g.shop.id, request.form.getlist("tick"))
    actor = merchant.actor()
    done = [review_queue.approve(g.session, g.shop.id, tick, actor=actor) for tick in ticks]
    return web.answer_together(_queue_page, done)


@bp.post("/decline/<any(ask_for_changes, reject):action>")
def decline_many(action: str) -> ResponseReturnValue:
    """Ask for changes of everything that was ticked, or reject it, with one reason; each row says what became of it."""
    ticks = review_queue.in_order(g.session, g.shop.id, request.form.getlist("tick"))
    reason = request.form.get("reason", "").strip()
    if not ticks:
        return web.toast(_queue_page(reason=reason), "Tick what you want to send back.", is_error=True)
    if not reason:
        error = "Say in a sentence or two what the vendors should know."
        return _queue_page(ticked=ticks, error=error), 422
    actor = merchant.actor()
    done = [review_queue.decline(g.session, g.shop, tick, action, reason, actor=actor) for tick in ticks]
    return web.answer_together(_queue_page, done)


@bp.get("/<int:product_id>")
def show_product(product_id: int) -> ResponseReturnValue:
    return _product_page(product_id)


@bp.post("/<int:product_id>/<action>")
def decide(product_id: int, action: str) -> ResponseReturnValue:
    """Approve, ask for changes, reject, take off sale, put back. The page then shows the decision and the way on."""
    if action not in _DONE:
        raise NotFound("There is no such action.")
    product = service.lock_product(g.session, g.shop.id, product_id)
    try:
        desk.ACTIONS[action](g.session, product, request.form.get("reason", ""), merchant.actor())
    except ValidationErrors as error:
        return _product_page(product_id, errors={action: error.errors["reason"]}), 422
    except Conflict as error:
        return web.refuse(_product_page(product_id), error)
    detail = queries.get_detail(g.session, g.shop.id, product_id)
    words = _DONE[action].format(title=product.title, vendor=detail.vendor.name)
    return web.toast(_product_page(product_id), words)


def _queue_page(
    results: Sequence[Outcome] = (), *, ticked: Sequence[str] = (), reason: str = "", error: str = ""
) -> str:
    return render_template(
        "merchant/review/queue.html",
        page=review_list.list_waiting(
            g.session, g.shop.id, read_wanted(), web.read_place(), limit=review_list.PER_PAGE
        ),
        total=review_list.count_waiting(g.session, g.shop.id),
        vendors=offer_vendors(g.session, g.shop.id, read_wanted().vendor_id),
        results=results,
        ticked=ticked,
        reason=reason,
        error=error,
        replies=replies.list_replies(g.session, g.shop.id),
        placeholders=replies.PLACEHOLDERS,
    )


def read_wanted() -> review_list.Wanted:
    """What of the queue is looked at; a page of one thing carries it on, so that the next is of the same."""
    args = request.args
    return review_list.Wanted(
        vendor_id=args.get("vendor", None, int),
        search=web.read_search(),
        kind=args.get("kind", ""),
        sort=args.get("sort", ""),
    )


def _product_page(product_id: int, errors: dict[str, str] | None = None) -> str:
    detail = queries.get_detail(g.session, g.shop.id, product_id)
    return render_template(
        "merchant/review/product.html",
        detail=detail,
        history=queries.list_history(g.session, detail.product),
        errors=errors or {},
        reason=request.form.get("reason", ""),
        standing=review_list.find_standing(g.session, g.shop.id, f"/app/review/{product_id}", read_wanted()),
        replies=replies.list_filled(
            g.session, g.shop.id, vendor=detail.vendor.name, product=detail.product.title, shop=g.shop.name
        ),
    )
