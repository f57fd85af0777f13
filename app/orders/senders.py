"""Who sends what a vendor sells: the vendor, or the shop, which collects it from them."""

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import audit
from app.errors import NotFound
from app.models.fulfilments import Fulfilment
from app.models.orders import VendorOrder
from app.models.pickups import Pickup
from app.models.shops import ShopSettings
from app.models.vendors import Vendor
from app.orders.packed import is_open_in


def is_collected(session: Session, vendor: Vendor) -> bool:
    """Whether the shop collects and sends what the vendor sells, from now on. What is packed already stays packed."""
    if vendor.is_collected is not None:
        return vendor.is_collected
    return is_collected_by_default(session, vendor.shop_id)


def address_for(session: Session, vendor: Vendor, part: VendorOrder) -> list[str]:
    """Where the vendor sends their part, line by line; nothing where the shop does: then they need no address."""
    return [] if is_collected(session, vendor) else list(part.ship_to)


def is_collected_by_default(session: Session, shop_id: int) -> bool:
    """Whether the shop collects from all vendors for whom nothing else was chosen."""
    settings = session.get(ShopSettings, shop_id)
    return settings is not None and settings.vendors_are_collected


def choose(session: Session, shop_id: int, vendor_id: int, *, is_collected: bool | None, actor: str) -> Vendor:
    """For one vendor; None: as for all. Raises NotFound."""
    wanted = (Vendor.shop_id == shop_id, Vendor.id == vendor_id)
    vendor = session.scalar(select(Vendor).where(*wanted).with_for_update())
    if vendor is None:
        raise NotFound("There is no such vendor.")
    if vendor.is_collected is not is_collected:
        changes = {"is_collected": [vendor.is_collected, is_collected]}
        subject = ("vendor", vendor.id)
        audit.record(session, shop_id, "vendor.collect", subject, actor=actor, vendor_id=vendor.id, changes=changes)
        vendor.is_collected = is_collected
    return vendor


def holds_pickup(session: Session, parcel_id: int) -> bool:
    """Whether it is the shop's parcel: what it collected from a vendor is in it."""
    return session.scalar(select(Pickup.id).where(Pickup.fulfilment_id == parcel_id).limit(1)) is not None


def list_of_shop(session: Session, parcels: Iterable[Fulfilment]) -> frozenset[int]:
    """Which of these parcels are the shop's, by id."""
    ids = [parcel.id for parcel in parcels]
    shops = select(Pickup.fulfilment_id).where(Pickup.fulfilment_id.in_(ids))
    return frozenset(number for number in session.scalars(shops) if number is not None)


def collects_anything(session: Session, shop_id: int) -> bool:
    """Whether the shop collects from some vendor, or has still something of the time when it did."""
    everywhere = select(ShopSettings.shop_id).where(ShopSettings.shop_id == shop_id, ShopSettings.vendors_are_collected)
    somewhere = select(Vendor.id).where(Vendor.shop_id == shop_id, Vendor.is_collected.is_(True))
    something = select(Pickup.id).where(Pickup.shop_id == shop_id, is_open_in(shop_id))
    return bool(session.scalar(select(or_(everywhere.exists(), somewhere.exists(), something.exists()))))
