"""Where the shop collects: the vendor packs and says that it is ready for pickup, one order or many."""

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import actor, protect
from app.errors import AppError, ValidationErrors
from app.fulfilment import packing, pickups, rules
from app.fulfilment.forms import ReadyForm, read_units
from app.fulfilment.packing import Parcel
from app.fulfilment.portal import order_page
from app.languages import _
from app.models.orders import VendorOrderStatus
from app.orders.queries import get_own_part, get_part
from app.orders.senders import is_collected

bp = Blueprint("portal_ready", __name__, url_prefix="/portal/orders")
protect(bp)


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of one order among several. `pickup_id`: to take it back by."""

    part_id: int
    name: str
    pickup_id: int | None
    problem: str = ""


@bp.post("/<int:part_id>/ready")
def make_ready(part_id: int) -> ResponseReturnValue:
    found = get_part(g.session, g.vendor.id, part_id)
    form = ReadyForm(request.form)
    form.units = units = read_units(request.form, found.lines)
    if not form.validate():
        return order_page(found, form), 422
    try:
        pickups.make_ready(g.session, g.vendor, found.part, units, form.place.data or "", actor=actor())
    except ValidationErrors as error:
        form.form_errors = [error.errors["items"]]
        return order_page(found, form), 422
    flash(_("%(shop)s can collect it now.", shop=g.shop.name), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


@bp.post("/<int:part_id>/pickups/<int:pickup_id>/back")
def take_back(part_id: int, pickup_id: int) -> ResponseReturnValue:
    """It is not ready after all."""
    part = get_own_part(g.session, g.vendor.id, part_id)
    pickups.take_back(g.session, part, pickup_id, actor=actor())
    flash(_("Taken back. It is left to pack again."), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


@bp.get("/ready")
def choose() -> ResponseReturnValue:
    return _choose_page(ReadyForm(data={"place": pickups.find_place(g.session, g.vendor)}))


@bp.post("/ready")
def make_many_ready() -> ResponseReturnValue:
    """All that is left of each ticked order, with a result for each."""
    form = ReadyForm(request.form)
    ticked = sorted(set(request.form.getlist("order", int)))[: rules.MAX_ORDERS]
    if not form.validate():
        return _choose_page(form), 422
    if not ticked:
        return _choose_page(form, wrong=_("Tick at least one order.")), 422
    # By id, so that two of these never wait for each other in a circle.
    parcels = sorted(packing.list_parcels(g.session, g.vendor.id, ticked), key=lambda parcel: parcel.part.id)
    results = [_make_one_ready(parcel, form.place.data or "") for parcel in parcels]
    return render_template("portal/orders/ready_results.html", results=results)


def _make_one_ready(parcel: Parcel, place: str) -> _Result:
    part = parcel.part
    try:
        pickup = pickups.make_rest_ready(g.session, g.vendor, part, place, actor=actor())
    except AppError as error:
        return _Result(part.id, part.name, None, error.message)
    return _Result(part.id, part.name, pickup.id)


def _choose_page(form: ReadyForm, *, wrong: str = "") -> str:
    chosen = request.values.getlist("order", int)
    parcels = packing.list_parcels(g.session, g.vendor.id, chosen[: rules.MAX_ORDERS])
    left = [one for one in parcels if one.lines and one.part.status != VendorOrderStatus.UNPAID]
    shown = left if is_collected(g.session, g.vendor) else []
    return render_template(
        "portal/orders/ready_many.html",
        parcels=shown,
        written=packing.list_written(shown),
        skipped=len(parcels) - len(left) if chosen else 0,
        form=form,
        wrong=wrong,
    )
