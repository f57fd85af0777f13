"""What the forms of the order pages say, read into requests; a refusal names the form's own field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devstore.orders.errors import OrderError
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest
from devstore.orders.standing import fulfilled_quantity, refunded_lines
from devstore.orders.tracking import Tracking
from devstore.store import Doc

Form = Mapping[str, str]


@dataclass(frozen=True)
class RefundRow:
    """Units of one line that are in the same state; ``kind`` is how they are restocked."""

    name: str
    kind: str
    line: Doc
    most: int


def refund_rows(order: Doc) -> list[RefundRow]:
    """What can still be refunded: units not shipped yet, then units that were."""
    rows = []
    for line in order["line_items"]:
        waiting = min(line["fulfillable_quantity"], line["current_quantity"])
        rows.append(RefundRow(f"cancel.{line['id']}", "cancel", line, waiting))
    for line in order["line_items"]:
        back = sum(e["quantity"] for e in refunded_lines(order, line["id"]) if e["restock_type"] == "return")
        waiting = min(line["fulfillable_quantity"], line["current_quantity"])
        most = min(fulfilled_quantity(order, line["id"]) - back, line["current_quantity"] - waiting)
        rows.append(RefundRow(f"return.{line['id']}", "return", line, most))
    return [row for row in rows if row.most > 0]


def read_refund(order: Doc, form: Form) -> RefundRequest:
    """The refund that was asked for. Raises OrderError naming the field that cannot be read."""
    restock = "restock" in form
    lines = [
        LineRefund(row.line["id"], quantity, row.kind if restock else "no_restock")
        for row in refund_rows(order)
        if (quantity := _quantity(form, row.name, row.most))
    ]
    return RefundRequest(
        lines,
        shipping=_text(form, "shipping"),
        amount=_text(form, "amount"),
        note=_text(form, "note"),
    )


def refund_field(order: Doc, form: Form, error: OrderError) -> str:
    """The form's name for the field that a refused refund is about."""
    path = error.field or []
    if path[:1] == ["refundLineItems"]:
        filled = [row.name for row in refund_rows(order) if form.get(row.name, "").strip() not in ("", "0")]
        return filled[int(path[1])]
    return {"transactions": "amount"}.get(path[0], path[0]) if path else "amount"


def read_quantities(lines: Sequence[Doc], form: Form, prefix: str) -> dict[int, int]:
    """Units not shipped yet by line item, from fields `<prefix>.<line item>`. Raises OrderError naming the field."""
    return {
        line["id"]: quantity
        for line in lines
        if (quantity := _quantity(form, f"{prefix}.{line['id']}", line["fulfillable_quantity"]))
    }


def read_addition(form: Form) -> list[LineRequest]:
    """The product to add, if one was chosen. Raises OrderError naming the field."""
    chosen, quantity = form.get("variant", ""), form.get("quantity", "").strip()
    if not chosen.isdecimal():
        return []
    if not quantity.isdecimal() or int(quantity) < 1:
        raise OrderError("Write a number from 1", ["quantity"], "INVALID")
    return [{"variant_id": int(chosen), "quantity": int(quantity)}]


def read_tracking(form: Form) -> Tracking:
    numbers = tuple(number.strip() for number in form.get("numbers", "").split(",") if number.strip())
    url = _text(form, "url")
    if url and not url.startswith(("https://", "http://")):
        raise OrderError("Write the whole address, starting with https://", ["url"], "INVALID")
    return Tracking(_text(form, "company"), numbers, (url,) if url else ())


def _text(form: Form, name: str) -> str | None:
    return form.get(name, "").strip() or None


def _quantity(form: Form, name: str, most: int) -> int:
    written = form.get(name, "").strip() or "0"
    if not written.isdecimal() or int(written) > most:
        raise OrderError(f"Write a number from 0 to {most}", [name], "INVALID")
    return int(written)
