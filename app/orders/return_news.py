"""Vendors hear that goods of theirs are to come back, do, or do not after all. Called by the outbox."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import get_config
from app.emails.service import queue_email
from app.models.events import DomainEvent
from app.models.orders import OrderReturn, VendorOrder
from app.models.vendors import Vendor

_KINDS = {
    "requested": "vendor_return_requested",
    "open": "vendor_return_opened",
    "canceled": "vendor_return_called_off",
}


def tell_vendors_of_return(session: Session, event: DomainEvent) -> None:
    """ReturnChanged: once for each that is asked for, is approved, and is called off afterwards."""
    row = session.get_one(OrderReturn, event.subject["return_id"])
    kind = _KINDS.get(row.status)
    if kind is None:
        return
    parts = select(VendorOrder).where(VendorOrder.order_id == event.subject["order_id"]).order_by(VendorOrder.id)
    for part in session.scalars(parts).all():
        for known in part.returns:
            if known["number"] == row.shopify_id:
                _tell(session, part, known["items"], kind, row)


def _tell(session: Session, part: VendorOrder, items: list[dict[str, str]], kind: str, row: OrderReturn) -> None:
    vendor = session.get_one(Vendor, part.vendor_id)
    context = {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "lines": [{"quantity": item["quantity"], "title": item["title"]} for item in items],
        "link": f"{get_config().portal_url}/portal/orders/{part.id}",
    }
    key = f"{kind}:{part.id}:{row.shopify_id}"
    queue_email(session, part.shop_id, kind, vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
