"""Parcels: made in the portal, in the Shopify admin or by another app; all are told here."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.orders import service
from app.shopify.payloads import read_payload
from app.shopify.payloads_orders import Fulfillment


def handle_fulfillments_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    service.receive_fulfilment(session, shop, read_payload(Fulfillment, payload))


handle_fulfillments_update = handle_fulfillments_create
