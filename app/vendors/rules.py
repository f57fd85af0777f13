"""What a vendor may become, and when two vendors would be mistaken for one another."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

# action → {state: state it leads to}. Nothing else moves a vendor.
MOVES: dict[str, dict[str, str]] = {
    "approve": {"pending": "approved", "rejected": "approved"},
    "reject": {"pending": "rejected"},
    "suspend": {"approved": "suspended"},
    "reinstate": {"suspended": "approved"},
    "close": dict.fromkeys(("pending", "approved", "rejected", "suspended"), "closed"),
    "reapply": {"rejected": "pending", "closed": "pending"},
}
REASON_NEEDED = frozenset({"reject", "suspend"})
PAYOUT_DETAILS_HOLD: Final = timedelta(hours=72)
"""Nothing is paid for so long after a change of bank details: time for the vendor to notice a thief."""

# Words that say how a business is organised, not who it is: "Ada Ceramics Ltd" is "Ada Ceramics".
_LEGAL_FORMS = frozenset({"ltd", "limited", "llc", "inc", "gmbh", "ug", "ag", "bv", "sarl", "sas", "srl", "co", "plc"})
_HANDLE_LENGTH = 60


def average_rating(total: int, count: int) -> str:
    """Stars with one decimal, rounded half up: "4.7"."""
    return str((Decimal(total) / count).quantize(Decimal("0.1"), ROUND_HALF_UP))


def state_after(action: str, state: str) -> str | None:
    """The state `action` leads to from `state`, or None when the move is not allowed."""
    return MOVES[action].get(state)


def list_actions(state: str) -> list[str]:
    """What the merchant may do in `state`, in the order in which a person would look for it."""
    return [action for action, moves in MOVES.items() if state in moves and action != "reapply"]


def written_by_staff(now: Mapping[str, str], seen: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """Those words of a page that are neither what was last seen there nor what we have sent since: somebody else's.

    >>> written_by_staff({"name": "Ada", "about": "Clay"}, {"name": "Ada", "about": ""}, {"about": "Stone"})
    {'about': 'Clay'}
    """
    return {field: words for field, words in now.items() if words not in {seen.get(field, ""), sent.get(field)}}


def normalise_name(name: str) -> str:
    """A name stripped of case, accents, punctuation, legal form and a leading article, for comparing.

    >>> normalise_name("The Café  Müller, Ltd.") == normalise_name("cafe muller")
    True
    """
    words = re.findall(r"\w+", _plain(name.replace("'", "").replace("\u2019", "")))
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words.pop(0)
    return " ".join(words)


def search_prefix(name: str) -> str:
    """How names that could be taken for `name` begin, as Shopify's search sees them: "The Ada's Mugs" → "Ada"."""
    words: list[str] = re.findall(r"\w+", name)
    significant = words[1:] if len(words) > 1 and words[0].casefold() == "the" else words
    return significant[0] if significant else ""


def handle_for(name: str, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """A URL-safe handle for `name` that is not among `taken`: `adas-ceramics`, then `adas-ceramics-2`."""
    plain = _plain(name.replace("'", "").replace("\u2019", ""))
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_HANDLE_LENGTH].strip("-") or "vendor"
    handle, number = stem, 2
    while handle in taken:
        handle, number = f"{stem}-{number}", number + 1
    return handle


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
