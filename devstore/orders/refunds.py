"""Refunds: units, shipping, plain amounts, and the stock that comes back.

A refund always adds up: refunded lines and shipping (with their tax) less its order adjustments are the money returned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from devstore.clock import iso
from devstore.orders import announce, stock
from devstore.orders.amounts import rounded, text
from devstore.orders.documents import add_transaction, find_part, get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.routing import cancel_units
from devstore.orders.standing import (
    fulfilled_quantity,
    line_net,
    line_tax,
    money,
    refundable,
    refunded_lines,
)
from devstore.store import Doc, Store

_REASONS = {
    "CUSTOMER": "Customer",
    "DAMAGE": "Damage",
    "RESTOCK": "Restock",
}


@dataclass(frozen=True)
class LineRefund:
    """Units of a line item. ``restock_type`` is "no_restock", "cancel" (not shipped yet) or "return" (came back)."""

    line_item_id: int
    quantity: int
    restock_type: str = "no_restock"
    location_id: int | None = None


@dataclass(frozen=True)
class Suggestion:
    """What a refund of these lines and this shipping takes off the order, and how much of it is money to return."""

    lines: tuple[Doc, ...]
    shipping: tuple[Doc, ...]
    due: int
    money_back: int


@dataclass(frozen=True)
class RefundRequest:
    """``shipping`` is an amount or "full". ``amount`` is the money to return; None returns what the parts come to.

    ``user_id`` is the staff member at the screen; an app's refunds have none.
    """

    lines: Sequence[LineRefund] = ()
    shipping: str | None = None
    amount: str | None = None
    note: str | None = None
    reason: str | None = None
    allow_over_refunding: bool = False
    user_id: int | None = None


def suggest(order: Doc, lines: Sequence[LineRefund], shipping: str | None) -> Suggestion:
    """Work out a refund without making it. Raises OrderError naming the line or amount that cannot be refunded."""
    line_entries: list[Doc] = []
    for at, wanted in enumerate(lines):
        line_entries.append(_line_entry(order, wanted, ["refundLineItems", str(at)], line_entries))
    shipping_entries = tuple(_shipping_entries(order, shipping)) if shipping else ()
    due = sum(money(order, entry["subtotal"]) for entry in line_entries)
    due += sum(money(order, entry["subtotal_amount"]) for entry in shipping_entries)
    if not order["taxes_included"]:
        due += sum(money(order, entry["total_tax"]) for entry in line_entries)
        due += sum(money(order, entry["tax_amount"]) for entry in shipping_entries)
    absorbed = min(due, max(0, money(order, order["total_outstanding"])))
    return Suggestion(tuple(line_entries), shipping_entries, due - absorbed, min(due - absorbed, refundable(order)))


def refund_order(store: Store, shop: str, order_id: int, request: RefundRequest) -> Doc:
    """Refund and return the refund's document. Raises OrderError, and then nothing was written."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        refund = record_refund(store, order, request)
        returned = sum(money(order, e["amount"]) for e in order["transactions"] if e["id"] in refund["transaction_ids"])
        save(store, shop, order, f"{text(returned, order['currency'])} {order['currency']} was refunded.")
        announce.refunded(store, shop, order, refund)
        stock.apply(store, shop, stock_moves(order, refund))
        return refund


def record_refund(store: Store, order: Doc, request: RefundRequest) -> Doc:
    """Put a refund on the order without saving or announcing it. Raises OrderError."""
    plan = suggest(order, request.lines, request.shipping)
    moved = plan.money_back if request.amount is None else _amount(order, request.amount, "amount")
    if moved > refundable(order) and not request.allow_over_refunding:
        most = text(refundable(order), order["currency"])
        raise OrderError(
            f"The refund is more than the {most} {order['currency']} the buyer has paid", ["transactions"], "INVALID"
        )
    if not plan.lines and not plan.shipping and moved == 0:
        raise OrderError("Choose something to refund", ["amount"], "BLANK")
    owed = max(0, -money(order, order["total_outstanding"]))
    due = plan.due + min(owed, max(0, moved - plan.due))  # what is owed to the buyer already is no discrepancy
    now = iso(store.clock.now())
    refund: Doc = {
        "id": store.next_id(),
        "order_id": order["id"],
        "created_at": now,
        "processed_at": now,
        "note": request.note,
        "user_id": request.user_id,
        "refund_line_items": [{"id": store.next_id(), **entry} for entry in plan.lines],
        "refund_shipping_lines": [{"id": store.next_id(), **entry} for entry in plan.shipping],
        "order_adjustments": _adjustments(store, order, due - moved, moved, request.reason),
        "transaction_ids": [entry["id"] for entry in _send_back(store, order, moved)],
    }
    for entry in plan.lines:
        if entry["restock_type"] == "cancel":
            cancel_units(order, entry["line_item_id"], entry["quantity"], now)
    order["refunds"].append(refund)
    return refund


def _line_entry(order: Doc, wanted: LineRefund, path: list[str], earlier: Sequence[Doc]) -> Doc:
    """Refunded to date by units, less what was refunded before, so that refunds in steps end on the whole.

    ``earlier`` are the entries of the same refund: units of one line may differ in how they are restocked.
    """
    line = find_part(order, "line_items", wanted.line_item_id)
    if line is None:
        raise OrderError("Line item does not belong to this order", [*path, "lineItemId"], "NOT_FOUND")
    now = [entry for entry in earlier if entry["line_item_id"] == line["id"]]
    before = [*refunded_lines(order, line["id"]), *now]
    _check_units(order, line, wanted, before, [*path, "quantity"])
    units = sum(entry["quantity"] for entry in before) + wanted.quantity

    def step(whole: int, name: str) -> str:
        to_date = rounded(Decimal(whole) * units / line["quantity"])
        return text(to_date - sum(money(order, entry[name]) for entry in before), order["currency"])

    return {
        "line_item_id": line["id"],
        "quantity": wanted.quantity,
        "restock_type": wanted.restock_type,
        "location_id": None if wanted.restock_type == "no_restock" else wanted.location_id or line["location_id"],
        "subtotal": step(line_net(order, line), "subtotal"),
        "total_tax": step(line_tax(order, line), "total_tax"),
    }


def _check_units(order: Doc, line: Doc, wanted: LineRefund, before: Sequence[Doc], field: list[str]) -> None:
    def gone(*kinds: str) -> int:
        return sum(entry["quantity"] for entry in before if not kinds or entry["restock_type"] in kinds)

    shipped = fulfilled_quantity(order, line["id"])
    if wanted.quantity < 1:
        raise OrderError("Quantity must be 1 or more", field, "GREATER_THAN_OR_EQUAL_TO")
    if wanted.quantity > line["quantity"] - gone():
        raise OrderError("Quantity cannot refund more items than were purchased", field, "INVALID")
    if wanted.restock_type == "cancel" and wanted.quantity > line["quantity"] - shipped - gone("cancel"):
        raise OrderError("Items that were fulfilled cannot be cancelled: restock them as a return", field, "INVALID")
    if wanted.restock_type == "return" and wanted.quantity > shipped - gone("return"):
        raise OrderError("Items that were not fulfilled cannot come back: cancel them", field, "INVALID")


def _shipping_entries(order: Doc, wanted: str) -> list[Doc]:
    """Shipping before tax, taken from the shipping lines in their order; the tax follows in proportion, to date."""
    lefts = [(line, _shipping_left(order, line, "subtotal_amount")) for line in order["shipping_lines"]]
    most = sum(left for _, left in lefts)
    rest = most if wanted == "full" else _amount(order, wanted, "shipping")
    if rest > most:
        limit = text(most, order["currency"])
        raise OrderError(f"No more than {limit} {order['currency']} of shipping can be refunded", ["shipping"])
    entries = []
    for line, left in lefts:
        taken = min(rest, left)
        rest -= taken
        if taken:
            net, tax = line_net(order, line), line_tax(order, line)
            tax_to_date = rounded(Decimal(tax) * (net - left + taken) / net)
            tax_now = tax_to_date - (tax - _shipping_left(order, line, "tax_amount"))
            amounts = {"subtotal_amount": taken, "tax_amount": tax_now}
            texts = {name: text(amount, order["currency"]) for name, amount in amounts.items()}
            entries.append({"shipping_line_id": line["id"], **texts})
    return entries


def _shipping_left(order: Doc, line: Doc, name: str) -> int:
    whole = line_net(order, line) if name == "subtotal_amount" else line_tax(order, line)
    taken = (e for refund in order["refunds"] for e in refund["refund_shipping_lines"])
    return whole - sum(money(order, e[name]) for e in taken if e["shipping_line_id"] == line["id"])


def _adjustments(store: Store, order: Doc, gap: int, moved: int, reason: str | None) -> list[Doc]:
    """The difference between what the parts come to and the money returned: positive when less was returned."""
    if gap == 0:
        return []
    usual = "Refund discrepancy" if moved else "Pending refund discrepancy"
    adjustment = {
        "id": store.next_id(),
        "kind": "refund_discrepancy",
        "reason": _REASONS.get(reason or "", usual),
        "amount": text(gap, order["currency"]),
    }
    return [adjustment]


def _send_back(store: Store, order: Doc, amount: int) -> list[Doc]:
    """Refund transactions against the payments they return, oldest payment first."""
    payments = [e for e in order["transactions"] if e["kind"] in ("sale", "capture") and e["status"] == "success"]
    made = []
    for at, payment in enumerate(payments):
        returned = sum(money(order, e["amount"]) for e in order["transactions"] if e["parent_id"] == payment["id"])
        last = at == len(payments) - 1
        part = amount if last else min(amount, money(order, payment["amount"]) - returned)
        amount -= part
        if part:
            made.append(add_transaction(store, order, "refund", text(part, order["currency"]), parent=payment))
    return made


def stock_moves(order: Doc, refund: Doc) -> list[stock.Move]:
    moves = {"cancel": stock.cancelled, "return": stock.returned}
    return [
        moves[entry["restock_type"]](line["variant_id"], entry["location_id"], entry["quantity"])
        for entry in refund["refund_line_items"]
        if entry["restock_type"] in moves
        for line in order["line_items"]
        if line["id"] == entry["line_item_id"]
    ]


def _amount(order: Doc, amount: str, field: str) -> int:
    try:
        value = money(order, amount)
    except ValueError as error:
        raise OrderError(str(error), [field], "INVALID") from error
    if value < 0:
        raise OrderError("The amount cannot be negative", [field], "INVALID")
    return value
