"""Who may review and when, what is published by itself, and what of it the public page holds. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from app.languages import _

STARS: Final = (1, 2, 3, 4, 5)
LONGEST_TITLE: Final = 120
LONGEST_WORDS: Final = 2000
LONGEST_NAME: Final = 60
LONGEST_ANSWER: Final = 1000
NO_NEWS: Final = timedelta(days=14)
"""So long after it was sent a parcel counts as arrived, if no carrier ever said so."""
ASK_AT_MOST: Final = timedelta(days=60)
"""Later than this after its day nobody is asked any more."""
LINK_LASTS: Final = timedelta(days=180)
LATEST: Final = 10
_LARGEST_SHOWN: Final = 60_000
"""Bytes: Shopify takes a JSON field of 128 kB at most, and every page of the vendor reads it."""
_LINK: Final = re.compile(r"https?:|www\.|[a-z0-9-]+\.(?:com|net|org|io|co|shop|info|biz|ru|cn|xyz)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a customer wrote; tidied."""

    stars: int
    title: str = ""
    words: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    sent_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A published review."""

    stars: int
    title: str
    words: str
    name: str
    written_on: date
    answer: str = ""
    is_returned: bool = False
    is_forgotten: bool = False


def find_faults(draft: Draft) -> dict[str, str]:
    """What is wrong with it, by field, in a sentence."""
    found = {}
    if draft.stars not in STARS:
        found["stars"] = _("Choose between one and five stars.")
    for name, text, longest in (
        ("title", draft.title, LONGEST_TITLE),
        ("words", draft.words, LONGEST_WORDS),
        ("name", draft.name, LONGEST_NAME),
    ):
        if len(text) > longest:
            found[name] = _("Use at most %(number)s characters.", number=longest)
    return found


def has_arrived(parcels: Iterable[Parcel], now: datetime) -> bool:
    """Whether something of the order is in the customer's hands: only then is there anything to tell."""
    return any(parcel.delivered_at is not None or parcel.sent_at + NO_NEWS <= now for parcel in parcels)


def publishes_itself(draft: Draft, *, from_stars: int, is_known: bool, publish_known: bool) -> bool:
    """Whether the merchant's rule lets it out without a decision. A text with an address in it always waits."""
    if _LINK.search(f"{draft.title} {draft.words} {draft.name}"):
        return False
    return (from_stars > 0 and draft.stars >= from_stars) or (publish_known and is_known)


def name_to_show(full_name: str) -> str:
    """What is offered as the name under a review: "Cleo Customer" is "Cleo C."."""
    first, *others = full_name.split() or [""]
    return f"{first} {others[-1][0]}." if others else first


def summarise(stars: Mapping[int, int], latest: Sequence[Shown]) -> dict[str, Any]:
    """What the public page holds: how many gave how many stars, and the newest reviews that fit.

    `stars` counts all published ones. Short keys: it is read with every page of the vendor.
    """
    shown: list[dict[str, Any]] = []
    for review in [one for one in latest if not one.is_forgotten][:LATEST]:
        entry = describe(review)
        if len(json.dumps([*shown, entry]).encode()) > _LARGEST_SHOWN:
            break
        shown.append(entry)
    return {"counts": [stars.get(number, 0) for number in reversed(STARS)], "latest": shown}


def describe(review: Shown) -> dict[str, Any]:
    """One review as pages in the shop read it. Texts are plain: whoever shows them escapes them."""
    entry: dict[str, Any] = {"stars": review.stars, "on": review.written_on.isoformat()}
    texts = {"title": review.title, "words": review.words, "name": review.name, "answer": review.answer}
    entry |= {name: text for name, text in texts.items() if text}
    return entry | ({"returned": True} if review.is_returned else {})
