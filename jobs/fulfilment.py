"""Parcels on their way to Shopify, and items that vendors cannot send."""

from app.fulfilment import service
from app.orders import buyers, cancelling


def create_fulfilment(shop_id: int, parcel_id: int) -> None:
    service.create_in_shopify(shop_id, parcel_id)


def cancel_items(shop_id: int, number: int) -> None:
    cancelling.cancel_in_shopify(shop_id, number)


def sweep_fulfilments() -> None:
    service.sweep()
    cancelling.sweep()


def remove_buyers() -> None:
    buyers.remove_old()
