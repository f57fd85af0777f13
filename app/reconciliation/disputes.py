"""Disputes of which no webhook came. They have no `updated_at`: all that may still be decided are read each time."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.orders import OrderDispute
from app.shopify import webhook_bodies as bodies

STILL_OPEN: Final = timedelta(days=180)
"""No bank takes longer, appeals included."""


def find_missed(session: Session, shop_id: int, nodes: Sequence[Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Of the disputes that Shopify lists, those that we do not know, or not as they are now: topic and body."""
    numbers = [int(node["legacyResourceId"]) for node in nodes]
    query = select(OrderDispute.shopify_id, OrderDispute.snapshot)
    where = (OrderDispute.shop_id == shop_id, OrderDispute.shopify_id.in_(numbers))
    held: dict[int, dict[str, Any]] = {row[0]: row[1] for row in session.execute(query.where(*where))}
    missed = []
    for body in map(bodies.dispute_body, nodes):
        known = held.get(body["id"])
        if body["order_id"] is None:
            continue  # Shopify tells of them as well; they are about no order of the shop.
        if known is None:
            missed.append(("disputes/create", body))
        elif any(known.get(name) != body[name] for name in ("status", "type")):
            missed.append(("disputes/update", body))
    return missed
