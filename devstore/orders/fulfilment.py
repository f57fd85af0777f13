"""Shipping: fulfilments out of fulfilment orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from devstore.clock import iso
from devstore.orders import announce, stock
from devstore.orders.documents import find_order_of, find_part, get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.routing import restate_fulfillment_order
from devstore.orders.tracking import Tracking
from devstore.store import Doc, Store


@dataclass(frozen=True)
class Parcel:
    """What to ship of one fulfilment order: quantities by fulfilment order line; None is all that is left."""

    fulfillment_order_id: int
    quantities: Mapping[int, int] | None = None


def fulfil(store: Store, shop: str, parcels: Sequence[Parcel], tracking: Tracking | None = None) -> Doc:
    """Ship parcels of one order from one location as one fulfilment, and return it. Raises OrderError."""
    with store.transaction():
        order = _order_of_parcels(store, shop, parcels)
        now = iso(store.clock.now())
        taken = [_take(order, parcel, now) for parcel in parcels]
        places = {part["location_id"] for part, _ in taken}
        if len(places) > 1:
            raise OrderError("All fulfillment orders must be assigned to the same location", ["fulfillment"], "INVALID")
        entries = [entry for _, units in taken for entry in units]
        if not entries:
            raise OrderError("There is nothing left to fulfil", ["fulfillment"], "INVALID")
        place = store.get(shop, "location", places.pop()) or {}
        fulfillment = _new_fulfillment(store, order, place, entries, now)
        (tracking or Tracking()).write_on(fulfillment)
        order["fulfillments"].append(fulfillment)
        count = sum(entry["quantity"] for entry in entries)
        save(store, shop, order, f"{count} {'item was' if count == 1 else 'items were'} fulfilled.")
        announce.shipped(store, shop, order, fulfillment)
        stock.apply(store, shop, moves(order, fulfillment, stock.shipped))
        return fulfillment


def fulfil_lines(
    store: Store, shop: str, order_id: int, quantities: Mapping[int, int] | None, tracking: Tracking | None = None
) -> list[Doc]:
    """Ship by line item (None: all that is left), one fulfilment per fulfilment order. Raises OrderError."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        parcels = list(_parcels(order, quantities))
        if not parcels:
            raise OrderError("There is nothing left to fulfil on this order", ["lines"], "INVALID")
        return [fulfil(store, shop, [parcel], tracking) for parcel in parcels]


def _order_of_parcels(store: Store, shop: str, parcels: Sequence[Parcel]) -> Doc:
    orders = [find_order_of(store, shop, parcel.fulfillment_order_id) for parcel in parcels]
    if not orders or any(order is None for order in orders):
        raise OrderError("Fulfillment order does not exist", ["fulfillment"], "NOT_FOUND")
    if len({order["id"] for order in orders if order}) > 1:
        raise OrderError("All fulfillment orders must belong to the same order", ["fulfillment"], "INVALID")
    order = orders[0]
    assert order is not None
    return order


def _take(order: Doc, parcel: Parcel, at: str) -> tuple[Doc, list[Doc]]:
    """Take a parcel's units out of its fulfilment order: (fulfilment order, entries of the fulfilment)."""
    part = find_part(order, "fulfillment_orders", parcel.fulfillment_order_id)
    assert part is not None
    path = ["fulfillment", "lineItemsByFulfillmentOrder"]
    if part["status"] not in ("open", "in_progress"):
        raise OrderError(f"Fulfillment order {part['id']} has an unfulfillable status= {part['status']}", path)
    known = {entry["id"] for entry in part["line_items"]}
    if parcel.quantities is not None and not set(parcel.quantities) <= known:
        raise OrderError("Fulfillment order line item does not exist", path, "NOT_FOUND")
    taken = []
    for entry in part["line_items"]:
        quantity = entry["remaining"] if parcel.quantities is None else parcel.quantities.get(entry["id"], 0)
        if quantity < 0 or quantity > entry["remaining"]:
            raise OrderError(f"Invalid fulfillment order line item quantity requested: {quantity}", path, "INVALID")
        if quantity:
            entry["remaining"] -= quantity
            taken.append(
                {
                    "line_item_id": entry["line_item_id"],
                    "fulfillment_order_id": part["id"],
                    "fulfillment_order_line_id": entry["id"],
                    "quantity": quantity,
                }
            )
    restate_fulfillment_order(part, at)
    return part, taken


def _new_fulfillment(store: Store, order: Doc, place: Doc, entries: list[Doc], at: str) -> Doc:
    return {
        "id": store.next_id(),
        "order_id": order["id"],
        "name": f"{order['name']}-F{len(order['fulfillments']) + 1}",
        "status": "success",
        "shipment_status": None,
        "location_id": place["id"],
        "origin_address": place.get("address"),
        "line_items": [{"id": store.next_id(), **entry} for entry in entries],
        "events": [],
        "created_at": at,
        "updated_at": at,
    }


def _parcels(order: Doc, quantities: Mapping[int, int] | None) -> Iterator[Parcel]:
    """Parcels that ship the wanted units of each line item, from the fulfilment orders that hold them."""
    wanted = None if quantities is None else {line: count for line, count in quantities.items() if count}
    for part in order["fulfillment_orders"]:
        take: dict[int, int] = {}
        for entry in part["line_items"]:
            most = entry["remaining"] if wanted is None else wanted.get(entry["line_item_id"], 0)
            take[entry["id"]] = min(entry["remaining"], most)
            if wanted is not None and take[entry["id"]]:
                wanted[entry["line_item_id"]] -= take[entry["id"]]
        if any(take.values()):
            yield Parcel(part["id"], take)
    if wanted and any(wanted.values()):
        raise OrderError("There are not that many units left to fulfil", ["lines"], "INVALID")


def moves(order: Doc, fulfillment: Doc, kind: Callable[[int, int, int], stock.Move]) -> list[stock.Move]:
    """One stock move of a kind for every line of a fulfilment."""
    variants = {line["id"]: line["variant_id"] for line in order["line_items"]}
    return [
        kind(variants[entry["line_item_id"]], fulfillment["location_id"], entry["quantity"])
        for entry in fulfillment["line_items"]
    ]
