"""Editing an order after it was placed: units taken off or added, products, discounts and shipping that come on."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from devstore.clock import iso
from devstore.orders import announce, stock
from devstore.orders.amounts import text
from devstore.orders.basket import fill_basket, shop_settings
from devstore.orders.documents import find_part, get_order, save
from devstore.orders.drafting import line_items
from devstore.orders.errors import OrderError
from devstore.orders.pricing import tax_of
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest, record_refund, stock_moves
from devstore.orders.routing import open_fulfillment_orders
from devstore.orders.standing import line_net, line_tax, money
from devstore.store import Doc, Store


def edit_order(  # noqa: PLR0913 - an edit may do all of it at once
    store: Store,
    shop: str,
    order_id: int,
    *,
    remove: Mapping[int, int] | None = None,
    add: Sequence[LineRequest] = (),
    more: Mapping[int, int] | None = None,
    discounts: Mapping[int, str] | None = None,
    shipping: tuple[str, str] | None = None,
    staff_note: str | None = None,
) -> Doc:
    """Take units that were not shipped off and add units (`more`), both by line item; add products, discounts by line
    item, and shipping by title and price. Returns the order. Raises OrderError.

    Money that is owed to the buyer afterwards waits for a refund; what the buyer owes is outstanding.
    """
    with store.transaction():
        order = get_order(store, shop, order_id)
        if order["cancelled_at"]:
            raise OrderError("A canceled order cannot be edited", ["id"], "INVALID")
        removals = {line: units for line, units in (remove or {}).items() if units}
        if not (removals or add or more or discounts or shipping):
            raise OrderError("Nothing was changed", ["id"], "BLANK")
        refund = _take_off(store, order, removals)
        added = [*_append(store, shop, order, add), *_raise(order, more or {})]
        off = [_discount(order, line_id, amount) for line_id, amount in (discounts or {}).items()]
        shipped = [_ship(store, shop, order, *shipping)] if shipping else []
        edit = _entry(store, removals, added, shipped, staff_note) | {"discounts": off}
        order.setdefault("edits", []).append(edit)
        order["fulfillment_orders"] += open_fulfillment_orders(
            store, {**order, "line_items": added, "created_at": edit["created_at"]}
        )
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


def _append(store: Store, shop: str, order: Doc, add: Sequence[LineRequest]) -> list[Doc]:
    """Add priced lines to the order and its totals. Returns them."""
    added = line_items(store, shop_settings(store, shop), fill_basket(store, shop, add)) if add else []
    for line in added:
        line["current_quantity"] = line["fulfillable_quantity"] = line["quantity"]
        line["fulfillment_status"] = None
        _grow(order, gross=line_net(order, line), tax=line_tax(order, line))
    order["line_items"] += added
    return added


def _raise(order: Doc, more: Mapping[int, int]) -> list[Doc]:
    """Add units to lines. Returns each line with the units that came on."""
    added = []
    for line_id, units in more.items():
        line = _line(order, line_id)
        line["quantity"] += units
        _grow(order, gross=money(order, line["price"]) * units, tax=_retax(order, line))
        added.append({**line, "quantity": units})
    return added


def _discount(order: Doc, line_id: int, off: str) -> Doc:
    """Take an amount off a line, as staff do by hand; its tax follows. Returns by how much both are less."""
    line, amount = _line(order, line_id), money(order, off)
    if not 0 < amount <= line_net(order, line):
        raise OrderError("A discount is more than nothing and at most the line's price", ["discounts"], "INVALID")
    words = text(amount, order["currency"])
    line["discount_allocations"].append(
        {"amount": words, "discount_application_index": len(order["discount_applications"])}
    )
    order["discount_applications"].append({
        "target_type": "line_item",
        "type": "manual",
        "value": words,
        "value_type": "fixed_amount",
        "allocation_method": "across",
        "target_selection": "explicit",
        "title": "Discount by staff",
        "description": None,
    })  # fmt: skip
    tax = _retax(order, line)
    _grow(order, discount=amount, tax=tax)
    return {"id": line_id, "net": amount, "tax": -tax}


def _ship(store: Store, shop: str, order: Doc, title: str, price: str) -> int:
    """Add a shipping line. Returns its id."""
    settings, amount = shop_settings(store, shop), money(order, price)
    tax = tax_of(amount, Decimal(settings["tax_rate"]), included=order["taxes_included"])
    taxes = [{"title": settings["tax_title"], "rate": settings["tax_rate"], "price": text(tax, order["currency"])}]
    number = store.next_id()
    order["shipping_lines"].append({
        "id": number,
        "title": title,
        "code": "custom",
        "source": "shopify",
        "price": text(amount, order["currency"]),
        "tax_lines": taxes,
        "discount_allocations": [],
    })  # fmt: skip
    _grow(order, shipping=amount, tax=tax)
    return number


def _retax(order: Doc, line: Doc) -> int:
    """Tax a line anew by its rates. Returns by how much more."""
    before, net = line_tax(order, line), line_net(order, line)
    for tax in line["tax_lines"]:
        amount = tax_of(net, Decimal(tax["rate"]), included=order["taxes_included"])
        tax["price"] = text(amount, order["currency"])
    return line_tax(order, line) - before


def _grow(order: Doc, *, gross: int = 0, discount: int = 0, shipping: int = 0, tax: int) -> None:
    """Add to the order's totals."""
    net = gross - discount
    grown = {
        "subtotal_price": net,
        "total_line_items_price": gross,
        "total_discounts": discount,
        "total_shipping_price": shipping,
        "total_tax": tax,
        "total_price": net + shipping + (0 if order["taxes_included"] else tax),
    }
    for name, amount in grown.items():
        order[name] = text(money(order, order[name]) + amount, order["currency"])


def _line(order: Doc, line_id: int) -> Doc:
    line = find_part(order, "line_items", line_id)
    if line is None:
        raise OrderError("Line item does not belong to this order", ["lines"], "NOT_FOUND")
    return line


def _entry(
    store: Store, removals: Mapping[int, int], added: Sequence[Doc], shipped: Sequence[int], staff_note: str | None
) -> Doc:
    return {
        "id": store.next_id(),
        "created_at": iso(store.clock.now()),
        "staff_note": staff_note,
        "additions": [{"id": line["id"], "delta": line["quantity"]} for line in added],
        "removals": [{"id": line, "delta": units} for line, units in removals.items()],
        "shipping": list(shipped),
    }
