"""Fulfilment orders that were held, released, moved, split, merged, put off or cancelled."""

import re
from typing import Final

from sqlalchemy.orm import Session

from app.fulfilment.holds import note_news
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import PayloadError

TOPICS: Final = (
    "fulfillment_orders/placed_on_hold",
    "fulfillment_orders/hold_released",
    "fulfillment_orders/moved",
    "fulfillment_orders/split",
    "fulfillment_orders/merged",
    "fulfillment_orders/rescheduled",
    "fulfillment_orders/scheduled_fulfillment_order_ready",
    "fulfillment_orders/cancelled",
)
_NAMED: Final = re.compile(rb"gid:\\?/\\?/shopify\\?/FulfillmentOrder\\?/(\d{1,18})(?!\d)")


def handle_fulfillment_order(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    """The bodies differ by topic and none names the order or a time. All name the fulfilment orders that changed."""
    del event
    numbers = {int(number) for number in _NAMED.findall(payload)}
    if not numbers:
        raise PayloadError("This body names no fulfilment order.")
    note_news(session, shop.id, sorted(numbers))
