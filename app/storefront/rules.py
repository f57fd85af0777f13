"""How customers' items are merged, how long they last, and what a device may send. Pure.

An item is a register: `kind` and `key` say what it is about, a hybrid logical clock says when it was last edited, and
of two edits the greater clock wins, everywhere. A deletion is an edit to nothing and is kept, so that no old copy of
the item returns. That makes the order, the repetition and the way by which edits arrive irrelevant.

The cart is a sum of such items: under `<line>:<origin>` each browser says how many units of a line it has put in, less
what it has taken out. Nobody else writes there, so no two edits compete: units that a guest and the account hold of the
same line add up, once, however often they are sent. A sum below nought counts as nought. What was bought is taken out
under an origin made of the cart's token, by the browser that had the cart or by the order, whoever comes first.

An item ends when nobody has edited it for as long as its kind lasts: its value goes, and its clock moves by the least
step, so that the end wins over that edit and over no later one. After as long again it is forgotten, and older edits
are refused, so that nothing returns.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LARGEST_BATCH: Final = 200
LARGEST_ACCOUNT: Final = 4000
"""Rows that one customer may have, those included that were deleted lately."""
LARGEST_SIZE: Final = 8_000_000
"""Bytes that all their values may take together: a new device asks for all of them at once."""
DELETED_TAKES_ROOM: Final = timedelta(days=90)
"""For how long: afterwards a deletion is kept, and there is room for something new."""
AHEAD: Final = timedelta(minutes=5)
"""How far a device's clock may run before ours: an edit from the far future would win for ever."""

_CLOCK: Final = re.compile(r"[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-z]{8}", re.ASCII)
_NUMBER: Final = r"[1-9]\d{0,18}"
_HANDLE: Final = r"[^\s/?#\x00-\x1f]{1,255}"


@dataclass(frozen=True, slots=True)
class Kind:
    """`lasts`: for how long after its last edit an item's value is kept, None for as long as the customer."""

    key: re.Pattern[str]
    lasts: timedelta | None = None


OWN_CART: Final = "own_cart"
"""A cart of Shopify's that is this customer's. Its key is a digest of the cart's token, and all there is to say."""
_CART: Final = timedelta(days=30)
_ACTIVITY: Final = timedelta(days=90)
KINDS: Final = {
    "wishlist": Kind(re.compile(_NUMBER, re.ASCII)),
    "follow": Kind(re.compile(_HANDLE)),
    "cart": Kind(re.compile(rf"{_NUMBER}(\.[0-9a-z]{{1,16}})?:[0-9a-z]{{8}}", re.ASCII), _CART),
    OWN_CART: Kind(re.compile(r"[0-9a-f]{32}", re.ASCII), _CART),
    "saved": Kind(re.compile(r"[0-9a-z]{8,16}", re.ASCII), _CART),
    "viewed": Kind(re.compile(_NUMBER, re.ASCII), _ACTIVITY),
    "search": Kind(re.compile(r"[^\x00-\x1f]{1,100}"), _ACTIVITY),
    "preference": Kind(re.compile(r"[a-z][a-z_]{0,59}", re.ASCII)),
    "review": Kind(re.compile(_HANDLE), _ACTIVITY),
}


def clock_at(moment: datetime, node: str = "00000000") -> str:
    """The logical clock's reading at `moment`. Readings compare as text."""
    return f"{int(moment.timestamp() * 1000):012x}-0000-{node}"


def expiry(kind: str, now: datetime) -> tuple[str, str] | None:
    """The clocks before which items of this kind have ended, and before which they are forgotten; None: never."""
    lasts = KINDS[kind].lasts
    return (clock_at(now - lasts), clock_at(now - 2 * lasts)) if lasts else None


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which clocks edits are taken at a moment: the earliest of each kind, and the latest of all."""

    earliest: Mapping[str, str]
    latest: str


def limits(now: datetime) -> Limits:
    ends = {kind: expiry(kind, now) for kind in KINDS}
    return Limits({kind: end[1] if end else "" for kind, end in ends.items()}, clock_at(now + AHEAD))


def find_fault(kind: str, key: str, clock: str, limits: Limits) -> str | None:
    """Why an edit cannot be taken: "unknown", "early" (mend the clock and send again) or "late". None: it can."""
    known = KINDS.get(kind)
    if known is None or not known.key.fullmatch(key) or not _CLOCK.fullmatch(clock):
        return "unknown"
    if clock > limits.latest:
        return "early"
    return "late" if clock < limits.earliest[kind] else None


def line_of(variant: int, properties: Mapping[str, str]) -> str:
    """A line of the cart: the variant, and a digest of what the customer wrote on it."""
    written = "\x1e".join(f"{name}\x1f{properties[name]}" for name in sorted(properties))
    return f"{variant}.{_fnv(written.encode())}" if written else str(variant)


def saved_key(cart_token: str) -> str:
    """Under which key a browser keeps the cart with this token when it vanishes."""
    token = cart_token.partition("?")[0].encode()
    return _fnv(token) + _fnv(token[::-1])


def departure(cart_token: str) -> str:
    """The origin under which what left with this cart is taken out of the saved one."""
    return "x" + saved_key(cart_token)[1:8]


def _fnv(data: bytes) -> str:
    """FNV-1a, 32 bits: a browser computes it without waiting for its cryptography."""
    held = 0x811C9DC5
    for byte in data:
        held = ((held ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{held:08x}"
