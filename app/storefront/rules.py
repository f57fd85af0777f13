"""How customers' items are merged, how long they last, and what a device may send. Pure.

An item is a register: `kind` and `key` say what it is about, a hybrid logical clock says when it was last edited, and
of two edits the greater clock wins, everywhere. A deletion is an edit to nothing and is kept, so that no old copy of
the item returns. That makes the order, the repetition and the way by which edits arrive irrelevant.

The cart is a sum of such items: each browser puts what it adds under a key of its own (`<line>:<origin>`), so units
that a guest and the account hold of the same line add up, once, however often they are sent. Who sets a quantity
writes it under one of the keys seen and empties the others; units that were added meanwhile elsewhere stay.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LARGEST_BATCH: Final = 200
LARGEST_ACCOUNT: Final = 4000
"""Rows that one customer may have, deleted ones included."""
AHEAD: Final = timedelta(minutes=5)
"""How far a device's clock may run before ours: an edit from the far future would win for ever."""

_CLOCK: Final = re.compile(r"[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-z]{8}", re.ASCII)
_NUMBER: Final = r"[1-9]\d{0,18}"
_HANDLE: Final = r"[^\s/?#\x00-\x1f]{1,255}"


@dataclass(frozen=True, slots=True)
class Kind:
    """`lasts`: for how long after its last edit an item is kept, None for as long as the customer."""

    key: re.Pattern[str]
    lasts: timedelta | None = None


_CART: Final = timedelta(days=30)
_ACTIVITY: Final = timedelta(days=90)
KINDS: Final = {
    "wishlist": Kind(re.compile(_NUMBER, re.ASCII)),
    "follow": Kind(re.compile(_HANDLE)),
    "cart": Kind(re.compile(rf"{_NUMBER}(\.[0-9a-z]{{1,16}})?:[0-9a-z]{{8}}", re.ASCII), _CART),
    "saved": Kind(re.compile(r"[0-9a-z]{8,16}", re.ASCII), _CART),
    "viewed": Kind(re.compile(_NUMBER, re.ASCII), _ACTIVITY),
    "search": Kind(re.compile(r"[^\x00-\x1f]{1,100}"), _ACTIVITY),
    "preference": Kind(re.compile(r"[a-z][a-z_]{0,59}", re.ASCII)),
    "review": Kind(re.compile(_HANDLE), _ACTIVITY),
}
"""Deletions last as long as their kind: what is older than that is refused on arrival, so nothing can return."""


def clock_at(moment: datetime, node: str = "00000000") -> str:
    """The logical clock's reading at `moment`. Readings compare as text."""
    return f"{int(moment.timestamp() * 1000):012x}-0000-{node}"


def expiry(kind: str, now: datetime) -> str | None:
    """The clock before which items of this kind have ended; None when they never do."""
    lasts = KINDS[kind].lasts
    return clock_at(now - lasts) if lasts else None


def find_fault(kind: str, key: str, clock: str, now: datetime) -> str | None:
    """Why an edit cannot be taken: "unknown", "early" (mend the clock and send again) or "late". None: it can."""
    known = KINDS.get(kind)
    if known is None or not known.key.fullmatch(key) or not _CLOCK.fullmatch(clock):
        return "unknown"
    if clock > clock_at(now + AHEAD):
        return "early"
    ended = expiry(kind, now)
    return "late" if ended is not None and clock < ended else None


def variant_of(key: str) -> str:
    """The variant of a cart line's key, "8101.k3:9f2c01ab"."""
    return key.partition(":")[0].partition(".")[0]


def saved_key(cart_token: str) -> str:
    """Under which key a browser keeps the cart with this token when it vanishes. Empty without a token.

    FNV-1a over 32 bits, twice: the browser computes the same without waiting for its own cryptography.
    """
    token = cart_token.partition("?")[0]
    if not token:
        return ""
    return f"{_fnv(token):08x}{_fnv(token[::-1]):08x}"


def _fnv(words: str) -> int:
    held = 0x811C9DC5
    for unit in words.encode("utf-16-le")[::2]:
        held = ((held ^ unit) * 0x01000193) & 0xFFFFFFFF
    return held
