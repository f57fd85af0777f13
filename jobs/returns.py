"""Returns of which Shopify said that they changed."""

from app.orders import return_requests


def read(shop_id: int, number: int) -> None:
    return_requests.read(shop_id, number)


def sweep() -> None:
    """Every minute: ring again for what was not read."""
    return_requests.sweep()
