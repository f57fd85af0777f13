"""Every resource, so that importing this registers every address."""

from app.api import (
    clock,
    commissions,
    events,
    ledger,
    me,
    order_lines,
    orders,
    parcels,
    payouts,
    pickups,
    products,
    reconciliation,
    settings,
    terms,
    vendors,
)
from app.api.operations import bp

__all__ = [
    "bp",
    "clock",
    "commissions",
    "events",
    "ledger",
    "me",
    "order_lines",
    "orders",
    "parcels",
    "payouts",
    "pickups",
    "products",
    "reconciliation",
    "settings",
    "terms",
    "vendors",
]
