"""Which webhooks follow which event, in the order Shopify sends them. Call inside the event's transaction."""

from devstore.gids import gid
from devstore.orders.payload_parts import transaction
from devstore.orders.payloads import (
    fulfillment_event_payload,
    fulfillment_payload,
    order_edit_payload,
    order_payload,
    refund_payload,
)
from devstore.store import Doc, Store
from devstore.webhooks import emit


def order_event(store: Store, shop: str, order: Doc, *topics: str) -> None:
    """Send the order as it stands now under each topic."""
    customer = store.get(shop, "customer", order["customer_id"])
    payload = order_payload(order, customer)
    for topic in topics:
        emit(store, shop, topic, payload)


def placed(store: Store, shop: str, order: Doc) -> None:
    paid = order["financial_status"] == "paid"
    order_event(store, shop, order, "orders/create", *(["orders/paid"] if paid else []), "orders/updated")
    for entry in order["transactions"]:
        emit(store, shop, "order_transactions/create", transaction(order, entry))
    for part in order["fulfillment_orders"]:
        body = {"id": gid("FulfillmentOrder", part["id"]), "status": part["status"]}
        emit(store, shop, "fulfillment_orders/order_routing_complete", {"fulfillment_order": body})


def paid(store: Store, shop: str, order: Doc, entry: Doc) -> None:
    """After a capture or a payment by hand."""
    emit(store, shop, "order_transactions/create", transaction(order, entry))
    whole = order["financial_status"] == "paid"
    order_event(store, shop, order, "orders/paid" if whole else "orders/partially_paid", "orders/updated")


def refunded(store: Store, shop: str, order: Doc, refund: Doc) -> None:
    emit(store, shop, "refunds/create", refund_payload(order, refund))
    for entry in order["transactions"]:
        if entry["id"] in refund["transaction_ids"]:
            emit(store, shop, "order_transactions/create", transaction(order, entry))
    order_event(store, shop, order, "orders/updated")


def cancelled(store: Store, shop: str, order: Doc) -> None:
    for part in order["fulfillment_orders"]:
        body = {"id": gid("FulfillmentOrder", part["id"]), "status": part["status"]}
        emit(store, shop, "fulfillment_orders/cancelled", {"fulfillment_order": body})
    order_event(store, shop, order, "orders/cancelled", "orders/updated")


def edited(store: Store, shop: str, order: Doc, edit: Doc) -> None:
    emit(store, shop, "orders/edited", order_edit_payload(order, edit))
    order_event(store, shop, order, "orders/updated")


def shipped(store: Store, shop: str, order: Doc, fulfillment: Doc) -> None:
    emit(store, shop, "fulfillments/create", fulfillment_payload(order, fulfillment))
    whole = order["fulfillment_status"] == "fulfilled"
    topic = "orders/fulfilled" if whole else "orders/partially_fulfilled"
    order_event(store, shop, order, topic, "orders/updated")


def shipment_changed(store: Store, shop: str, order: Doc, fulfillment: Doc, event: Doc | None = None) -> None:
    """After new tracking, a cancelled shipment, or word from the carrier."""
    if event is not None:
        emit(store, shop, "fulfillment_events/create", fulfillment_event_payload(order, fulfillment, event))
    emit(store, shop, "fulfillments/update", fulfillment_payload(order, fulfillment))
    order_event(store, shop, order, "orders/updated")
