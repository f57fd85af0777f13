"""What customers may choose to hear of, what of it is news to them, and when. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.money import Money

TOPICS: Final = ("vendors", "wishlist", "cart")
KIND_OF: Final = {"vendors": "customer_vendor_news", "wishlist": "customer_wishlist_news", "cart": "customer_left_cart"}
"""Topic → the e-mail that speaks of it."""
LINK_LASTS: Final = timedelta(days=7)
KEPT_UNWANTED: Final = timedelta(days=30)
"""For how long a choice is kept that was stopped, or never proven."""
WORDS_LAST: Final = timedelta(days=90)
"""What an e-mail said of somebody's lists is kept as long as other activity."""
LOOK_EVERY: Final = timedelta(hours=1)
SETTLES: Final = timedelta(minutes=5)
"""A product that goes on sale is seen a moment after the time that it bears: what is newer waits for the next look."""
OLDEST_NEWS: Final = timedelta(days=30)
"""What went on sale earlier is no news, however long nothing was sent."""
OLDEST_CART: Final = timedelta(days=7)
"""A cart that was left earlier was given up."""
CART_EVERY: Final = timedelta(days=7)
MOST_WISHES: Final = 200
MOST_LINES: Final = 20
MOST_VENDORS: Final = 12
"""Whose products a digest shows."""
MOST_NAMED: Final = 50
"""Further vendors that it names; of still more it says how many."""
MOST_OF_A_VENDOR: Final = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as a customer could buy it now; the price is that of its cheapest variant."""

    number: str
    """Shopify's."""
    title: str
    handle: str
    price: Money
    is_on_sale: bool
    """Shown in the shop, with units in stock."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a customer who wished for a product wants to know."""

    offer: Offer
    is_back: bool
    before: Money | None
    """The dearer price that they last heard of."""


Seen = Mapping[str, Sequence[Any]]
"""Product's number → [price in minor units, currency, on sale]."""


def compare(seen: Seen, offers: Iterable[Offer]) -> tuple[list[Change], dict[str, list[Any]]]:
    """What changed for the better since the customer last heard, and what they know afterwards.

    A product that nobody looked at before is no news. While one is sold out its price stands still, so that a lower one
    is told when it is back.
    """
    changes: list[Change] = []
    known: dict[str, list[Any]] = {}
    for offer in offers:
        minor, currency, was_on_sale = seen.get(offer.number) or (*_price_of(offer), True)
        before = Money(minor, currency)
        if not offer.is_on_sale:
            known[offer.number] = [minor, currency, False]
            continue
        is_cheaper = before.currency == offer.price.currency and offer.price.minor < before.minor
        if is_cheaper or not was_on_sale:
            changes.append(Change(offer, not was_on_sale, before if is_cheaper else None))
        known[offer.number] = [*_price_of(offer), True]
    return changes, known


def _price_of(offer: Offer) -> tuple[int, str]:
    return offer.price.minor, offer.price.currency


@dataclass(frozen=True, slots=True)
class CartLine:
    variant: int
    title: str
    handle: str
    quantity: int


def add_up(items: Iterable[tuple[str, Mapping[str, Any]]]) -> list[CartLine]:
    """The cart from its items, (key, value), oldest first: what each browser put in, less what it took out."""
    units: dict[str, int] = {}
    about: dict[str, Mapping[str, Any]] = {}
    for key, value in items:
        line = key.partition(":")[0]
        units[line] = units.get(line, 0) + int(value.get("quantity", 0))
        about[line] = {**about.get(line, {}), **value}
    return [
        CartLine(about[line]["variant"], about[line].get("title") or "", about[line].get("handle") or "", units[line])
        for line in units
        if units[line] > 0
    ]


def is_left(*, edited_at: datetime, told_at: datetime | None, now: datetime, after: timedelta) -> bool:
    """Whether a cart that nobody touched since `edited_at` is to be reminded of now: once, and seldom."""
    if told_at is not None and (edited_at <= told_at or now < told_at + CART_EVERY):
        return False
    return edited_at + after <= now <= edited_at + after + OLDEST_CART
