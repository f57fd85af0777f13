"""All tables. Importing this package maps every one of them."""

from app.models import (
    api,
    books,
    commissions,
    emails,
    events,
    fulfilments,
    hooks,
    ledger,
    orders,
    payouts,
    privacy,
    products,
    shops,
    storefront,
    vendors,
)

__all__ = [
    "api",
    "books",
    "commissions",
    "emails",
    "events",
    "fulfilments",
    "hooks",
    "ledger",
    "orders",
    "payouts",
    "privacy",
    "products",
    "shops",
    "storefront",
    "vendors",
]
