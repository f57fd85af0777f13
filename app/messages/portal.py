"""The conversation with the customer, beside the order."""

from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import actor, protect
from app.errors import ValidationErrors
from app.messages import service
from app.models.orders import VendorOrder
from app.orders.queries import get_own_part

bp = Blueprint("portal_messages", __name__, url_prefix="/portal/orders")
protect(bp)


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
        return _page(part, typed=body, error=error.errors["body"], status=422)
    return redirect(f"/portal/orders/{part_id}/messages", 303)


def _page(part: VendorOrder, *, typed: str = "", error: str = "", status: int = 200) -> Response:
    thread = service.find_thread(g.session, part.id)
    html = render_template(
        "portal/orders/messages.html",
        part=part,
        messages=service.list_messages(g.session, thread),
        typed=typed,
        error=error,
    )
    return Response(html, status=status, mimetype="text/html")
