"""One order of a vendor: every amount explained, and sending parcels."""

from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import actor, protect
from app.errors import ValidationErrors
from app.fulfilment import pickups, rules, service
from app.fulfilment.forms import ReadyForm, ShipForm, read_units
from app.fulfilment.service import Tracking
from app.languages import _, find_words
from app.ledger import queries as ledger
from app.models.cancellations import Cancellation
from app.models.pickups import Pickup
from app.money import Money
from app.orders import cancellations, senders, views
from app.orders.inscriptions import list_for_vendor
from app.orders.left import held_items, units_to_send
from app.orders.packed import list_packed
from app.orders.queries import VendorPart, find_unread, get_part, page_lines
from app.orders.reasons import say_reason
from app.orders.words import (
    BANK_REASON_WORDS,
    DECLINE_WORDS,
    KIND_WORDS,
    RETURN_WORDS,
    SHIP_HOLD_WORDS,
    part_words,
)

bp = Blueprint("portal_fulfilment", __name__, url_prefix="/portal/orders")
protect(bp)


@bp.get("/<int:part_id>")
def show_order(part_id: int) -> ResponseReturnValue:
    web.read_at_one_moment()
    found = get_part(g.session, g.vendor.id, part_id)
    return order_page(found, packing_form(found) if senders.is_collected(g.session, g.vendor) else ShipForm())


@bp.post("/<int:part_id>/ship")
def ship(part_id: int) -> ResponseReturnValue:
    found = get_part(g.session, g.vendor.id, part_id)
    form = ShipForm(request.form)
    form.units = wanted = read_units(request.form, found.lines)
    if not form.validate():
        return order_page(found, form), 422
    tracking = Tracking(
        (form.carrier.data or "").strip(),
        (form.tracking_number.data or "").strip(),
        (form.tracking_url.data or "").strip(),
    )
    try:
        service.request_shipment(g.session, g.vendor, found.part, wanted, tracking, actor=actor())
    except ValidationErrors as error:
        form.form_errors = [error.errors["items"]]
        return order_page(found, form), 422
    flash(_("Sent. The customer gets an e-mail as soon as Shopify has it."), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


@bp.post("/<int:part_id>/parcels/<int:parcel_id>/again")
def try_again(part_id: int, parcel_id: int) -> ResponseReturnValue:
    """Tell Shopify once more of a parcel that it refused."""
    found = get_part(g.session, g.vendor.id, part_id)
    service.request_again(g.session, found.part, parcel_id)
    flash(_("Shopify is told again."), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


@bp.post("/<int:part_id>/parcels/<int:parcel_id>/discard")
def discard(part_id: int, parcel_id: int) -> ResponseReturnValue:
    """Drop a parcel that Shopify refused, so that its items can be sent otherwise."""
    found = get_part(g.session, g.vendor.id, part_id)
    service.discard(g.session, found.part, parcel_id, actor=actor())
    flash(_("Dropped. Its items are left to send again."), "good")
    return redirect(f"/portal/orders/{part_id}", 303)


def order_page(found: VendorPart, form: ShipForm | ReadyForm) -> str:
    packed = list_packed(g.session, [found.part.id]).get(found.part.id, ())
    order_id, mine = found.part.order_id, found.part.vendor_id
    lines = page_lines(g.session, order_id, vendor_id=mine, place=web.read_place(), limit=views.PER_PAGE)
    return render_template(
        "portal/orders/show.html",
        found=found,
        lines=lines,
        written=list_for_vendor([found.part], found.lines),
        line_sums=ledger.sum_lines(g.session, order_id, [line.shopify_id for line in lines.rows]),
        bookings=ledger.page_order_movements(
            g.session, order_id, vendor_id=mine, place=web.read_place("booking_"), limit=views.PER_PAGE
        ),
        form=form,
        again=bool(form.errors),
        is_collected=isinstance(form, ReadyForm),
        packed=[(pickup, _name_units(found, pickup)) for pickup in packed],
        shops_parcels=senders.list_of_shop(g.session, found.parcels),
        carriers=rules.CARRIERS,
        wishes=_wishes(found),
        new_messages=find_unread(g.session, [found.part.id]),
        left=units_to_send(g.session, found.part),
        held=held_items(found.lines, found.part.holds),
        states=part_words(is_collected=isinstance(form, ReadyForm)),
        ship_hold_words=SHIP_HOLD_WORDS,
        bank_reason_words=BANK_REASON_WORDS,
        kind_words=KIND_WORDS,
        return_words=RETURN_WORDS,
        decline_words=DECLINE_WORDS,
        say_reason=say_reason,
        money_of=lambda minor: Money(minor, found.part.currency),
        answer_day=lambda dispute: datetime.fromisoformat(dispute["answer_by"]),
    )


def packing_form(found: VendorPart) -> ReadyForm:
    """What is asked where the shop collects, with the place of the last time."""
    return ReadyForm(data={"place": pickups.find_place(g.session, found.vendor)})


def _name_units(found: VendorPart, pickup: Pickup) -> list[tuple[int, str]]:
    titles = {line.shopify_id: line.title for line in found.lines}
    return [(units, titles.get(line, "")) for line, units in pickup.units.items()]


def _wishes(found: VendorPart) -> list[tuple[Cancellation, list[tuple[int, str]], str]]:
    """What was asked to be cancelled, with its items and the reason in words."""
    titles = {str(line.shopify_id): line.title for line in found.lines}
    return [
        (
            wish,
            [(int(units), titles.get(line, "")) for line, units in wish.quantities.items()],
            cancellations.name_reason(wish, find_words),
        )
        for wish in cancellations.list_of_part(g.session, found.part.id)
    ]
