"""Telling the merchant by e-mail what waits to be collected. Called by the outbox: once for each event."""

from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import get_config
from app.emails.service import queue_email
from app.models.events import DomainEvent
from app.models.orders import VendorOrder
from app.models.pickups import Pickup, PickupState
from app.models.shops import Shop
from app.models.vendors import Vendor


def tell_merchant(session: Session, event: DomainEvent) -> None:
    """OrderReadyForPickup: at most one e-mail a day for each vendor; whatever gets ready later is in the list."""
    pickup = session.get(Pickup, event.subject["pickup_id"])
    shop = session.get_one(Shop, event.shop_id)
    if pickup is None or pickup.state is not PickupState.READY or not shop.email:
        return
    vendor, part = session.get_one(Vendor, pickup.vendor_id), session.get_one(VendorOrder, pickup.part_id)
    waiting = (Pickup.vendor_id == vendor.id, Pickup.state == PickupState.READY)
    context = {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "place": pickup.place or vendor.location or "at the vendor's",
        "pickup_count": session.scalar(select(func.count()).select_from(Pickup).where(*waiting)) or 1,
        "link": get_config().admin_app_url(shop.domain, "/app/pickups"),
    }
    day = pickup.ready_at.astimezone(ZoneInfo(shop.timezone)).date().isoformat()
    key = f"merchant_pickups_ready:{vendor.id}:{day}"
    queue_email(session, shop.id, "merchant_pickups_ready", shop.email, context, dedupe_key=key)
