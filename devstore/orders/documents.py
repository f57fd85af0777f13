"""Orders as documents: reading, writing, and finding the order a refund or a fulfilment belongs to.

An order is one document. Its amounts are decimal strings in shop currency; its transactions, refunds, fulfilments and
fulfilment orders live inside it, and a small "order_part" document leads from each of their numbers to the order.
"""

from devstore.clock import iso
from devstore.orders.errors import OrderError
from devstore.orders.standing import restate
from devstore.store import Doc, Store

_PARTS = ("refunds", "fulfillments", "fulfillment_orders", "returns")


def get_order(store: Store, shop: str, order_id: int) -> Doc:
    """The order. Raises OrderError when the shop has none of that number."""
    order = store.get(shop, "order", order_id)
    if order is None:
        raise OrderError("Order does not exist", ["orderId"], "NOT_FOUND")
    return order


def find_order_of(store: Store, shop: str, part_id: int) -> Doc | None:
    """The order that a refund, fulfilment or fulfilment order is part of, by the part's number."""
    part = store.get(shop, "order_part", part_id)
    return store.get(shop, "order", part["order_id"]) if part else None


def find_part(order: Doc, kind: str, part_id: int) -> Doc | None:
    """One of the order's "refunds", "fulfillments", "fulfillment_orders", "line_items", … by its number."""
    return next((part for part in order.get(kind, ()) if part["id"] == part_id), None)


def save(store: Store, shop: str, order: Doc, *events: str, at: str | None = None) -> Doc:
    """Write the order with its standing recomputed, its timeline extended and ``updated_at`` moved."""
    now = at or iso(store.clock.now())
    order["updated_at"] = now
    order["timeline"] += [{"at": now, "text": event} for event in events]
    restate(order)
    for kind in _PARTS:
        for part in order.get(kind, ()):
            store.put(shop, "order_part", {"id": part["id"], "order_id": order["id"]})
    return store.put(shop, "order", order)


def list_orders(store: Store, shop: str) -> list[Doc]:
    """All orders, newest first."""
    return sorted(store.all(shop, "order"), key=lambda order: (order["created_at"], order["id"]), reverse=True)


def add_transaction(
    store: Store, order: Doc, kind: str, amount: str, *, parent: Doc | None = None, at: str | None = None
) -> Doc:
    """Record a successful transaction of an amount in shop currency. Changes the order; does not save it."""
    now = at or iso(store.clock.now())
    entry = {
        "id": store.next_id(),
        "kind": kind,
        "status": "success",
        "amount": amount,
        "gateway": parent["gateway"] if parent else order["gateway"],
        "parent_id": parent["id"] if parent else None,
        "created_at": now,
        "processed_at": now,
    }
    order["transactions"].append(entry)
    return entry
