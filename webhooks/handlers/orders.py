"""Orders: every topic that carries the whole order does the same thing, so their order of arrival does not matter."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.orders import service
from app.queue import enqueue_after_commit
from app.shopify.payloads import read_payload
from app.shopify.payloads_orders import Order, OrderEdited, read_body


def handle_orders_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    body, snapshot = read_body(Order, payload)
    service.receive_order(session, shop, body, snapshot)


handle_orders_paid = handle_orders_create
handle_orders_updated = handle_orders_create
handle_orders_cancelled = handle_orders_create


def handle_orders_edited(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    """The edit names lines, not amounts. The order as edited comes with orders/updated, or, should that one be lost, by
    asking for it.
    """
    del event
    edited = read_payload(OrderEdited, payload).order_edit.order_id
    enqueue_after_commit(session, "jobs.reconciliation.look_at_order", shop.id, edited, queue="catalogue")
