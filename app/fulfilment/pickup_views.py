"""The merchant's pickups: what waits at which vendor's, collecting it, and sending it with carrier and tracking."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from typing import Final

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, NotFound, ValidationErrors
from app.fulfilment import batches, pickup_list, pickups, rules, service
from app.fulfilment.pickup_list import Packed, Row, Wanted
from app.fulfilment.service import Tracking
from app.keyset import Page, Place
from app.models.pickups import Pickup
from app.orders import senders
from app.outcomes import Outcome
from app.vendors import queries as vendors

bp = Blueprint("pickups", __name__, url_prefix="/app/pickups")
merchant.protect(bp)
senders_bp = Blueprint("senders", __name__, url_prefix="/app/vendors")
merchant.protect(senders_bp)

STATE_WORDS: Final = {
    "ready": ("To collect", "warning"),
    "collected": ("To send", "warning"),
    "refused": ("Not taken by Shopify", "critical"),
    "gone": ("Nothing left to send", "neutral"),
    "sending": ("Being sent", "info"),
    "sent": ("Sent", "success"),
    "withdrawn": ("Taken back", "neutral"),
}
_DONE: Final[dict[str, tuple[Callable[..., Pickup], str]]] = {
    "collect": (pickups.collect, "{name} of {vendor} is collected."),
    "uncollect": (pickups.uncollect, "{name} waits at {vendor} again."),
    "give_back": (pickups.give_back, "{name} is closed: {vendor} keeps it."),
}
_PRINTED_AT_MOST: Final = 500
_HELD: Final = "Shopify holds these items. Release the hold on the order first."


@bp.get("")
def list_pickups() -> ResponseReturnValue:
    return _list_page()


@bp.get("/export.csv")
def export_pickups() -> ResponseReturnValue:
    """What the list shows, up to 5,000 pickups."""
    heading = ["order", "vendor", "place", "state", "items", "what", "ready_at", "collected_at", "carrier", "tracking"]
    return web.download_sheet("pickups.csv", heading, map(_cells, web.every_row(_find)))


@bp.get("/print")
def print_pickups() -> ResponseReturnValue:
    """The list for the driver's hand: by place, the oldest first; what is to be collected, if nothing else is asked."""
    wanted = _read_wanted()
    wanted = wanted if wanted.state else replace(wanted, state="ready")
    page = pickup_list.list_pickups(g.session, g.shop.id, wanted, limit=_PRINTED_AT_MOST)
    rows = sorted(page.rows, key=_stop)
    return render_template(
        "merchant/pickups/print.html",
        stops=[(stop, list(found)) for stop, found in groupby(rows, key=_stop)],
        rows=rows,
        total=page.total,
    )


@bp.post("/together")
def change_together() -> ResponseReturnValue:
    """One thing for every pickup that was ticked. Each stands for itself: the answer says what became of it."""
    action, ids = request.form.get("action", ""), web.read_ticked("pickup")
    rows = pickup_list.list_some(g.session, g.shop.id, ids)
    if action == "ship" and ids:
        return _ship_page(rows)
    if action not in {"ship", *_DONE}:
        raise NotFound("There is no such action.")
    return web.answer_together(_list_page, [_change_one(action, row) for row in rows])


@bp.get("/ship")
def choose() -> ResponseReturnValue:
    return _ship_page(pickup_list.list_some(g.session, g.shop.id, request.args.getlist("pickup", int)))


@bp.post("/ship")
def ship() -> ResponseReturnValue:
    """Send each with what stands beside it."""
    form = request.form
    shown = form.getlist("pickup", int)[: pickup_list.PER_PAGE]
    cells = zip_longest(shown, form.getlist("carrier"), form.getlist("tracking"), fillvalue="")
    typed = {int(number): Tracking(carrier.strip(), tracking.strip()) for number, carrier, tracking in cells if number}
    rows = pickup_list.list_some(g.session, g.shop.id, list(typed))
    errors = {number: problem for number, one in typed.items() if (problem := batches.check_tracking(one))}
    if errors:
        return _ship_page(rows, typed=typed, errors=errors), 422
    return web.answer_together(_list_page, [_ship_one(row, typed[row.pickup.id]) for row in rows])


@senders_bp.post("/<int:vendor_id>/sender")
def choose_sender(vendor_id: int) -> ResponseReturnValue:
    """Who sends what one vendor sells: as for all, the vendor, or the shop."""
    wanted = {"all": None, "vendor": False, "shop": True}
    choice = request.form.get("sender", "")
    if choice not in wanted:
        raise NotFound("There is no such choice.")
    senders.choose(g.session, g.shop.id, vendor_id, is_collected=wanted[choice], actor=merchant.actor())
    return web.toast(_sender_part(vendor_id), "Saved for what is not packed yet")


@senders_bp.get("/<int:vendor_id>/sender")
def show_sender(vendor_id: int) -> ResponseReturnValue:
    return _sender_part(vendor_id)


def _sender_part(vendor_id: int) -> Response:
    """A part of the vendor's page."""
    vendor = vendors.get_vendor(g.session, g.shop.id, vendor_id)
    for_all = senders.is_collected_by_default(g.session, g.shop.id)
    html = render_template("merchant/pickups/_sender.html", vendor=vendor, for_all=for_all)
    return make_response(html)


def _change_one(action: str, row: Row) -> Outcome:
    change, words = _DONE[action]
    try:
        change(g.session, g.shop.id, row.pickup.id, actor=merchant.actor())
    except (Conflict, NotFound) as error:  # raised before anything was changed
        return Outcome(is_done=False, words=error.message)
    return Outcome(is_done=True, words=words.format(name=row.part.name, vendor=row.vendor_name))


def _ship_one(row: Row, tracking: Tracking) -> Outcome:
    try:
        pickups.ship(g.session, g.shop.id, row.pickup.id, tracking, actor=merchant.actor())
    except (Conflict, NotFound) as error:
        return Outcome(is_done=False, words=error.message)
    except ValidationErrors as error:
        problem = error.errors["items"]
        return Outcome(is_done=False, words=f"{row.part.name}: {_HELD if problem == service.ON_HOLD else problem}")
    return Outcome(is_done=True, words=f"{row.part.name} of {row.vendor_name} is being told to Shopify.")


def _list_page(results: Sequence[Outcome] = ()) -> str:
    args = request.args
    return render_template(
        "merchant/pickups/list.html",
        page=_find(web.read_place()),
        wanted=_read_wanted(),
        counts=pickup_list.count_states(g.session, g.shop.id),
        vendors=vendors.offer_vendors(g.session, g.shop.id, _read_wanted().vendor_id),
        places=pickup_list.list_places(g.session, g.shop.id),
        state_words=STATE_WORDS,
        collects=senders.collects_anything(g.session, g.shop.id),
        searched=any(args.get(name) for name in ("q", "state", "vendor", "place", "days")),
        results=results,
    )


def _ship_page(
    rows: Sequence[Row], *, typed: dict[int, Tracking] | None = None, errors: dict[int, str] | None = None
) -> str:
    return render_template(
        "merchant/pickups/ship.html",
        rows=[row for row in rows if not row.is_gone],
        skipped=sum(row.is_gone for row in rows),
        typed=typed or {},
        errors=errors or {},
        carriers=rules.CARRIERS,
    )


def _find(place: Place) -> Page[Row]:
    return pickup_list.list_pickups(g.session, g.shop.id, _read_wanted(), place=place)


def _read_wanted() -> Wanted:
    args = request.args
    days = args.get("days", 0, int)
    return Wanted(
        search=web.read_search(),
        state=args.get("state", ""),
        vendor_id=args.get("vendor", None, int),
        place=args.get("place") or None,
        days=days if 0 < days <= 3660 else 0,
        sort=args.get("sort", "oldest"),
    )


def _stop(row: Row) -> tuple[str, str]:
    """Where the driver gets it."""
    return row.vendor_name, row.pickup.place


def _say(packed: Packed) -> str:
    units, line, written = packed
    said = "; ".join(one.words for one in written)
    return f"{units} x {line.title} ({said})" if said else f"{units} x {line.title}"


def _cells(row: Row) -> list[object]:
    pickup, parcel = row.pickup, row.parcel
    what = ", ".join(map(_say, row.lines))
    moments = [pickup.ready_at, pickup.collected_at]
    sent = [parcel.carrier, parcel.tracking_number] if parcel else ["", ""]
    return [row.part.name, row.vendor_name, pickup.place, STATE_WORDS[row.state][0], row.units, what, *moments, *sent]
