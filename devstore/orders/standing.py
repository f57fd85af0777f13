"""Where an order stands: paid, refunded, shipped, outstanding. Everything follows from what was recorded on it."""

from typing import Any

from devstore.orders.amounts import minor, split, text
from devstore.store import Doc

_OPEN_FULFILLMENT = "success"


def money(order: Doc, amount: str) -> int:
    """Minor units of one of the order's amounts (shop currency)."""
    return minor(amount, order["currency"])


def paid_in(order: Doc) -> int:
    """Captured so far, before refunds."""
    return _sum_transactions(order, {"sale", "capture"})


def paid_back(order: Doc) -> int:
    return _sum_transactions(order, {"refund"})


def authorized(order: Doc) -> int:
    """Authorized and neither captured nor voided yet."""
    if _of_kind(order, {"void"}):
        return 0
    return _sum_transactions(order, {"authorization"}) - _sum_transactions(order, {"capture"})


def refundable(order: Doc) -> int:
    """The most that can still be sent back."""
    return paid_in(order) - paid_back(order)


def refunded_lines(order: Doc, line_item_id: int) -> list[Doc]:
    """What refunds took of one line item, oldest first."""
    taken = (entry for refund in order["refunds"] for entry in refund["refund_line_items"])
    return [entry for entry in taken if entry["line_item_id"] == line_item_id]


def removed_quantity(order: Doc, line_item_id: int) -> int:
    """Units refunded, whether they came back, were cancelled, or were left with the buyer."""
    return sum(entry["quantity"] for entry in refunded_lines(order, line_item_id))


def cancelled_quantity(order: Doc, line_item_id: int) -> int:
    """Units that were taken off before they were shipped."""
    return sum(entry["quantity"] for entry in refunded_lines(order, line_item_id) if entry["restock_type"] == "cancel")


def fulfilled_quantity(order: Doc, line_item_id: int) -> int:
    return sum(
        entry["quantity"]
        for fulfillment in order["fulfillments"]
        if fulfillment["status"] == _OPEN_FULFILLMENT
        for entry in fulfillment["line_items"]
        if entry["line_item_id"] == line_item_id
    )


def line_discount(order: Doc, line: Doc) -> int:
    return sum(money(order, share["amount"]) for share in line["discount_allocations"])


def line_tax(order: Doc, line: Doc) -> int:
    return sum(money(order, tax["price"]) for tax in line["tax_lines"])


def line_net(order: Doc, line: Doc) -> int:
    """What the buyer pays for a line item or a shipping line, before tax that comes on top."""
    return money(order, line["price"]) * int(line.get("quantity", 1)) - line_discount(order, line)


def restate(order: Doc) -> Doc:
    """Recompute everything that follows from lines, transactions, refunds and fulfilments. Changes the order."""
    for line in order["line_items"]:
        _restate_line(order, line)
    order.update(_current_totals(order))
    order["financial_status"] = _financial_status(order)
    order["fulfillment_status"] = _fulfillment_status(order)
    return order


def _restate_line(order: Doc, line: Doc) -> None:
    gone, shipped = cancelled_quantity(order, line["id"]), fulfilled_quantity(order, line["id"])
    line["current_quantity"] = line["quantity"] - removed_quantity(order, line["id"])
    line["fulfillable_quantity"] = 0 if order["cancelled_at"] else max(line["quantity"] - gone - shipped, 0)
    wanted = line["quantity"] - gone
    line["fulfillment_status"] = None if not shipped else "fulfilled" if shipped >= wanted else "partial"


def _current_totals(order: Doc) -> dict[str, Any]:
    """The `current_*` amounts: the order less what refunds removed from it."""
    subtotal, tax, discounts, shipping, adjustments = 0, 0, 0, 0, 0
    for refund in order["refunds"]:
        subtotal += sum(money(order, entry["subtotal"]) for entry in refund["refund_line_items"])
        tax += sum(money(order, entry["total_tax"]) for entry in refund["refund_line_items"])
        shipping += sum(money(order, entry["subtotal_amount"]) for entry in refund["refund_shipping_lines"])
        tax += sum(money(order, entry["tax_amount"]) for entry in refund["refund_shipping_lines"])
        adjustments += sum(money(order, entry["amount"]) for entry in refund["order_adjustments"])
    discounts = sum(_removed_discount(order, line) for line in order["line_items"])
    removed = subtotal + shipping + (0 if order["taxes_included"] else tax)
    total = money(order, order["total_price"]) - removed
    outstanding = total - paid_in(order) + paid_back(order) + adjustments
    now = {
        "current_subtotal_price": money(order, order["subtotal_price"]) - subtotal,
        "current_total_tax": money(order, order["total_tax"]) - tax,
        "current_total_discounts": money(order, order["total_discounts"]) - discounts,
        "current_shipping_price": money(order, order["total_shipping_price"]) - shipping,
        "current_total_price": total,
        "total_outstanding": 0 if order["cancelled_at"] else outstanding,
    }
    return {name: text(amount, order["currency"]) for name, amount in now.items()}


def _removed_discount(order: Doc, line: Doc) -> int:
    removed = removed_quantity(order, line["id"])
    return split(line_discount(order, line), [removed, line["quantity"] - removed])[0] if removed else 0


def _financial_status(order: Doc) -> str:
    captured, returned = paid_in(order), paid_back(order)
    if returned:
        return "refunded" if returned >= captured else "partially_refunded"
    if captured:
        return "partially_paid" if money(order, order["total_outstanding"]) > 0 else "paid"
    if _of_kind(order, {"void"}) or order["cancelled_at"]:
        return "voided"
    if authorized(order):
        return "authorized"
    return "paid" if money(order, order["total_price"]) == 0 else "pending"


def _fulfillment_status(order: Doc) -> str | None:
    shipped = sum(fulfilled_quantity(order, line["id"]) for line in order["line_items"])
    if not shipped:
        return None
    left = sum(line["fulfillable_quantity"] for line in order["line_items"] if line["requires_shipping"])
    return "partial" if left else "fulfilled"


def _of_kind(order: Doc, kinds: set[str]) -> list[Doc]:
    return [entry for entry in order["transactions"] if entry["kind"] in kinds and entry["status"] == "success"]


def _sum_transactions(order: Doc, kinds: set[str]) -> int:
    return sum(money(order, entry["amount"]) for entry in _of_kind(order, kinds))
