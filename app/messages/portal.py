"""The conversations with customers: all of them, and one beside its order."""

from functools import partial

from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import actor, protect
from app.errors import ValidationErrors
from app.messages import queries, service
from app.models.messages import OrderMessage
from app.models.orders import VendorOrder
from app.orders.queries import get_own_part

bp = Blueprint("portal_messages", __name__, url_prefix="/portal/orders")
protect(bp)


@bp.get("/messages")
def list_threads() -> ResponseReturnValue:
    wanted = _wanted()
    page = queries.list_threads(g.session, wanted, place=web.read_place())
    return render_template("portal/orders/threads.html", page=page, wanted=wanted)


@bp.get("/messages/export.csv")
def export_messages() -> Response:
    """Every message of the conversations that the list shows, up to 5,000 conversations."""
    find = partial(queries.list_threads, g.session, _wanted())
    rows = list(web.every_row(lambda place: find(place=place)))
    heading = ("order", "customer", "written_by", "at", "message")
    said = queries.list_messages(g.session, rows)
    return web.download_sheet("messages.csv", heading, (_cells(row, message) for row, message in said))


def _cells(row: queries.Row, message: OrderMessage) -> list[object]:
    return [row.part.name, row.part.customer_name, message.author.value, message.created_at, message.body]


def _wanted() -> queries.Wanted:
    args = request.args
    return queries.Wanted(
        vendor_id=g.vendor.id,
        search=web.read_search(),
        show=args.get("show", ""),
        oldest_first=args.get("sort") == "oldest",
    )


@bp.get("/<int:part_id>/messages")
def show(part_id: int) -> ResponseReturnValue:
    part = get_own_part(g.session, g.vendor.id, part_id)
    if g.may_change:
        service.mark_read(service.find_thread(g.session, part.id))
    return _page(part)


@bp.post("/<int:part_id>/messages")
def write(part_id: int) -> ResponseReturnValue:
    part = get_own_part(g.session, g.vendor.id, part_id)
    body = request.form.get("body", "").replace("\r\n", "\n")
    try:
        service.write_to_customer(g.session, part, body, actor=actor())
    except ValidationErrors as error:
        return _page(part, typed=body, error=error.errors["body"]), 422
    return redirect(f"/portal/orders/{part_id}/messages", 303)


def _page(part: VendorOrder, *, typed: str = "", error: str = "") -> str:
    thread = service.find_thread(g.session, part.id)
    return render_template(
        "portal/orders/messages.html",
        part=part,
        messages=service.list_messages(g.session, thread),
        typed=typed,
        error=error,
    )
