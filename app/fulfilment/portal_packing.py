"""Many orders at once: what to pick, packing slips to print, and sending them with a carrier and a number each."""

import secrets
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

import segno
from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import actor, protect
from app.config import get_config
from app.errors import ValidationErrors
from app.fulfilment import batches, packing, rules
from app.fulfilment.service import Tracking
from app.fulfilment.sheet import SheetRow, read_sheet
from app.languages import _
from app.models.orders import VendorOrderStatus
from app.orders.senders import is_collected

bp = Blueprint("portal_packing", __name__, url_prefix="/portal/orders")
protect(bp)

_SHEET_BYTES: Final = 200_000


@bp.get("/pick-list")
def pick_list() -> ResponseReturnValue:
    """A page to print: everything to take from the shelf, by product or by order."""
    parcels = [parcel for parcel in _find() if parcel.lines]
    return render_template(
        "portal/orders/pick_list.html",
        parcels=parcels,
        picks=packing.make_pick_list(g.session, parcels),
        written=packing.list_written(parcels),
        by_order=request.args.get("by") == "order",
        most=rules.MAX_ORDERS,
    )


@bp.get("/packing-slips")
def packing_slips() -> ResponseReturnValue:
    """One slip a sheet: no prices, and a code that leads to sending the order."""
    return _print_slips(_find())


@bp.get("/<int:part_id>/packing-slip")
def packing_slip(part_id: int) -> ResponseReturnValue:
    found = packing.get_parcel(g.session, g.vendor.id, part_id)
    return _print_slips([found])


def _print_slips(parcels: Sequence[packing.Parcel]) -> str:
    by_shop = is_collected(g.session, g.vendor)
    return render_template(
        "portal/orders/packing_slips.html",
        parcels=parcels,
        written=packing.list_written(parcels),
        code_of=_code_of,
        is_collected=by_shop,
    )


@bp.get("/<int:part_id>/ship")
def open_to_ship(part_id: int) -> ResponseReturnValue:
    """Where the code on a packing slip leads."""
    packing.get_parcel(g.session, g.vendor.id, part_id)
    return redirect(f"/portal/orders/{part_id}#ship", 303)


@bp.get("/ship")
def choose() -> ResponseReturnValue:
    return _ship_page()


@bp.post("/ship/read")
def read_file() -> ResponseReturnValue:
    """Fill the table from a file of the carrier's; nothing is sent yet."""
    file = request.files.get("file")
    data = file.read(_SHEET_BYTES + 1) if file else b""
    if not data:
        return _ship_page(wrong_file=_("Choose a file first.")), 422
    if len(data) > _SHEET_BYTES:
        return _ship_page(
            wrong_file=_(
                "This file is too large. Send at most %(max_rows)s lines at a time.", max_rows=rules.MAX_ORDERS
            )
        ), 422
    try:
        rows = read_sheet(data)
    except ValueError as error:
        return _ship_page(wrong_file=str(error)), 422
    found, problems = batches.match_sheet(g.session, g.vendor.id, rows)
    if not found:
        return _ship_page(wrong_file=_("No line of this file can be sent."), problems=problems), 422
    return _ship_page(found, problems=problems, is_file=True)


@bp.post("/ship")
def ship_many() -> ResponseReturnValue:
    """Send the ticked orders, each with what stands beside it."""
    typed = _read_typed()
    errors = {part_id: problem for part_id, one in typed.items() if (problem := batches.check_tracking(one))}
    if errors or not typed:
        return _ship_page(typed, errors=errors, wrong="" if errors else _("Tick at least one order.")), 422
    key = request.form.get("key", "")[:64]
    try:
        batch = batches.ship_many(g.session, g.vendor, typed, key=key or secrets.token_urlsafe(12), actor=actor())
    except ValidationErrors as error:
        return _ship_page(wrong=error.errors["orders"]), 422
    return redirect(f"/portal/orders/shipments/{batch.id}", 303)


@bp.get("/shipments/<int:batch_id>")
def show_batch(batch_id: int) -> ResponseReturnValue:
    batch = batches.get_batch(g.session, g.vendor.id, batch_id)
    outcomes = batches.read_outcomes(g.session, batch)
    counts = {state: sum(one.state == state for one in outcomes) for state in ("sent", "waiting", "failed", "refused")}
    return render_template("portal/orders/batch.html", batch=batch, outcomes=outcomes, counts=counts)


@bp.post("/shipments/<int:batch_id>/again")
def try_again(batch_id: int) -> ResponseReturnValue:
    """Tell Shopify once more of all that it refused."""
    batches.try_again(g.session, batches.get_batch(g.session, g.vendor.id, batch_id))
    return redirect(f"/portal/orders/shipments/{batch_id}", 303)


def _ship_page(
    typed: Mapping[int, Tracking] | None = None,
    *,
    errors: Mapping[int, str] | None = None,
    problems: Sequence[tuple[SheetRow, str]] = (),
    wrong: str = "",
    wrong_file: str = "",
    is_file: bool = False,
) -> str:
    """The table to send from. What was typed or read from a file is ticked and filled in."""
    chosen = list(typed or ()) if is_file else request.values.getlist("order", int)
    parcels = packing.list_parcels(g.session, g.vendor.id, chosen[: rules.MAX_ORDERS])
    ready = [one for one in parcels if one.lines and one.part.status != VendorOrderStatus.UNPAID]
    return render_template(
        "portal/orders/ship_many.html",
        parcels=ready,
        written=packing.list_written(ready),
        most=rules.MAX_ORDERS,
        is_full=len(chosen) > rules.MAX_ORDERS or (not chosen and len(parcels) == rules.MAX_ORDERS),
        skipped=len(parcels) - len(ready),
        typed=typed or {},
        errors=errors or {},
        problems=problems,
        wrong=wrong,
        wrong_file=wrong_file,
        carriers=rules.CARRIERS,
        key=secrets.token_urlsafe(12),
        is_first=typed is None,
    )


def _read_typed() -> dict[int, Tracking]:
    """What stands beside each ticked order, by the order's id."""
    form = request.form
    # The page shows no more than this.
    shown = form.getlist("row", int)[: rules.MAX_ORDERS]
    rows = zip_longest(shown, form.getlist("carrier"), form.getlist("tracking"), fillvalue="")
    ticked = set(form.getlist("order", int))
    return {
        int(part_id): Tracking(carrier.strip(), number.strip())
        for part_id, carrier, number in rows
        if part_id in ticked
    }


def _find() -> list[packing.Parcel]:
    chosen = request.args.getlist("order", int)
    return packing.list_parcels(g.session, g.vendor.id, chosen[: rules.MAX_ORDERS])


def _code_of(part_id: int) -> str:
    address = f"{get_config().portal_url}/portal/orders/{part_id}/ship"
    return segno.make(address, error="m").svg_inline(scale=3, border=0)
