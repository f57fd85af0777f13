"""Money coming in after checkout: captures of an authorization, and payments noted by hand."""

from devstore.orders import announce
from devstore.orders.amounts import text
from devstore.orders.documents import add_transaction, get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.standing import authorized, money
from devstore.store import Doc, Store


def capture(store: Store, shop: str, order_id: int, amount: str | None = None) -> Doc:
    """Capture (part of) what was authorized; without an amount, all that is left to pay of it.

    Returns the transaction. Raises OrderError when there is not that much to capture.
    """
    with store.transaction():
        order = get_order(store, shop, order_id)
        left = min(authorized(order), money(order, order["total_outstanding"]))
        wanted = left if amount is None else _positive(order, amount)
        if order["cancelled_at"] or left <= 0:
            raise OrderError("There is nothing to capture on this order", ["id"], "INVALID")
        if wanted > left:
            most = text(left, order["currency"])
            raise OrderError(f"No more than {most} {order['currency']} can be captured", ["amount"], "INVALID")
        parent = next(entry for entry in order["transactions"] if entry["kind"] == "authorization")
        entry = add_transaction(store, order, "capture", text(wanted, order["currency"]), parent=parent)
        return _settle(store, shop, order, entry, f"{entry['amount']} {order['currency']} was captured.")


def mark_as_paid(store: Store, shop: str, order_id: int) -> Doc:
    """Note that everything outstanding was paid: captured if it was authorized, else received outside the store."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        outstanding = money(order, order["total_outstanding"])
        if order["cancelled_at"] or outstanding <= 0:
            raise OrderError("Order cannot be marked as paid", ["id"], "INVALID")
        if authorized(order) >= outstanding:
            return capture(store, shop, order_id)
        entry = add_transaction(store, order, "sale", order["total_outstanding"])
        entry["gateway"] = "manual"
        order["payment_gateway_names"] = list(dict.fromkeys([*order["payment_gateway_names"], "manual"]))
        return _settle(store, shop, order, entry, f"{entry['amount']} {order['currency']} was marked as paid.")


def void(store: Store, order: Doc) -> Doc | None:
    """Let go of what is authorized and not captured. Changes the order; does not save it."""
    left = authorized(order)
    if left <= 0:
        return None
    parent = next(entry for entry in order["transactions"] if entry["kind"] == "authorization")
    return add_transaction(store, order, "void", text(left, order["currency"]), parent=parent)


def _settle(store: Store, shop: str, order: Doc, entry: Doc, event: str) -> Doc:
    save(store, shop, order, event)
    announce.paid(store, shop, order, entry)
    return entry


def _positive(order: Doc, amount: str) -> int:
    try:
        wanted = money(order, amount)
    except ValueError as error:
        raise OrderError(str(error), ["amount"], "INVALID") from error
    if wanted <= 0:
        raise OrderError("The amount must be more than zero", ["amount"], "INVALID")
    return wanted
