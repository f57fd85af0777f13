"""The merchant's decisions about an order's money: each says what it will do before it is done."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, ValidationErrors
from app.ledger.rules import VENDOR_BALANCES, Balance
from app.models.orders import Order
from app.money import Money
from app.orders import decisions, queries
from app.orders.views import order_page
from app.orders.words import ACCOUNT_WORDS

bp = Blueprint("order_decisions", __name__, url_prefix="/app/orders")
merchant.protect(bp)


@bp.get("/<int:order_id>/<kind>/<int:number>/bearer")
def preview_bearer(order_id: int, kind: str, number: int) -> ResponseReturnValue:
    """What each party would have more or less."""
    order = queries.get_order(g.session, g.shop.id, order_id)
    vendor_id = request.args.get("vendor", type=int) or None
    difference = decisions.preview_bearer(g.session, order, kind, number, vendor_id)
    return render_template("merchant/orders/_difference.html", rows=_name(order, difference))


@bp.post("/<int:order_id>/<kind>/<int:number>/bearer")
def put_on_vendor(order_id: int, kind: str, number: int) -> ResponseReturnValue:
    order = queries.get_order(g.session, g.shop.id, order_id)
    vendor_id = request.form.get("vendor", type=int) or None
    reason = request.form.get("reason", "")
    try:
        decisions.put_on_vendor(g.session, order, kind, number, vendor_id, reason=reason, actor=merchant.actor())
    except ValidationErrors as error:
        return order_page(order, errors={f"{kind}:{number}": error.errors["reason"]}), 422
    except Conflict as error:
        return web.refuse(order_page(order), error)
    return web.toast(order_page(order), "Booked again")


@bp.post("/<int:order_id>/flags/lift")
def lift_flag(order_id: int) -> ResponseReturnValue:
    order = queries.get_order(g.session, g.shop.id, order_id)
    flag = request.form.get("flag", "")
    try:
        decisions.lift_flag(g.session, order, flag, reason=request.form.get("reason", ""), actor=merchant.actor())
    except ValidationErrors as error:
        return order_page(order, errors={flag: error.errors["reason"]}), 422
    except Conflict as error:
        return web.refuse(order_page(order), error)
    return web.toast(order_page(order), "The order's money moves on")


def _name(order: Order, difference: Balance) -> list[tuple[str, Money]]:
    """By party: a vendor's accounts together, then each account of the marketplace."""
    names = {part.part.vendor_id: part.vendor.name for part in queries.list_parts(g.session, order)}
    sums: dict[str, int] = {}
    for (account, vendor_id), amount in difference.items():
        is_vendors = vendor_id is not None and account in VENDOR_BALANCES
        name = names.get(vendor_id or 0, "") if is_vendors else ACCOUNT_WORDS.get(account, account)
        sums[name] = sums.get(name, 0) + amount
    return [(name, Money(amount, order.currency)) for name, amount in sums.items() if amount]
