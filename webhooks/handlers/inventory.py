"""Stock that changed in Shopify: sold, restocked, corrected."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.products import mirror
from app.shopify.payloads import InventoryItem, InventoryLevel, read_payload


def handle_inventory_levels_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    mirror.take_over_stock(session, shop, read_payload(InventoryLevel, payload))


def handle_inventory_items_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    mirror.take_over_item(session, shop, read_payload(InventoryItem, payload))
