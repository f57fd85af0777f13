"""The admin's pages of orders: the list, an order, and what a merchant does to it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.admin.pages import page_of
from devstore.admin.shell import get_shop, get_staff
from devstore.clock import parse_iso
from devstore.current import get_store
from devstore.orders import admin_forms
from devstore.orders.amounts import text
from devstore.orders.cancel import REASONS, cancel_order
from devstore.orders.disputes import STATUSES, move_dispute, open_dispute
from devstore.orders.documents import list_orders
from devstore.orders.edits import edit_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.holds import REASONS as REASONS_TO_HOLD
from devstore.orders.holds import hold, release
from devstore.orders.payload_parts import local
from devstore.orders.payments import capture, mark_as_paid
from devstore.orders.refunds import refund_order, suggest
from devstore.orders.shipments import EVENT_STATUSES, add_event, cancel_fulfillment, update_tracking
from devstore.orders.standing import authorized, money, paid_back, paid_in, refundable
from devstore.orders.tracking import CARRIERS
from devstore.store import Doc

bp = Blueprint("orders", __name__, url_prefix="/store/<name>/orders", template_folder="templates")

PAYMENTS = {
    "paid": "Paid",
    "pending": "Payment pending",
    "authorized": "Authorized",
    "partially_paid": "Partially paid",
    "partially_refunded": "Partially refunded",
    "refunded": "Refunded",
    "voided": "Voided",
}
FULFILMENTS = {"unfulfilled": "Unfulfilled", "partial": "Partially fulfilled", "fulfilled": "Fulfilled"}


@bp.app_template_filter("order_time")
def order_time(moment: str, order: Doc) -> str:
    """A time in the order's own time zone: `Nov 20, 2026 at 2:15 am`."""
    at = local(order["timezone"], parse_iso(moment))
    return f"{at:%b} {at.day}, {at.year} at {at.hour % 12 or 12}:{at:%M} {'am' if at.hour < 12 else 'pm'}"


@bp.app_template_filter("times")
def times(price: str, quantity: int, order: Doc) -> str:
    """What some units cost before discounts, with the currency."""
    return f"{text(money(order, price) * quantity, order['currency'])} {order['currency']}"


@bp.get("")
def list_page(name: str) -> str:
    store, shop = get_store(), get_shop(name)
    asked = {key: request.args.get(key, "").strip() for key in ("q", "payment", "fulfilment")}
    customers = {customer["id"]: customer for customer in store.all(shop, "customer")}
    found = [
        {**order, "customer": customers.get(order["customer_id"])}
        for order in list_orders(store, shop)
        if asked["payment"] in ("", order["financial_status"])
        and asked["fulfilment"] in ("", order["fulfillment_status"] or "unfulfilled")
    ]
    rows = [order for order in found if asked["q"].lower() in _searched(order)]
    return render_template(
        "orders/list.html",
        page=page_of(rows),
        payments=PAYMENTS,
        fulfilments=FULFILMENTS,
        any=any(asked.values()),
        **asked,
    )


def _searched(order: Doc) -> str:
    customer = order["customer"] or {}
    words = [order["name"], order["email"], customer.get("first_name"), customer.get("last_name")]
    return " ".join(filter(None, [*words, *(line["title"] for line in order["line_items"])])).lower()


@bp.get("/<int:number>")
def order_page(name: str, number: int) -> str:
    return _show(name, number, "orders/order.html")


@bp.get("/<int:number>/refund")
def refund_page(name: str, number: int) -> str:
    return _refund_page(name, number)


@bp.post("/<int:number>/refund")
def refund(name: str, number: int) -> Response | str:
    shop, order = _order(name, number)
    staff = get_staff(get_store(), shop)
    try:
        wanted = admin_forms.read_refund(order, request.form)
        made = refund_order(get_store(), shop, number, replace(wanted, user_id=staff["id"]))
    except OrderError as error:
        field = admin_forms.refund_field(order, request.form, error)
        return _refund_page(name, number, {field: error.message})
    entries = [e for e in _order(name, number)[1]["transactions"] if e["id"] in made["transaction_ids"]]
    returned = text(sum(money(order, entry["amount"]) for entry in entries), order["currency"])
    return _back(name, number, f"Refunded {returned} {order['currency']}")


@bp.post("/<int:number>/refund/preview")
def refund_preview(name: str, number: int) -> Response:
    """What the form as it stands would return, for the summary beside it."""
    _, order = _order(name, number)
    try:
        wanted = admin_forms.read_refund(order, request.form)
        plan = suggest(order, wanted.lines, wanted.shipping)
    except OrderError as error:
        return jsonify(error=error.message)
    items = text(sum(money(order, entry["subtotal"]) for entry in plan.lines), order["currency"])
    shipping = text(sum(money(order, entry["subtotal_amount"]) for entry in plan.shipping), order["currency"])
    tax = sum(money(order, entry["total_tax"]) for entry in plan.lines)
    tax += sum(money(order, entry["tax_amount"]) for entry in plan.shipping)
    total = wanted.amount or text(plan.money_back, order["currency"])
    return jsonify(items=items, shipping=shipping, tax=text(tax, order["currency"]), total=total)


def _refund_page(name: str, number: int, errors: dict[str, str] | None = None) -> str:
    _, order = _order(name, number)
    left = suggest(order, (), "full").shipping
    return _show(
        name,
        number,
        "orders/refund.html",
        errors,
        rows=admin_forms.refund_rows(order),
        shipping_left=text(sum(money(order, entry["subtotal_amount"]) for entry in left), order["currency"]),
        refundable=text(refundable(order), order["currency"]),
    )


@bp.get("/<int:number>/fulfil")
def fulfil_page(name: str, number: int) -> str:
    return _show(name, number, "orders/fulfil.html", carriers=CARRIERS)


@bp.post("/<int:number>/fulfil")
def fulfil(name: str, number: int) -> Response | str:
    def act(shop: str, order: Doc) -> str:
        quantities = admin_forms.read_quantities(order["line_items"], request.form, "ship")
        if not quantities:
            raise OrderError("Choose how many items to fulfil", ["items"], "BLANK")
        fulfil_lines(get_store(), shop, number, quantities, admin_forms.read_tracking(request.form))
        return "Items fulfilled"

    return _act(name, number, act, "orders/fulfil.html", carriers=CARRIERS)


@bp.get("/<int:number>/capture")
def capture_page(name: str, number: int) -> str:
    return _show(name, number, "orders/capture.html")


@bp.post("/<int:number>/capture")
def take_payment(name: str, number: int) -> Response | str:
    def act(shop: str, order: Doc) -> str:
        entry = capture(get_store(), shop, number, request.form.get("amount", "").strip() or None)
        return f"Captured {entry['amount']} {order['currency']}"

    return _act(name, number, act, "orders/capture.html")


@bp.post("/<int:number>/paid")
def note_payment(name: str, number: int) -> Response | str:
    def act(shop: str, _: Doc) -> str:
        mark_as_paid(get_store(), shop, number)
        return "Order marked as paid"

    return _act(name, number, act, "orders/order.html")


@bp.get("/<int:number>/cancel")
def cancel_page(name: str, number: int) -> str:
    return _show(name, number, "orders/cancel.html", reasons=REASONS)


@bp.post("/<int:number>/cancel")
def cancel(name: str, number: int) -> Response | str:
    def act(shop: str, _: Doc) -> str:
        form = request.form
        reason, note = form.get("reason", ""), form.get("note", "").strip() or None
        restock, refund = "restock" in form, "refund" in form
        cancel_order(get_store(), shop, number, reason=reason, restock=restock, refund=refund, staff_note=note)
        return "Order canceled"

    return _act(name, number, act, "orders/cancel.html", reasons=REASONS)


@bp.get("/<int:number>/dispute")
def dispute_page(name: str, number: int) -> str:
    return _show(name, number, "orders/dispute.html", statuses=STATUSES)


@bp.post("/<int:number>/dispute")
def dispute(name: str, number: int) -> Response | str:
    def act(shop: str, _: Doc) -> str:
        amount = request.form.get("amount", "").strip() or None
        open_dispute(get_store(), shop, number, amount=amount, kind=request.form.get("type", ""))
        return "Dispute opened"

    return _act(name, number, act, "orders/dispute.html", statuses=STATUSES)


@bp.post("/<int:number>/dispute/<int:dispute_id>")
def decide_dispute(name: str, number: int, dispute_id: int) -> Response | str:
    def act(shop: str, _: Doc) -> str:
        move_dispute(get_store(), shop, number, dispute_id, request.form.get("status", ""))
        return "Dispute saved"

    return _act(name, number, act, "orders/dispute.html", statuses=STATUSES)


@bp.get("/<int:number>/hold")
def hold_page(name: str, number: int) -> str:
    return _show(name, number, "orders/hold.html", reasons=REASONS_TO_HOLD)


@bp.post("/<int:number>/hold")
def hold_items(name: str, number: int) -> Response | str:
    def act(shop: str, order: Doc) -> str:
        quantities = admin_forms.read_quantities(order["line_items"], request.form, "hold")
        notes = request.form.get("notes", "").strip() or None
        hold(get_store(), shop, number, quantities, reason=request.form.get("reason", ""), notes=notes)
        return "Items on hold"

    return _act(name, number, act, "orders/hold.html", reasons=REASONS_TO_HOLD)


@bp.post("/<int:number>/release")
def release_items(name: str, number: int) -> Response | str:
    def act(shop: str, _: Doc) -> str:
        release(get_store(), shop, number)
        return "Hold released"

    return _act(name, number, act, "orders/order.html")


@bp.get("/<int:number>/edit")
def edit_page(name: str, number: int) -> str:
    return _show(name, number, "orders/edit.html", products=_products(name))


@bp.post("/<int:number>/edit")
def edit(name: str, number: int) -> Response | str:
    def act(shop: str, order: Doc) -> str:
        remove = admin_forms.read_quantities(order["line_items"], request.form, "remove")
        add = admin_forms.read_addition(request.form)
        edit_order(get_store(), shop, number, remove=remove, add=add)
        return "Order updated"

    return _act(name, number, act, "orders/edit.html", products=_products(name))


def _products(name: str) -> list[Doc]:
    return sorted(get_store().all(get_shop(name), "product"), key=lambda product: str(product["title"]).lower())


@bp.get("/<int:number>/shipments/<int:shipment>")
def shipment_page(name: str, number: int, shipment: int) -> str:
    return _show(name, number, "orders/shipment.html", **_shipment(name, number, shipment))


@bp.post("/<int:number>/shipments/<int:shipment>/<action>")
def change_shipment(name: str, number: int, shipment: int, action: str) -> Response | str:
    """``tracking`` writes new tracking, ``event`` notes what the carrier reports, ``cancel`` undoes the shipment."""
    about = _shipment(name, number, shipment)

    def act(shop: str, _: Doc) -> str:
        if action == "tracking":
            update_tracking(get_store(), shop, shipment, admin_forms.read_tracking(request.form))
        elif action == "event":
            add_event(get_store(), shop, shipment, request.form.get("status", ""))
        elif action == "cancel":
            cancel_fulfillment(get_store(), shop, shipment)
        else:
            abort(404)
        return "Shipment saved"

    return _act(name, number, act, "orders/shipment.html", **about)


def _shipment(name: str, number: int, shipment: int) -> dict[str, Any]:
    _, order = _order(name, number)
    found = next((part for part in order["fulfillments"] if part["id"] == shipment), None) or abort(404)
    return {"shipment": found, "carriers": CARRIERS, "event_statuses": EVENT_STATUSES}


def _order(name: str, number: int) -> tuple[str, Doc]:
    shop = get_shop(name)
    return shop, get_store().get(shop, "order", number) or abort(404)


def _act(name: str, number: int, act: Callable[[str, Doc], str], template: str, **more: Any) -> Response | str:
    """Do it and go back to the order with a word about it; or show the form again with what is wrong."""
    shop, order = _order(name, number)
    try:
        said = act(shop, order)
    except OrderError as error:
        field = error.field[-1] if error.field else "form"
        return _show(name, number, template, {field: error.message}, **more)
    return _back(name, number, said)


def _back(name: str, number: int, said: str) -> Response:
    return redirect(f"/store/{name}/orders/{number}?toast={said}")


def _show(name: str, number: int, template: str, errors: dict[str, str] | None = None, **more: Any) -> str:
    shop, order = _order(name, number)
    left = min(authorized(order), money(order, order["total_outstanding"]))
    return render_template(
        template,
        order=order,
        customer=get_store().get(shop, "customer", order["customer_id"]),
        payments=PAYMENTS,
        fulfilments=FULFILMENTS,
        sent=request.form,
        errors=errors or {},
        paid=text(paid_in(order), order["currency"]),
        returned=text(paid_back(order), order["currency"]),
        was_paid=paid_in(order) > 0,
        was_refunded=paid_back(order) > 0,
        net=text(refundable(order), order["currency"]),
        capturable=text(left, order["currency"]) if left > 0 and not order["cancelled_at"] else None,
        can_refund=refundable(order) > 0,
        can_mark_paid=not order["cancelled_at"] and money(order, order["total_outstanding"]) > 0,
        can_fulfil=any(line["fulfillable_quantity"] for line in order["line_items"]),
        can_cancel=not order["cancelled_at"] and order["fulfillment_status"] is None,
        **more,
    )
