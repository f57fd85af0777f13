"""What visitors did and what was ordered becomes daily figures; the pixel that tells of visitors is kept running."""

import structlog

from app.db import system
from app.journey import neighbours, pixel, service
from app.orders import days
from app.queue import enqueue

log = structlog.get_logger()


def sweep() -> None:
    """Ring for shops with something new to count, and for those whose pixel was not looked at lately."""
    with system() as session:
        to_count = service.list_shops_to_count(session)
        ordered = days.list_shops_to_count(session)
        unchecked = pixel.list_unchecked(session)
    for shop_id in to_count:
        enqueue("jobs.journey.roll_up", shop_id, queue="catalogue")
    for shop_id in ordered:
        enqueue("jobs.journey.count_orders", shop_id, queue="catalogue")
    for shop_id in unchecked:
        enqueue("jobs.journey.ensure_pixel", shop_id, queue="catalogue")


def roll_up(shop_id: int) -> None:
    log.info("activity_counted", shop_id=shop_id, days=service.roll_up(shop_id))


def count_orders(shop_id: int) -> None:
    log.info("orders_counted", shop_id=shop_id, days=days.count(shop_id))


def ensure_pixel(shop_id: int) -> None:
    pixel.ensure(shop_id)


def sweep_neighbours() -> None:
    """Once a day: what is looked at together changes slowly."""
    with system() as session:
        shops = neighbours.list_shops(session)
    for shop_id in shops:
        enqueue("jobs.journey.renew_neighbours", shop_id, queue="catalogue")


def renew_neighbours(shop_id: int) -> None:
    neighbours.renew(shop_id)


def remove_expired() -> None:
    service.remove_expired()
