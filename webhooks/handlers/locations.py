"""The places where vendors' stock is counted: opened, renamed, closed."""

from sqlalchemy.orm import Session

from app.auth import installation
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.products import places
from app.shopify.payloads import Location, read_payload


def handle_locations_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    read_payload(Location, payload)
    installation.ask_for_places(session, shop)


handle_locations_update = handle_locations_create


def handle_locations_activate(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    handle_locations_create(session, shop, payload, event)
    places.reopen(session, shop, _gid(payload))


def handle_locations_deactivate(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    places.close(session, shop, _gid(payload))
    installation.leave_place(session, shop, _gid(payload))


handle_locations_delete = handle_locations_deactivate


def _gid(payload: bytes) -> str:
    return f"gid://shopify/Location/{read_payload(Location, payload).id}"
