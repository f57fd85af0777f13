"""Privacy requests; they ride in the queue `catalogue`, where nobody waits for the next job."""

from app.privacy import service


def carry_out(shop_id: int, request_id: int) -> None:
    service.carry_out(shop_id, request_id)


def sweep() -> None:
    service.sweep()
