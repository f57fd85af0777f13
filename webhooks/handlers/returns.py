"""Returns: asked for, approved, declined, called off, closed, opened again. What they say is read from Shopify."""

from typing import Final

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.orders.return_requests import note_news
from app.shopify.payloads import ReturnNews, read_payload
from app.shopify.webhook_bodies import number_of

TOPICS: Final = (
    "returns/request",
    "returns/approve",
    "returns/decline",
    "returns/cancel",
    "returns/close",
    "returns/reopen",
    "returns/update",
    "returns/process",
)


def handle_return(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    """The bodies of these topics differ, some name no lines, and none says when: each only says which one to read."""
    del event
    note_news(session, shop.id, number_of(read_payload(ReturnNews, payload).admin_graphql_api_id))
