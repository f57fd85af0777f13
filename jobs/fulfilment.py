"""Parcels on their way to Shopify, and items that vendors cannot send. Each asks Shopify, in the queue `calls`."""

from app.fulfilment import holds, service
from app.orders import buyers, cancelling


def create_fulfilment(shop_id: int, parcel_id: int) -> None:
    service.create_in_shopify(shop_id, parcel_id)


def read_news(shop_id: int, number: int) -> None:
    holds.read_news(shop_id, number)


def read_holds(shop_id: int, order_number: int) -> None:
    holds.read_holds(shop_id, order_number)


def sweep_holds() -> None:
    holds.sweep()


def cancel_items(shop_id: int, number: int) -> None:
    cancelling.cancel_in_shopify(shop_id, number)


def sweep_fulfilments() -> None:
    service.sweep()
    cancelling.sweep()


def remove_buyers() -> None:
    buyers.remove_old()
