"""Shopify's privacy topics: each leaves a receipt in the audit trail, naming ids only."""

from sqlalchemy.orm import Session

from app import audit
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import CustomerDataRequest, CustomerRedact, PayloadError, ShopRedact, read_payload


def handle_customers_data_request(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    body = read_payload(CustomerDataRequest, payload)
    _require_own(shop, body.shop_domain)
    _leave_receipt(session, shop, event, "privacy.data_request", ("customer", body.customer.id or 0))


def handle_customers_redact(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    body = read_payload(CustomerRedact, payload)
    _require_own(shop, body.shop_domain)
    _leave_receipt(session, shop, event, "privacy.customer_redact", ("customer", body.customer.id or 0))


def handle_shop_redact(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    body = read_payload(ShopRedact, payload)
    _require_own(shop, body.shop_domain)
    _leave_receipt(session, shop, event, "privacy.shop_redact", ("shop", shop.id))


def _require_own(shop: Shop, named_in_body: str) -> None:
    """Only the body is signed: a request about one shop must not be replayed under another's header."""
    if named_in_body != shop.domain:
        raise PayloadError("The body names another shop than the header.")


def _leave_receipt(session: Session, shop: Shop, event: InboxEvent, action: str, subject: tuple[str, int]) -> None:
    audit.record(session, shop.id, action, subject, actor="shopify", changes={"event_id": [None, event.event_id]})
