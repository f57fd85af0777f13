"""A vendor's own amounts, each explained from the price to the payout."""

from flask import Blueprint, g, redirect, render_template
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import protect
from app.books.explain import Explanation, explain, get_place
from app.errors import NotFound
from app.languages import _
from app.ledger.adjustments import find_of_keys
from app.models.orders import VendorOrder
from app.money import Money
from app.orders.reasons import say_reason, say_way
from app.orders.words import HOLD_WORDS, KIND_WORDS, STAGE_WORDS, TAKING_KINDS
from app.payouts.portal import STATES

bp = Blueprint("portal_books", __name__, url_prefix="/portal/money")
protect(bp)


@bp.get("/entries/<int:entry_id>")
def explain_entry(entry_id: int) -> ResponseReturnValue:
    web.read_at_one_moment()
    place = get_place(g.session, g.shop.id, entry_id, g.vendor.id)
    row = place.transaction
    if row.order_id:
        return _explained(explain(g.session, g.shop.id, row.order_id, row.component, g.vendor.id), row.id)
    if row.payout_id:
        return redirect(f"/portal/money/payouts/{row.payout_id}", 303)
    adjustment = find_of_keys(g.session, [row.key]).get(row.key)
    if adjustment is None:
        raise NotFound(_("There is no such amount."))
    return render_template(
        "portal/money/adjustment.html",
        adjustment=adjustment,
        amount=Money(place.entry.amount_minor, place.entry.currency),
        transaction=row,
    )


@bp.get("/orders/<int:part_id>/<component>")
def explain_part(part_id: int, component: str) -> ResponseReturnValue:
    web.read_at_one_moment()
    part = g.session.get(VendorOrder, part_id)
    if part is None or part.vendor_id != g.vendor.id:
        raise NotFound(_("There is no such amount."))
    return _explained(explain(g.session, g.shop.id, part.order_id, component, g.vendor.id))


def _explained(found: Explanation, marked: int | None = None) -> str:
    return render_template(
        "portal/money/explain.html",
        found=found,
        marked=marked,
        kind_words=KIND_WORDS,
        taking_kinds=TAKING_KINDS,
        stage_words=STAGE_WORDS,
        hold_words=HOLD_WORDS,
        states=STATES,
        say_reason=say_reason,
        say_way=say_way,
    )
