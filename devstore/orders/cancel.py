"""Calling an order off before it ships: money returned or released, stock put back."""

from devstore.clock import iso
from devstore.orders import announce, stock
from devstore.orders.documents import get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.payments import void
from devstore.orders.refunds import LineRefund, RefundRequest, record_refund, stock_moves
from devstore.orders.standing import fulfilled_quantity
from devstore.store import Doc, Store

REASONS = ("customer", "declined", "fraud", "inventory", "other", "staff")


def cancel_order(
    store: Store,
    shop: str,
    order_id: int,
    *,
    reason: str = "other",
    restock: bool = True,
    refund: bool = True,
    staff_note: str | None = None,
) -> Doc:
    """Cancel an order of which nothing has shipped, and return it. Raises OrderError."""
    if reason not in REASONS:
        raise OrderError(f"'{reason}' is not a reason to cancel", ["reason"], "INVALID")
    with store.transaction():
        order = get_order(store, shop, order_id)
        _check_open(order)
        void(store, order)
        made = _refund(store, order, restock=restock, refund=refund, note=staff_note)
        now = iso(store.clock.now())
        order["cancelled_at"], order["cancel_reason"], order["closed_at"] = now, reason, now
        for part in order["fulfillment_orders"]:
            part["status"], part["updated_at"] = "cancelled", now
            for entry in part["line_items"]:
                entry["remaining"] = 0
        save(store, shop, order, f"This order was canceled. Reason: {reason}.")
        if made is not None:
            announce.refunded(store, shop, order, made)
        announce.cancelled(store, shop, order)
        if made is not None:
            stock.apply(store, shop, stock_moves(order, made))
        return order


def _check_open(order: Doc) -> None:
    if order["cancelled_at"]:
        raise OrderError("Cannot cancel an order that has already been canceled", ["orderId"], "INVALID")
    if any(fulfilled_quantity(order, line["id"]) for line in order["line_items"]):
        message = "Cannot cancel an order that has fulfilled items: cancel its fulfillments, or refund it"
        raise OrderError(message, ["orderId"], "INVALID")


def _refund(store: Store, order: Doc, *, restock: bool, refund: bool, note: str | None) -> Doc | None:
    """Put everything not refunded yet into one refund, with the money when ``refund``."""
    kind = "cancel" if restock else "no_restock"
    left = [line for line in order["line_items"] if line["current_quantity"]]
    lines = [LineRefund(line["id"], line["current_quantity"], kind) for line in left]
    if not (refund or restock) or not lines:
        return None
    request = RefundRequest(
        lines, shipping="full" if refund else None, amount=None if refund else "0", note=note, reason="CUSTOMER"
    )
    return record_refund(store, order, request)
