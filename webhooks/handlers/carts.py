"""Carts and checkouts in the online store. Of a checkout only what is in it is sent to us, not whose it is."""

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.reservations import service
from app.reservations.rules import Look, ReservationState
from app.shopify.payloads import Cart, CartLine, Checkout, read_payload


def handle_carts(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    cart = read_payload(Cart, payload)
    look = Look(cart.updated_at, ReservationState.CART, _units(cart.line_items))
    service.take_look(session, shop.id, cart.token, look)


def handle_checkouts(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    """A delivery method is chosen last, before paying. One that is completed speaks through its order."""
    del event
    checkout = read_payload(Checkout, payload)
    if checkout.completed_at is not None or not checkout.cart_token:
        return
    stage = ReservationState.PAYMENT if checkout.shipping_lines else ReservationState.CHECKOUT
    service.take_look(
        session, shop.id, checkout.cart_token, Look(checkout.updated_at, stage, _units(checkout.line_items))
    )


def _units(lines: list[CartLine]) -> dict[int, int]:
    units: dict[int, int] = {}
    for line in lines:
        if line.variant_id is not None:
            units[line.variant_id] = units.get(line.variant_id, 0) + line.quantity
    return units
