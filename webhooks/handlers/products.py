"""What happens to products in Shopify. Products that are not a vendor's are none of our business."""

from sqlalchemy.orm import Session

from app.commissions import collections
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.products import mirror
from app.shopify.payloads import Product, ProductDeleted, read_payload


def handle_products_create(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    mirror.take_over_product(session, shop, read_payload(Product, payload), payload)
    collections.read_soon(session, shop.id)


def handle_products_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    mirror.take_over_product(session, shop, read_payload(Product, payload), payload)
    # It may fit an automatic collection's conditions now, or no longer.
    collections.read_soon(session, shop.id)


def handle_products_delete(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    mirror.forget_product(session, shop, f"gid://shopify/Product/{read_payload(ProductDeleted, payload).id}")
