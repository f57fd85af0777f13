"""What was agreed to with a customer, and when: the order as it was placed, then each edit of it."""

from collections import Counter
from collections.abc import Iterable
from itertools import count

from devstore.orders.documents import find_part
from devstore.orders.views import line_view, shipping_line_view
from devstore.store import Doc


def agreement_views(order: Doc) -> list[Doc]:
    edits = order.get("edits", [])
    added = Counter[int]()
    for edit in edits:
        added.update({change["id"]: change["delta"] for change in edit["additions"]})
        added.update(edit["shipping"])
    first = {line["id"]: line["quantity"] - added[line["id"]] for line in order["line_items"]}
    shipped = [line["id"] for line in order["shipping_lines"] if not added[line["id"]]]
    placed = _agreement("OrderAgreement", order, order["id"], order["created_at"], first.items(), shipped)
    return [placed, *(_edit(order, edit) for edit in edits)]


def _edit(order: Doc, edit: Doc) -> Doc:
    units = [(change["id"], change["delta"]) for change in edit["additions"]]
    units += [(change["id"], -change["delta"]) for change in edit["removals"]]
    return _agreement("OrderEditAgreement", order, edit["id"], edit["created_at"], units, edit["shipping"])


def _agreement(
    kind: str, order: Doc, number: int, at: str, units: Iterable[tuple[int, int]], shipped: Iterable[int]
) -> Doc:
    ids = count(number * 1000)
    sales = [_sale(next(ids), order, line, each) for line, each in units if each]
    sales += [_shipping_sale(next(ids), order, line) for line in shipped]
    reason = "ORDER" if kind == "OrderAgreement" else "ORDER_EDIT"
    return {"__typename": kind, "id": number, "happenedAt": at, "reason": reason, "parts": sales}


def _sale(number: int, order: Doc, line_id: int, units: int) -> Doc:
    line = find_part(order, "line_items", line_id)
    assert line is not None
    card = line["gift_card"]
    return {
        "__typename": "GiftCardSale" if card else "ProductSale",
        "id": number,
        "actionType": "ORDER" if units > 0 else "RETURN",
        "lineType": "GIFT_CARD" if card else "PRODUCT",
        "quantity": units,
        "lineItem": line_view(order, line),
    }


def _shipping_sale(number: int, order: Doc, line_id: int) -> Doc:
    line = find_part(order, "shipping_lines", line_id)
    assert line is not None
    shown = {"actionType": "ORDER", "lineType": "SHIPPING", "quantity": None}
    return {"__typename": "ShippingLineSale", "id": number, **shown, "shippingLine": shipping_line_view(order, line)}
