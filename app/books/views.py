"""The merchant's reconciliation: the last proof, what does not agree, and the proofs before."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, g, render_template
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.books import queries, service
from app.errors import NotFound
from app.models.books import Difference, ProofStep
from app.outcomes import Outcome

bp = Blueprint("reconciliation", __name__, url_prefix="/app/reconciliation")
merchant.protect(bp)

STEPS: Final = {
    ProofStep.LEDGER: "Comparing each order with its bookings",
    ProofStep.SHOPIFY: "Comparing the books with Shopify",
    ProofStep.UNKNOWN: "Asking Shopify for each order of the books",
    ProofStep.RAILS: "Comparing payouts with PayPal and Stripe",
    ProofStep.PAYOUTS: "Comparing payouts and balances",
}


@bp.get("")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("")
def prove() -> ResponseReturnValue:
    """Start a proof, or show the one that runs."""
    service.ask(g.session, g.shop.id, merchant.actor())
    return web.toast(_page(), "The books are being proven. You may leave this page.")


@bp.post("/stop")
def stop() -> ResponseReturnValue:
    service.stop(g.session, g.shop.id, merchant.actor())
    return web.toast(_page(), "Stopped. What was found stays; the next proof begins anew, at night or when you ask.")


@bp.post("/differences/<int:difference_id>/reread")
def reread(difference_id: int) -> ResponseReturnValue:
    found = service.ask_to_reread(g.session, g.shop.id, difference_id, merchant.actor())
    return web.toast(_page(), _say_asked(found))


@bp.post("/together")
def reread_together() -> ResponseReturnValue:
    """Read the order of every difference that was ticked again, or ask its rail."""
    return web.answer_together(_page, [_reread_one(number) for number in web.read_ticked("difference")])


@bp.get("/export.csv")
def export_differences() -> ResponseReturnValue:
    """What does not agree, up to 2,500 lines."""
    heading = ["order", "what", "cause", "vendors_not_paid", "found_at", "seen_at"]
    rows = web.every_row(lambda place: queries.list_open(g.session, g.shop.id, place))
    return web.download_sheet("differences.csv", heading, map(_cells, rows))


def _cells(row: queries.DifferenceRow) -> list[object]:
    one, names = row.difference, ", ".join(name for _, name in row.vendors)
    return [one.order_name, one.words, one.cause, names, one.found_at, one.seen_at]


def _reread_one(difference_id: int) -> Outcome:
    try:
        found = service.ask_to_reread(g.session, g.shop.id, difference_id, merchant.actor())
    except NotFound as error:
        return Outcome(is_done=False, words=error.message)
    title = f"Order {found.order_name}" if found.order_name else "A payout"
    return Outcome(is_done=True, words=_say_asked(found), title=title)


def _say_asked(found: Difference) -> str:
    return "The order is being read again." if found.order_number else "The payment provider is being asked again."


def _page(results: Sequence[Outcome] = ()) -> Response:
    html = render_template(
        "merchant/reconciliation.html",
        running=queries.find_running(g.session, g.shop.id),
        last=queries.find_last(g.session, g.shop.id),
        results=results,
        differences=queries.list_open(g.session, g.shop.id, web.read_place("open_")),
        cleared=queries.list_cleared(g.session, g.shop.id),
        proofs=queries.list_proofs(g.session, g.shop.id, web.read_place()),
        steps=STEPS,
    )
    return Response(html)
