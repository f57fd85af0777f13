"""Another theme was published: our blocks may not stand in it."""

from sqlalchemy.orm import Session

from app.home import theme
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import ThemePublished, read_payload


def handle_themes_publish(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    """Which theme is published now is read: of two, the news may come in either order."""
    del event
    read_payload(ThemePublished, payload)
    theme.ask(session, shop)
