"""Vendors' public pages that the merchant made, changed or deleted in the admin."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import Metaobject, read_payload
from app.vendors import sync


def handle_metaobjects_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    sync.take_over(session, shop, read_payload(Metaobject, payload))


def handle_metaobjects_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    sync.take_over(session, shop, read_payload(Metaobject, payload))


def handle_metaobjects_delete(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    sync.forget_page(session, shop, read_payload(Metaobject, payload))
