"""Shopify's privacy topics. Each is written down with its 30-day clock; a job carries it out and leaves a receipt."""

import msgspec
from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.privacy import PrivacyKind
from app.models.shops import Shop
from app.privacy import service
from app.shopify.payloads import (
    CustomerDataRequest,
    CustomerRedact,
    PayloadError,
    ShopRedact,
    read_payload,
    require_own,
)


def handle_customers_data_request(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    body = read_payload(CustomerDataRequest, payload)
    require_own(shop.domain, body.shop_domain)
    _refuse_keys(payload, "orders_to_redact")
    kind = PrivacyKind.DATA_REQUEST
    service.receive_customer_request(session, shop, kind, event, body.customer, body.orders_requested)


def handle_customers_redact(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    body = read_payload(CustomerRedact, payload)
    require_own(shop.domain, body.shop_domain)
    _refuse_keys(payload, "orders_requested", "data_request")
    kind = PrivacyKind.CUSTOMER_REDACT
    service.receive_customer_request(session, shop, kind, event, body.customer, body.orders_to_redact)


def handle_shop_redact(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    body = read_payload(ShopRedact, payload)
    require_own(shop.domain, body.shop_domain)
    _refuse_keys(payload, "customer")
    service.receive_shop_redact(session, shop, event)


def _refuse_keys(payload: bytes, *foreign: str) -> None:
    """The topic is not signed: a request for data must not be replayed as one to delete it."""
    if found := set(foreign) & msgspec.json.decode(payload, type=dict[str, object]).keys():
        raise PayloadError(f"This body belongs to another topic: it has {', '.join(sorted(found))}.")
