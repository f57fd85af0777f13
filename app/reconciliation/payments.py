"""Payments of which no webhook came: those of orders that changed, as Shopify has them now."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.orders import OrderPayment
from app.shopify import webhook_bodies as bodies

TOPIC: Final = "order_transactions/create"
_CHARGES: Final = frozenset({"SALE", "CAPTURE"})


def find_missed(session: Session, shop_id: int, nodes: Sequence[Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Of the orders' successful payments those that we do not know of, or not that they succeeded."""
    paid = {
        bodies.number_of(one["id"]): bodies.payment_body(node, one)
        for node in nodes
        for one in node.get("transactions", ())  # a file that Shopify began before an upgrade has none
        if one["kind"] in _CHARGES and one["status"] == "SUCCESS"
    }
    known = select(OrderPayment.shopify_id).where(
        OrderPayment.shop_id == shop_id, OrderPayment.shopify_id.in_(paid), OrderPayment.status == "success"
    )
    missed = paid.keys() - session.scalars(known)
    return [(TOPIC, paid[number]) for number in sorted(missed)]
