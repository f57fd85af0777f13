"""The vendor cannot send some items: what it would do is shown, then it is asked for or done."""

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import actor, protect
from app.errors import ValidationErrors
from app.fulfilment.forms import read_units
from app.languages import _, find_words
from app.orders import cancellations
from app.orders.cancel_preview import preview
from app.orders.left import units_left
from app.orders.queries import VendorPart, get_part

bp = Blueprint("portal_cancel", __name__, url_prefix="/portal/orders")
protect(bp)


@bp.get("/<int:part_id>/cancel")
def choose(part_id: int) -> ResponseReturnValue:
    return _page(get_part(g.session, g.vendor.id, part_id))


@bp.post("/<int:part_id>/cancel")
def ask(part_id: int) -> ResponseReturnValue:
    """First what it would do; with `sure` it is done."""
    found = get_part(g.session, g.vendor.id, part_id)
    units = read_units(request.form, found.lines)
    reason, note = request.form.get("reason", ""), request.form.get("note", "")
    if errors := cancellations.check(units, units_left(g.session, found.part), reason, note):
        return _page(found, units, errors=errors), 422
    if not request.form.get("sure"):
        return _page(found, units, effect=preview(found.part, units))
    try:
        wish = cancellations.ask(g.session, found.part, units, reason=reason, note=note, actor=actor())
    except ValidationErrors as error:
        return _page(found, units, errors=error.errors), 422
    if wish.state == "asked":
        flash(_("%(shop)s has your request and answers it.", shop=g.shop.name), "good")
    else:
        flash(_("Cancelled. The customer gets the money back and an e-mail."), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


@bp.post("/<int:part_id>/cancel/<int:number>/withdraw")
def withdraw(part_id: int, number: int) -> ResponseReturnValue:
    """The items can be sent after all."""
    found = get_part(g.session, g.vendor.id, part_id)
    cancellations.withdraw(g.session, found.part, number, actor=actor())
    flash(_("Taken back. The items are left to send again."), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


def _page(
    found: VendorPart,
    units: Mapping[int, int] | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    effect: object = None,
) -> str:
    return render_template(
        "portal/orders/cancel.html",
        found=found,
        left=units_left(g.session, found.part),
        units=units or {},
        errors=errors or {},
        effect=effect,
        reasons={key: find_words(words) for key, words in cancellations.REASONS.items()},
        alone=cancellations.vendors_may_cancel(g.session, g.shop.id),
    )
