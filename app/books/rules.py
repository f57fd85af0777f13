"""What a proof compares, and how a difference is put into words. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.money import Money

STILL_COMING: Final = timedelta(minutes=15)
"""Events take a moment: an order that Shopify changed this recently is no difference yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that does not agree."""

    key: str
    words: str
    cause: str
    order_id: int | None = None
    order_number: int | None = None
    order_name: str = ""
    payout_id: int | None = None
    vendor_ids: frozenset[int] = frozenset()
    """Whose payouts wait until it is cleared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What Shopify says of an order."""

    number: int
    name: str
    updated_at: datetime
    net_paid: Money
    """Received less returned."""
    returns_in_other_currency: int
    """How many of its refunds Shopify converted, each rounded on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What we hold of the same order."""

    order_id: int
    is_older: bool
    """Whether Shopify knows more of it than our copy."""
    net_paid: Money
    vendor_ids: frozenset[int]
    within: int = 0
    """By how much it may be off: what is owed back after a discount is told in the customer's currency only."""


def compare_order(said: Statement, booked: Booked | None) -> Found | None:
    """How the order differs in the books from what Shopify says; None when it agrees."""
    if booked is None:
        return Found(
            key=order_key(said.number),
            words="Shopify has this order. The books do not.",
            cause="No event of it was ever handled. Reading the order again brings it in.",
            order_number=said.number,
            order_name=said.name,
        )
    off = abs(said.net_paid.minor - booked.net_paid.minor)
    if said.net_paid.currency == booked.net_paid.currency and off <= said.returns_in_other_currency + booked.within:
        money = ""
    else:
        money = f"Paid less returned is {said.net_paid} in Shopify and {booked.net_paid} in the books."
    if not money and not booked.is_older:
        return None
    behind = f"Shopify changed it at {said.updated_at:%Y-%m-%d %H:%M} UTC and the books follow an older version."
    return Found(
        key=order_key(said.number),
        words=money or behind,
        cause=f"{behind} Its event never came, or could not be handled." if booked.is_older else _SAME_VERSION,
        order_id=booked.order_id,
        order_number=said.number,
        order_name=said.name,
        vendor_ids=booked.vendor_ids,
    )


def is_settling(said: Statement, now: datetime) -> bool:
    """Whether the order's events may still be on their way."""
    return now - said.updated_at < STILL_COMING


def order_key(number: int) -> str:
    return f"shopify:order:{number}"


_SAME_VERSION: Final = (
    "The books follow the newest version of the order, but add up to another amount. Reading the order again books"
    " what is missing; if the difference stays, the order's payments need a person's eye."
)
