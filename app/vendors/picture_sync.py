"""A vendor's picture on its way into the shop's Files, and from there to the vendor's public page."""

import time
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped, system
from app.models.shops import Shop, ShopStatus
from app.models.vendors import PictureKind, Vendor, VendorPicture
from app.queue import enqueue
from app.shopify import files
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials
from app.vendors.service import request_profile_sync

_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg"}
# Shopify usually has a picture ready within a few seconds; after that the sweep asks again.
_POLLS: Final = (0.2, 0.5, 1.0, 2.0, 4.0)


def publish_picture(shop_id: int, vendor_id: int, kind: PictureKind = PictureKind.LOGO) -> None:
    """Take a vendor's new picture to Shopify. Does nothing when it is there. Raises ShopifyError to be tried again."""
    with scoped(shop_id) as session:
        picture, shop = session.get(VendorPicture, (vendor_id, kind)), session.get_one(Shop, shop_id)
        if picture is None or picture.published_at is not None or picture.error is not None:
            return
        vendor = session.get_one(Vendor, vendor_id)
        alt, credentials = vendor.name, ShopCredentials(shop.id, shop.domain)
        served = _served(vendor, kind)
    if not picture.content:
        _remove(credentials, picture, served)
        return
    try:
        gid = picture.file_gid or _send(credentials, picture, alt)
        address = _await_address(credentials, gid)
    except ShopifyUserErrors as refusal:
        _note(shop_id, picture, error=" ".join(error.message for error in refusal.errors))
        return
    if address is None:
        return
    with scoped(shop_id) as session:
        current = _lock_same(session, picture)
        if current is None:
            return
        current.published_at = clock.now()
        _serve(session, picture, gid, address)


def sweep() -> int:
    """Ring for every picture whose way was interrupted. Returns how many."""
    with system() as session:
        waiting = session.execute(
            select(VendorPicture.shop_id, VendorPicture.vendor_id, VendorPicture.kind)
            .join(Shop, (Shop.id == VendorPicture.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(VendorPicture.published_at.is_(None), VendorPicture.error.is_(None))
            .limit(200)
        ).all()
    for shop_id, vendor_id, kind in waiting:
        enqueue("jobs.pictures.publish_picture", shop_id, vendor_id, kind.value, queue="catalogue")
    return len(waiting)


def _remove(shop: ShopCredentials, picture: VendorPicture, served: str | None) -> None:
    """Have Shopify forget the file, and with it every page that showed it."""
    for gid in filter(None, {served, picture.file_gid}):
        files.delete_file(shop, gid)
    with scoped(shop.shop_id) as session:
        vendor = session.get_one(Vendor, picture.vendor_id)
        if served and served == _served(vendor, picture.kind):
            # Also when another picture was chosen meanwhile: this file is gone.
            _serve(session, picture, None, None)
        current = _lock_same(session, picture)
        if current is not None:
            session.delete(current)


def _served(vendor: Vendor, kind: PictureKind) -> str | None:
    return vendor.cover_file_gid if kind is PictureKind.COVER else vendor.logo_file_gid


def _serve(session: Session, picture: VendorPicture, gid: str | None, address: str | None) -> None:
    vendor = session.get_one(Vendor, picture.vendor_id)
    if picture.kind is PictureKind.COVER:
        vendor.cover_file_gid, vendor.cover_url = gid, address
    else:
        vendor.logo_file_gid, vendor.logo_url = gid, address
    request_profile_sync(session, vendor)


def _send(shop: ShopCredentials, picture: VendorPicture, alt: str) -> str:
    # Named after the content: a repeated job replaces the file that its first run made.
    name = f"vendor-{picture.vendor_id}-{picture.digest[:12]}.{_EXTENSIONS[picture.content_type]}"
    source = files.send_file(shop, name, picture.content_type, picture.content)
    gid = files.make_file(shop, source, name, alt)
    _note(shop.shop_id, picture, file_gid=gid)
    return gid


def _await_address(shop: ShopCredentials, gid: str) -> str | None:
    for pause in _POLLS:
        address = files.find_file_address(shop, gid)
        if address:
            return address
        time.sleep(pause)
    return None


def _note(shop_id: int, picture: VendorPicture, *, file_gid: str | None = None, error: str | None = None) -> None:
    with scoped(shop_id) as session:
        current = _lock_same(session, picture)
        if current is not None:
            current.file_gid, current.error = file_gid, error


def _lock_same(session: Session, picture: VendorPicture) -> VendorPicture | None:
    """The row, unless the vendor chose another picture meanwhile: that one has its own ring."""
    mine = (VendorPicture.vendor_id == picture.vendor_id, VendorPicture.kind == picture.kind)
    same = VendorPicture.changed_at == picture.changed_at
    return session.scalar(select(VendorPicture).where(*mine, same).with_for_update())
