"""What happens to a fulfilment after it left: tracking, the carrier's reports, undoing it."""

from collections.abc import Mapping

from devstore.clock import iso
from devstore.orders import announce, stock
from devstore.orders.documents import find_order_of, find_part, save
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import moves
from devstore.orders.routing import restate_fulfillment_order
from devstore.orders.tracking import Tracking
from devstore.store import Doc, Store

EVENT_STATUSES = (
    "label_purchased", "label_printed", "confirmed", "carrier_picked_up", "in_transit", "out_for_delivery",
    "attempted_delivery", "delayed", "ready_for_pickup", "delivered", "failure",
)  # fmt: skip


def update_tracking(store: Store, shop: str, fulfillment_id: int, tracking: Tracking) -> Doc:
    with store.transaction():
        order, fulfillment = get_fulfillment(store, shop, fulfillment_id)
        tracking.write_on(fulfillment)
        return _changed(store, shop, order, fulfillment, "Tracking was updated.")


def cancel_fulfillment(store: Store, shop: str, fulfillment_id: int) -> Doc:
    """Undo a shipment: its units can be fulfilled again. Raises OrderError when it already was undone."""
    with store.transaction():
        order, fulfillment = get_fulfillment(store, shop, fulfillment_id)
        if fulfillment["status"] == "cancelled":
            raise OrderError("Fulfillment is already cancelled", ["id"], "INVALID")
        fulfillment["status"] = "cancelled"
        now = iso(store.clock.now())
        for entry in fulfillment["line_items"]:
            part = find_part(order, "fulfillment_orders", entry["fulfillment_order_id"])
            assert part is not None
            held = find_part(part, "line_items", entry["fulfillment_order_line_id"])
            assert held is not None
            held["remaining"] += entry["quantity"]
            restate_fulfillment_order(part, now)
        changed = _changed(store, shop, order, fulfillment, "A fulfillment was cancelled.")
        stock.apply(store, shop, moves(order, fulfillment, stock.unshipped))
        return changed


def add_event(
    store: Store,
    shop: str,
    fulfillment_id: int,
    status: str,
    *,
    message: str | None = None,
    happened_at: str | None = None,
    place: Mapping[str, str | None] | None = None,
) -> Doc:
    """Note what the carrier reports (one of EVENT_STATUSES) and return the event. Raises OrderError."""
    if status not in EVENT_STATUSES:
        raise OrderError(f"'{status}' is not a fulfillment event", ["status"], "INVALID")
    with store.transaction():
        order, fulfillment = get_fulfillment(store, shop, fulfillment_id)
        now = iso(store.clock.now())
        event = {
            "id": store.next_id(),
            "fulfillment_id": fulfillment_id,
            "status": status,
            "message": message,
            "happened_at": happened_at or now,
            "created_at": now,
            **(place or {}),
        }
        fulfillment["events"].append(event)
        fulfillment["shipment_status"] = max(fulfillment["events"], key=lambda e: (e["happened_at"], e["id"]))["status"]
        _changed(store, shop, order, fulfillment, f"Shipment: {status.replace('_', ' ')}.", event)
        return event


def get_fulfillment(store: Store, shop: str, fulfillment_id: int) -> tuple[Doc, Doc]:
    """(order, fulfilment). Raises OrderError when the shop has none of that number."""
    order = find_order_of(store, shop, fulfillment_id)
    fulfillment = find_part(order, "fulfillments", fulfillment_id) if order else None
    if order is None or fulfillment is None:
        raise OrderError("Fulfillment does not exist", ["fulfillmentId"], "NOT_FOUND")
    return order, fulfillment


def _changed(store: Store, shop: str, order: Doc, fulfillment: Doc, text: str, event: Doc | None = None) -> Doc:
    fulfillment["updated_at"] = iso(store.clock.now())
    save(store, shop, order, text)
    announce.shipment_changed(store, shop, order, fulfillment, event)
    return fulfillment
