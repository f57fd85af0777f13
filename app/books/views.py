"""The merchant's reconciliation: the last proof, what does not agree, and the proofs before."""

from typing import Final

from flask import Blueprint, Response, g, render_template
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.books import queries, service
from app.models.books import ProofStep

bp = Blueprint("reconciliation", __name__, url_prefix="/app/reconciliation")
protect(bp)

STEPS: Final = {
    ProofStep.LEDGER: "Comparing each order with its bookings",
    ProofStep.SHOPIFY: "Comparing the books with Shopify",
    ProofStep.RAILS: "Comparing payouts with PayPal and Stripe",
    ProofStep.PAYOUTS: "Comparing payouts and balances",
}


@bp.get("")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("")
def prove() -> ResponseReturnValue:
    """Start a proof, or show the one that runs."""
    service.ask(g.session, g.shop.id, f"staff:{g.staff}")
    return web.toast(_page(), "The books are being proven. You may leave this page.")


@bp.post("/differences/<int:difference_id>/reread")
def reread(difference_id: int) -> ResponseReturnValue:
    service.ask_to_reread(g.session, g.shop.id, difference_id, f"staff:{g.staff}")
    return web.toast(_page(), "The order is being read again")


def _page() -> Response:
    html = render_template(
        "merchant/reconciliation.html",
        running=queries.find_running(g.session, g.shop.id),
        last=queries.find_last(g.session, g.shop.id),
        differences=queries.list_open(g.session, g.shop.id),
        open_total=queries.count_open(g.session, g.shop.id),
        cleared=queries.list_cleared(g.session, g.shop.id),
        proofs=queries.list_proofs(g.session, g.shop.id, web.read_place()),
        steps=STEPS,
    )
    return Response(html, mimetype="text/html")
