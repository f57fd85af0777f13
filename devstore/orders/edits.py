"""Editing an order after it was placed: units taken off, products added, the balance owed either way."""

from collections.abc import Mapping, Sequence

from devstore.clock import iso
from devstore.orders import announce, stock
from devstore.orders.amounts import text
from devstore.orders.basket import Basket, fill_basket, shop_settings
from devstore.orders.documents import get_order, save
from devstore.orders.drafting import line_items
from devstore.orders.errors import OrderError
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest, record_refund, stock_moves
from devstore.orders.routing import open_fulfillment_orders
from devstore.orders.standing import line_net, line_tax, money
from devstore.store import Doc, Store


def edit_order(
    store: Store,
    shop: str,
    order_id: int,
    *,
    remove: Mapping[int, int] | None = None,
    add: Sequence[LineRequest] = (),
    staff_note: str | None = None,
) -> Doc:
    """Take units that were not shipped off (by line item) and add products. Returns the order. Raises OrderError.

    Money that is owed to the buyer afterwards waits for a refund; what the buyer owes is outstanding.
    """
    with store.transaction():
        order = get_order(store, shop, order_id)
        if order["cancelled_at"]:
            raise OrderError("A canceled order cannot be edited", ["id"], "INVALID")
        removals = {line: units for line, units in (remove or {}).items() if units}
        if not removals and not add:
            raise OrderError("Nothing was changed", ["id"], "BLANK")
        refund = _take_off(store, order, removals)
        basket = fill_basket(store, shop, add) if add else None
        added = _append(store, shop, order, basket) if basket else []
        edit = _entry(store, removals, added, staff_note)
        save(store, shop, order, "The order was edited.")
        announce.edited(store, shop, order, edit)
        sold = [stock.sold(line["variant_id"], line["location_id"], line["quantity"]) for line in added]
        stock.apply(store, shop, [*(stock_moves(order, refund) if refund else []), *sold])
        return order


def _take_off(store: Store, order: Doc, removals: Mapping[int, int]) -> Doc | None:
    """Removed units are a refund of which no money has moved yet."""
    if not removals:
        return None
    lines = [LineRefund(line, units, "cancel") for line, units in removals.items()]
    return record_refund(store, order, RefundRequest(lines, amount="0"))


def _append(store: Store, shop: str, order: Doc, basket: Basket) -> list[Doc]:
    """Add priced lines to the order, its totals and its fulfilment orders."""
    added = line_items(store, shop_settings(store, shop), basket)
    for line in added:
        line["current_quantity"] = line["fulfillable_quantity"] = line["quantity"]
        line["fulfillment_status"] = None
    net = sum(line_net(order, line) for line in added)
    tax = sum(line_tax(order, line) for line in added)
    grown = {
        "subtotal_price": net,
        "total_line_items_price": net,
        "total_tax": tax,
        "total_price": net if order["taxes_included"] else net + tax,
    }
    for name, amount in grown.items():
        order[name] = text(money(order, order[name]) + amount, order["currency"])
    order["line_items"] += added
    now = iso(store.clock.now())
    order["fulfillment_orders"] += open_fulfillment_orders(store, {**order, "line_items": added, "created_at": now})
    return added


def _entry(store: Store, removals: Mapping[int, int], added: Sequence[Doc], staff_note: str | None) -> Doc:
    return {
        "id": store.next_id(),
        "created_at": iso(store.clock.now()),
        "staff_note": staff_note,
        "additions": [{"id": line["id"], "delta": line["quantity"]} for line in added],
        "removals": [{"id": line, "delta": units} for line, units in removals.items()],
    }
