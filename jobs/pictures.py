"""Vendors' pictures on their way to Shopify; they ride in the queue `catalogue`."""

from app.models.vendors import PictureKind
from app.vendors import picture_sync


def publish_picture(shop_id: int, vendor_id: int, kind: str = PictureKind.LOGO) -> None:
    picture_sync.publish_picture(shop_id, vendor_id, PictureKind(kind))


def sweep_pictures() -> None:
    """Every minute: ring again for what a lost ring or a died worker left behind."""
    picture_sync.sweep()
