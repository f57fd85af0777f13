"""Refunds, which may come before the order they belong to."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.orders import service
from app.shopify.payloads_orders import Refund, read_body


def handle_refunds_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    body, snapshot = read_body(Refund, payload)
    service.receive_refund(session, shop, body, snapshot)
