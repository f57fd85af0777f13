"""The merchant answers vendors who cannot send items."""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, ValidationErrors
from app.orders import cancellations, queries
from app.orders.views import order_page

bp = Blueprint("cancellations", __name__, url_prefix="/app/orders")
merchant.protect(bp)


@bp.post("/<int:order_id>/cancellations/<int:number>/approve")
def approve(order_id: int, number: int) -> ResponseReturnValue:
    order = queries.get_order(g.session, g.shop.id, order_id)
    try:
        cancellations.approve(g.session, order.shopify_id, number, actor=merchant.actor())
    except Conflict as error:
        return web.refuse(order_page(order), error)
    return web.toast(order_page(order), "Shopify is told; the customer gets an e-mail")


@bp.post("/<int:order_id>/cancellations/<int:number>/decline")
def decline(order_id: int, number: int) -> ResponseReturnValue:
    order = queries.get_order(g.session, g.shop.id, order_id)
    answer = request.form.get("answer", "")
    try:
        cancellations.decline(g.session, order.shopify_id, number, answer=answer, actor=merchant.actor())
    except ValidationErrors as error:
        return order_page(order, errors={f"cancellation:{number}": error.errors["answer"]}), 422
    except Conflict as error:
        return web.refuse(order_page(order), error)
    return web.toast(order_page(order), "Declined; the vendor gets an e-mail")
