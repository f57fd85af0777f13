"""What was agreed to with a customer, and when: the order as it was placed, then each edit of it."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from itertools import count

from devstore.orders.amounts import split
from devstore.orders.documents import find_part
from devstore.orders.pricing import tax_of
from devstore.orders.standing import line_discount, line_tax, money
from devstore.orders.views import line_view, minor_bag, shipping_line_view
from devstore.store import Doc


def agreement_views(order: Doc) -> list[Doc]:
    edits = order.get("edits", [])
    added, off = Counter[int](), Counter[int]()
    for edit in edits:
        added.update({change["id"]: change["delta"] for change in edit["additions"]})
        added.update(edit["shipping"])
        off.update({change["id"]: change["net"] for change in edit.get("discounts", ())})
    first = [
        (line["id"], line["quantity"] - added[line["id"]], line_discount(order, line) - off[line["id"]])
        for line in order["line_items"]
    ]
    shipped = [line["id"] for line in order["shipping_lines"] if not added[line["id"]]]
    placed = _agreement("OrderAgreement", order, order["id"], order["created_at"], first, shipped)
    return [placed, *(_edit(order, edit) for edit in edits)]


def _edit(order: Doc, edit: Doc) -> Doc:
    units = [(change["id"], change["delta"], 0) for change in edit["additions"]]
    units += [_removal(order, change["id"], change["delta"]) for change in edit["removals"]]
    found = _agreement("OrderEditAgreement", order, edit["id"], edit["created_at"], units, edit["shipping"])
    found["parts"] += [
        _line_sale(edit["id"] * 1000 + 500 + at, order, change["id"], "UPDATE", None, -change["net"], -change["tax"])
        for at, change in enumerate(edit.get("discounts", ()))
    ]
    return found


def _removal(order: Doc, line_id: int, units: int) -> tuple[int, int, int]:
    line = find_part(order, "line_items", line_id)
    assert line is not None
    theirs, _ = split(line_discount(order, line), [units, line["quantity"] - units])
    return line_id, -units, -theirs


def _agreement(
    kind: str, order: Doc, number: int, at: str, units: Iterable[tuple[int, int, int]], shipped: Iterable[int]
) -> Doc:
    """`units`: of which line how many, and the discount on them."""
    ids = count(number * 1000)
    sales = [_sale(next(ids), order, line, each, discount) for line, each, discount in units if each]
    sales += [_shipping_sale(next(ids), order, line) for line in shipped]
    reason = "ORDER" if kind == "OrderAgreement" else "ORDER_EDIT"
    return {"__typename": kind, "id": number, "happenedAt": at, "reason": reason, "parts": sales}


def _sale(number: int, order: Doc, line_id: int, units: int, discount: int) -> Doc:
    line = find_part(order, "line_items", line_id)
    assert line is not None
    net = money(order, line["price"]) * units - discount
    rates = [Decimal(tax["rate"]) for tax in line["tax_lines"]]
    tax = sum(tax_of(net, rate, included=order["taxes_included"]) for rate in rates)
    return _line_sale(number, order, line_id, "ORDER" if units > 0 else "RETURN", units, net, tax)


def _line_sale(number: int, order: Doc, line_id: int, action: str, units: int | None, net: int, tax: int) -> Doc:
    line = find_part(order, "line_items", line_id)
    assert line is not None
    card = line["gift_card"]
    return {
        "__typename": "GiftCardSale" if card else "ProductSale",
        "id": number,
        "actionType": action,
        "lineType": "GIFT_CARD" if card else "PRODUCT",
        "quantity": units,
        "lineItem": line_view(order, line),
        **_amounts(order, net, tax),
    }


def _shipping_sale(number: int, order: Doc, line_id: int) -> Doc:
    line = find_part(order, "shipping_lines", line_id)
    assert line is not None
    net, tax = money(order, line["price"]) - line_discount(order, line), line_tax(order, line)
    shown = {"actionType": "ORDER", "lineType": "SHIPPING", "quantity": None}
    of = {"shippingLine": shipping_line_view(order, line)}
    return {"__typename": "ShippingLineSale", "id": number, **shown, **of, **_amounts(order, net, tax)}


def _amounts(order: Doc, net: int, tax: int) -> Doc:
    whole = net if order["taxes_included"] else net + tax
    return {"totalAmount": minor_bag(order, whole), "totalTaxAmount": minor_bag(order, tax)}
