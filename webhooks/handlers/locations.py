"""The place where vendors' stock is counted may close, or be the first to open."""

from sqlalchemy.orm import Session

from app.auth import installation
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import Location, read_payload


def handle_locations_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    read_payload(Location, payload)
    installation.ask_for_places(session, shop)


handle_locations_activate = handle_locations_create


def handle_locations_deactivate(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    installation.leave_place(session, shop, f"gid://shopify/Location/{read_payload(Location, payload).id}")


handle_locations_delete = handle_locations_deactivate
