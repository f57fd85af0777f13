"""What each of the shop's staff may see and change in the app. Pure: one table, read at the merchant's door."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final


class Part(StrEnum):
    """A part of the merchant's pages that a role opens or does not."""

    VENDORS = "vendors"
    """Vendors, what they hand in, and e-mails to them."""
    ORDERS = "orders"
    MONEY = "money"
    SHOP = "shop"
    """Settings, the words of e-mails, events, the log."""
    KEYS = "keys"
    """What opens doors to others, or tells on people: staff, tokens, calls to other systems, privacy requests."""


# By the beginning of a page's address, the longest that fits. What is not listed is for those who may do everything.
_PLACES: Final[dict[str, Part | None]] = {
    "/app/vendors": Part.VENDORS,
    "/app/review": Part.VENDORS,
    "/app/products": Part.VENDORS,
    "/app/reviews": Part.VENDORS,
    "/app/questions": Part.VENDORS,
    "/app/codes": Part.VENDORS,
    "/app/journey": Part.VENDORS,
    "/app/emails": Part.VENDORS,
    "/app/emails/words": Part.SHOP,
    "/app/orders": Part.ORDERS,
    "/app/pickups": Part.ORDERS,
    "/app/blocks": Part.ORDERS,
    "/app/reconciliation": Part.ORDERS,
    "/app/commissions": Part.MONEY,
    "/app/payouts": Part.MONEY,
    "/app/books": Part.MONEY,
    "/app/settings/money": Part.MONEY,
    "/app/settings": Part.SHOP,
    "/app/events": Part.SHOP,
    "/app/log": Part.SHOP,
    "/app/setup": Part.SHOP,
    "/app/notices": None,
    "/app/settings/staff": Part.KEYS,
    "/app/api": Part.KEYS,
    "/app/hooks": Part.KEYS,
    "/app/privacy": Part.KEYS,
}
# Figures of a vendor, and who bears what of an order: money, wherever the address begins.
_ABOUT_MONEY: Final = re.compile(r"/app/(?:vendors/\d+/figures|orders/\d+/(?:[^/]+/\d+/bearer|flags/lift))")

# To have papers printed changes nothing: whoever may see them may ask, and stop what they asked for.
_TO_TAKE_AWAY: Final = "/app/payouts/archives/"


class StaffRole(StrEnum):
    EVERYTHING = "everything"
    VENDORS = "vendors"
    ORDERS = "orders"
    MONEY = "money"
    VIEWER = "viewer"


ROLE_WORDS: Final = {
    StaffRole.EVERYTHING: ("Everything", "All pages, settings, staff and keys for programs."),
    StaffRole.VENDORS: ("Vendors and review", "Decides about vendors and products. Sees orders and money."),
    StaffRole.ORDERS: ("Orders", "Works on orders. Sees vendors and products, but no money."),
    StaffRole.MONEY: ("Money", "Commission, payouts and books. Sees vendors and orders."),
    StaffRole.VIEWER: ("Read only", "Sees everything but staff, keys and privacy requests. Changes nothing."),
}

_CHANGES: Final = {
    StaffRole.EVERYTHING: frozenset(Part),
    StaffRole.VENDORS: frozenset({Part.VENDORS}),
    StaffRole.ORDERS: frozenset({Part.ORDERS}),
    StaffRole.MONEY: frozenset({Part.MONEY}),
    StaffRole.VIEWER: frozenset[Part](),
}
_SEES: Final = {
    StaffRole.EVERYTHING: frozenset(Part),
    StaffRole.VENDORS: frozenset({Part.VENDORS, Part.ORDERS, Part.MONEY}),
    StaffRole.ORDERS: frozenset({Part.ORDERS, Part.VENDORS}),
    StaffRole.MONEY: frozenset({Part.MONEY, Part.ORDERS, Part.VENDORS}),
    StaffRole.VIEWER: frozenset(Part) - {Part.KEYS},
}


def part_of(path: str) -> Part | None:
    """The part that a page of the app belongs to; None for what is everybody's."""
    if path.rstrip("/") == "/app":
        return None
    if _ABOUT_MONEY.fullmatch(path):
        return Part.MONEY
    place = find_place(path, _PLACES, ends=("/", "."))
    return _PLACES[place] if place else Part.KEYS


def find_place(path: str, places: Iterable[str], *, ends: Sequence[str]) -> str | None:
    """The longest of `places` that is the page's address or begins it, up to one of `ends`; None when none does."""
    fitting = (each for each in places if path == each or path.startswith(tuple(f"{each}{end}" for end in ends)))
    return max(fitting, key=len, default=None)


def may(role: str, part: Part, *, change: bool = False) -> bool:
    """Whether `role` opens `part`, to look or to change. An unknown role opens nothing."""
    if role not in set(StaffRole):
        return False
    return part in (_CHANGES if change else _SEES)[StaffRole(role)]


def may_open(role: str, path: str, *, change: bool = False) -> bool:
    """As `may`, for a page."""
    part = part_of(path)
    return part is None or may(role, part, change=change and not path.startswith(_TO_TAKE_AWAY))


def refusal(role: str, *, change: bool, who_can: list[str]) -> str:
    """Why somebody was turned away, and who can help."""
    words = ROLE_WORDS[StaffRole(role)][0] if role in set(StaffRole) else role
    what = "change this" if change else "see this"
    return f"Your role here is “{words}”, so you cannot {what}. {_ask(who_can)} can change that under Settings, Staff."


def _ask(names: list[str]) -> str:
    if not names:
        return "The owner of the store"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
