"""Parcels on their way to Shopify."""

from app.fulfilment import service


def create_fulfilment(shop_id: int, parcel_id: int) -> None:
    service.create_in_shopify(shop_id, parcel_id)


def sweep_fulfilments() -> None:
    service.sweep()
