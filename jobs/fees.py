"""What the payment provider kept of each payment, where vendors bear it."""

from app.orders import payment_fees


def read_fees(shop_id: int, order_id: int) -> None:
    payment_fees.read_fees(shop_id, order_id)


def sweep() -> None:
    """Every hour: orders whose fees were not asked for yet, or not known yet."""
    payment_fees.sweep()
