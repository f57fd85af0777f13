"""The merchant reads along: what a vendor and a customer write to each other about an order."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from app.auth.merchant import protect
from app.messages import service
from app.orders import queries

bp = Blueprint("messages", __name__, url_prefix="/app/orders")
protect(bp)


@bp.get("/<int:order_id>/messages")
def show(order_id: int) -> ResponseReturnValue:
    order = queries.get_order(g.session, g.shop.id, order_id)
    parts = queries.list_parts(g.session, order)
    threads = [
        (part.vendor, service.list_messages(g.session, service.find_thread(g.session, part.part.id))) for part in parts
    ]
    return render_template("merchant/orders/messages.html", order=order, threads=threads)
