"""Collections that change in Shopify. Only those that a commission rule names are our business."""

from sqlalchemy.orm import Session

from app.commissions import collections
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import Collection, read_payload


def handle_collections_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    collections.read_soon(session, shop.id, f"gid://shopify/Collection/{read_payload(Collection, payload).id}")


handle_collections_delete = handle_collections_update
"""Reading a collection that is gone finds no products."""
