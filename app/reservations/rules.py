"""From available to reserved to sold, or back. Pure.

Shopify tells what a cart or checkout holds as a whole, perhaps late, twice or out of order. So news replace what an
older look at the same cart said, line by line, and a line that is not there any more is released. An order ends it:
after that nothing but the order's cancellation changes the line.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class ReservationState(StrEnum):
    """What is in no cart is in none of these: it is available."""

    CART = "cart"
    CHECKOUT = "checkout"
    PAYMENT = "payment"
    SOLD = "sold"
    RELEASED = "released"


LASTS: Final = timedelta(minutes=10)
"""From the last time that the cart was touched."""
KEPT: Final = timedelta(days=30)
ABANDONED_AFTER: Final = timedelta(hours=1)
"""Since a cart that nobody paid for was last touched."""
MOST_SHOWN: Final = 20
"""More units than this are nobody's business but the shop's."""

HOLDING: Final = frozenset({ReservationState.CART, ReservationState.CHECKOUT, ReservationState.PAYMENT})


@dataclass(frozen=True, slots=True)
class Line:
    """One cart's units of a variant. `until`: for how long they are held; `seen_at`: by which look at the cart."""

    state: ReservationState
    quantity: int
    seen_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What a cart held at a moment, by variant, and how far its owner had come."""

    at: datetime
    stage: ReservationState
    units: Mapping[int, int]


def cart_key(token: str) -> str:
    """Shopify adds a key to the token of some carts; the token alone names the cart."""
    return hashlib.sha256(token.partition("?")[0].encode()).hexdigest()[:32]


def is_holding(line: Line, now: datetime) -> bool:
    return line.state in HOLDING and line.until > now


def take_look(held: Mapping[int, Line], look: Look) -> dict[int, Line]:
    """The cart's lines after a look at it. A look that is older than the newest says nothing any more."""
    if held and look.at < max(line.seen_at for line in held.values()):
        return dict(held)
    after = dict(held)
    for variant in {*held, *look.units}:
        line = _after_look(held.get(variant), look, look.units.get(variant, 0))
        if line is not None:
            after[variant] = line
    return after


def _after_look(line: Line | None, look: Look, quantity: int) -> Line | None:
    if line is None:
        return Line(look.stage, quantity, look.at, look.at + LASTS) if quantity > 0 else None
    if line.state is ReservationState.SOLD:
        return line
    if quantity <= 0:
        return replace(line, state=ReservationState.RELEASED, quantity=0, seen_at=look.at)
    # The same news once more; and of two looks at the same moment the one that got further counts.
    if look.at == line.seen_at and _rank(line.state) > _rank(look.stage):
        return line
    return Line(look.stage, quantity, look.at, look.at + LASTS)


def _rank(stage: ReservationState) -> int:
    return list(ReservationState).index(stage)


def sell(held: Mapping[int, Line], bought: Mapping[int, int], at: datetime) -> dict[int, Line]:
    """The cart became an order: what was bought is sold, the rest is free again, unless it was put in afterwards."""
    after = {}
    for variant, line in held.items():
        if line.state is ReservationState.SOLD:
            after[variant] = line
        elif variant in bought:
            after[variant] = Line(ReservationState.SOLD, bought[variant], max(at, line.seen_at), at)
        elif line.state in HOLDING and line.seen_at <= at:
            after[variant] = replace(line, state=ReservationState.RELEASED, seen_at=at)
        else:
            after[variant] = line
    return after


def cancel(held: Mapping[int, Line]) -> dict[int, Line]:
    """The order was cancelled: what it had is free again."""
    return {
        variant: replace(line, state=ReservationState.RELEASED, quantity=0)
        if line.state is ReservationState.SOLD
        else line
        for variant, line in held.items()
    }


def expire(held: Mapping[int, Line], now: datetime) -> dict[int, Line]:
    """Ten minutes without anybody touching the cart."""
    return {
        variant: replace(line, state=ReservationState.RELEASED)
        if line.state in HOLDING and not is_holding(line, now)
        else line
        for variant, line in held.items()
    }


@dataclass(frozen=True, slots=True)
class Stock:
    """What a product page may say of a variant. `left` is None where there are many; `carts`: in how many it is now."""

    variant: int
    available: bool
    left: int | None
    carts: int


def describe(variant: int, stock: int, carts: int) -> Stock:
    left = max(stock, 0)
    return Stock(variant, left > 0, left if left <= MOST_SHOWN else None, carts)
