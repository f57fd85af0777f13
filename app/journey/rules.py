"""What is recorded of visitors, and what the figures say. Pure.

A visitor is a browser on one day. Nobody can be followed from one day to the next, so all figures are sums of days.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final


class ActivityKind(StrEnum):
    PRODUCT_VIEWED = "product_viewed"
    COLLECTION_VIEWED = "collection_viewed"
    SEARCH_SUBMITTED = "search_submitted"
    PRODUCT_ADDED_TO_CART = "product_added_to_cart"
    CART_VIEWED = "cart_viewed"
    CHECKOUT_STARTED = "checkout_started"
    CHECKOUT_COMPLETED = "checkout_completed"


KEPT: Final = timedelta(days=90)
LATEST: Final = timedelta(minutes=5)
"""How far a browser's clock may run before ours."""
EARLIEST: Final = timedelta(days=1)
"""A pixel sends within seconds, or when the same browser comes back the same day."""
OVERLAP: Final = timedelta(minutes=2)
"""Longer than any transaction lasts: what was received but not yet committed at the last count is counted now."""
PERIODS: Final = {"7": 7, "30": 30, "90": 90, "365": 365}
MOST_SEARCHES: Final = 500
"""Different words that are kept of a day."""
_LONGEST_SEARCH: Final = 80
_MOST_DIGITS: Final = 6
_SPACE: Final = re.compile(r"\s+")


def visitor_of(key: bytes, shop_id: int, client_id: str, happened_at: datetime) -> str:
    """A digest of the browser's number that is different on every day."""
    said = f"{shop_id}:{happened_at.date().isoformat()}:{client_id}"
    return hmac.digest(key, said.encode(), hashlib.sha256).hex()[:32]


def is_credible(happened_at: datetime, now: datetime) -> bool:
    return now - EARLIEST <= happened_at <= now + LATEST


def searched_words(text: str) -> str:
    """Small letters, one space between words. Empty for what may name a person: an address, a long number."""
    words = _SPACE.sub(" ", "".join(each if each.isprintable() else " " for each in text)).strip().lower()
    if "@" in words or sum(each.isdigit() for each in words) > _MOST_DIGITS:
        return ""
    return words[:_LONGEST_SEARCH]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """As many days, ending the day before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


def period_of(chosen: str, today: date) -> Period:
    """The last 7, 30, 90 or 365 days, today included; 30 for anything else."""
    days = PERIODS.get(chosen, 30)
    return Period(today - timedelta(days=days - 1), today)


def list_days(period: Period) -> list[date]:
    return [period.first + timedelta(days=number) for number in range(period.days)]


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the funnel: how many came so far, now and in the period before."""

    name: str
    count: int
    before: int
    share: int | None
    """Per cent of the first stage; None when nobody came."""


def funnel(now: Sequence[tuple[str, int]], then: Sequence[int]) -> list[Step]:
    """Stages with their counts, and the counts of the period before."""
    first = now[0][1] if now else 0
    return [
        Step(name, count, before, round(100 * count / first) if first else None)
        for (name, count), before in zip(now, then, strict=True)
    ]


def change(now: int, before: int) -> int | None:
    """In per cent; None where there was nothing to compare with."""
    return round(100 * (now - before) / before) if before else None
