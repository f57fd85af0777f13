"""A list that we ordered from Shopify is ready."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.reconciliation import service
from app.shopify.payloads import BulkOperationFinished, read_payload


def handle_bulk_operations_finish(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    service.resume(session, shop, read_payload(BulkOperationFinished, payload).admin_graphql_api_id)
