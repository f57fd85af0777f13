"""Units in carts are reserved for ten minutes; orders make them sold, cancellations free."""

from sqlalchemy.orm import Session

from app.models.events import DomainEvent
from app.models.orders import Order
from app.reservations import service


def release_expired() -> None:
    service.release_expired()


def remove_old() -> None:
    service.remove_old()


def sell_reserved(session: Session, event: DomainEvent) -> None:
    """What the order's cart held is sold. Whoever replays an old event finds the same state."""
    order = session.get(Order, event.subject["order_id"])
    if order is not None and (token := order.snapshot.get("cart_token")):
        service.sell(session, order.shop_id, token, _bought(order), order.ordered_at)
        if order.cancelled_at is not None:
            service.cancel(session, order.shop_id, token)


def free_cancelled(session: Session, event: DomainEvent) -> None:
    order = session.get(Order, event.subject["order_id"])
    if order is not None and (token := order.snapshot.get("cart_token")):
        service.cancel(session, order.shop_id, token)


def _bought(order: Order) -> dict[int, int]:
    units: dict[int, int] = {}
    for line in order.snapshot.get("line_items", ()):
        if variant := line.get("variant_id"):
            units[variant] = units.get(variant, 0) + int(line["quantity"])
    return units
