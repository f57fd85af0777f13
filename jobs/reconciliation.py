"""Comparing shops with Shopify; rides in the queue `catalogue`, where nobody waits for the next job."""

from app.reconciliation import service


def reconcile(shop_id: int) -> None:
    service.reconcile(shop_id)


def look_at_order(shop_id: int, order_number: int) -> None:
    service.look_at_order(shop_id, order_number)


def sweep() -> None:
    """Every hour: every shop."""
    service.ask_everywhere()
