"""The shop's staff take a product off sale, with a reason for its vendor, and put it back.

It stays the vendor's product on sale: nothing of it is lost, its edits are reviewed as before. Only a decision of the
staff shows it again; a vendor who withdraws it and sends it once more comes before them (service.begin_review).
"""

from sqlalchemy.orm import Session

from app import clock, events
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict, ValidationErrors
from app.models.products import Product, ProductStatus
from app.models.vendors import Vendor
from app.products import trail
from app.queue import enqueue_after_commit


def take_down(session: Session, product: Product, reason: str, *, actor: str) -> None:
    """Take a locked product off sale until `put_back`. Raises ValidationErrors without a reason, Conflict."""
    reason = reason.strip()
    if not reason:
        raise ValidationErrors({"reason": "Say in a sentence or two why. The vendor reads it."})
    if product.status != ProductStatus.PUBLISHED:
        raise Conflict(f"“{product.title}” is not on sale.")
    if product.taken_down_at is not None:
        raise Conflict(f"“{product.title}” is off sale already.")
    product.taken_down_at, product.taken_down_reason = clock.now(), reason
    trail.record(session, product, "take_down", actor, reason=reason)
    events.publish(session, product.shop_id, "ProductTakenDown", vendor_id=product.vendor_id, product_id=product.id)
    _tell(session, product, "product_taken_down", reason=reason)


def put_back(session: Session, product: Product, *, actor: str) -> None:
    """Let a locked product that the staff took off sale be sold again. Raises Conflict."""
    if product.taken_down_at is None or product.status != ProductStatus.PUBLISHED:
        raise Conflict(f"“{product.title}” is not one that you took off sale.")
    product.taken_down_at = product.taken_down_reason = None
    product.hidden_with_vendor = True  # so that it is shown, also where it was hidden by hand before
    trail.record(session, product, "put_back", actor)
    events.publish(session, product.shop_id, "ProductPutBack", vendor_id=product.vendor_id, product_id=product.id)
    _tell(session, product, "product_put_back")


def _tell(session: Session, product: Product, mail: str, **context: str) -> None:
    """The vendor, and Shopify."""
    product.updated_at = clock.now()
    vendor = session.get_one(Vendor, product.vendor_id)
    link = f"{get_config().portal_url}/portal/products/{product.id}"
    values = {"vendor_name": vendor.name, "product_title": product.title, "link": link, **context}
    key = f"{mail}:{product.id}:{product.updated_at.isoformat()}"
    queue_email(session, product.shop_id, mail, vendor.email, values, vendor_id=vendor.id, dedupe_key=key)
    session.flush()
    enqueue_after_commit(session, "jobs.catalogue.align_product", product.shop_id, product.id, queue="catalogue")
