"""What a token may do. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from app.languages import _, lazy


class Scope(StrEnum):
    VENDORS_READ = "vendors:read"
    VENDORS_WRITE = "vendors:write"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    STOCK_WRITE = "stock:write"
    COMMISSIONS_READ = "commissions:read"
    COMMISSIONS_WRITE = "commissions:write"
    TERMS_WRITE = "terms:write"
    ORDERS_READ = "orders:read"
    PARCELS_READ = "parcels:read"
    PARCELS_WRITE = "parcels:write"
    LEDGER_READ = "ledger:read"
    PAYOUTS_READ = "payouts:read"
    PAYOUTS_WRITE = "payouts:write"
    RECONCILIATION_READ = "reconciliation:read"
    RECONCILIATION_WRITE = "reconciliation:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    CLOCK_WRITE = "clock:write"


WORDS: Final[dict[Scope, str]] = {
    Scope.VENDORS_READ: lazy("See vendors"),
    Scope.VENDORS_WRITE: lazy("Decide about vendors"),
    Scope.PRODUCTS_READ: lazy("See products"),
    Scope.PRODUCTS_WRITE: lazy("Decide about products"),
    Scope.STOCK_WRITE: lazy("Count stock"),
    Scope.COMMISSIONS_READ: lazy("See commission rules and money settings"),
    Scope.COMMISSIONS_WRITE: lazy("Change commission rules"),
    Scope.TERMS_WRITE: lazy("Change money settings and a vendor's terms: shares, holds, reserve, payout days"),
    Scope.ORDERS_READ: lazy("See orders and how they are split"),
    Scope.PARCELS_READ: lazy("See what is to be sent, with customers' addresses, and parcels"),
    Scope.PARCELS_WRITE: lazy("Send parcels"),
    Scope.LEDGER_READ: lazy("See the ledger, balances and holds"),
    Scope.PAYOUTS_READ: lazy("See payouts"),
    Scope.PAYOUTS_WRITE: lazy("Make and approve payouts, release holds"),
    Scope.RECONCILIATION_READ: lazy("See reconciliation results"),
    Scope.RECONCILIATION_WRITE: lazy("Start a comparison"),
    Scope.EVENTS_READ: lazy("See events"),
    Scope.EVENTS_WRITE: lazy("Have events handled again"),
    Scope.CLOCK_WRITE: lazy("Move the clock of a demo"),
}

OF_VENDORS: Final = (
    Scope.VENDORS_READ,
    Scope.PRODUCTS_READ,
    Scope.STOCK_WRITE,
    Scope.ORDERS_READ,
    Scope.PARCELS_READ,
    Scope.PARCELS_WRITE,
    Scope.LEDGER_READ,
    Scope.PAYOUTS_READ,
)
"""What a vendor's token can be given; it sees the vendor's own things whatever it may do."""


def offered(*, to_vendor: bool, has_clock: bool) -> list[Scope]:
    """What can be chosen for a new token. `has_clock`: this is a demo, whose clock can be moved."""
    if to_vendor:
        return list(OF_VENDORS)
    return [scope for scope in Scope if has_clock or scope is not Scope.CLOCK_WRITE]


def summarise(scopes: Sequence[str]) -> str:
    """In few words, for a list: "Everything", "See vendors; See products; Count stock and 3 more"."""
    if set(Scope) - {Scope.CLOCK_WRITE} <= set(scopes):
        return _("Everything")
    first = "; ".join(str(WORDS[Scope(scope)]) for scope in scopes[:3])
    return first if len(scopes) <= 3 else _("%(first)s and %(count)s more", first=first, count=len(scopes) - 3)
