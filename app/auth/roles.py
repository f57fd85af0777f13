"""What each person of a vendor may see and change. Pure: one table, read at the portal's door."""

from enum import StrEnum
from typing import Final

from app.auth.staff_roles import Part, find_place
from app.auth.staff_roles import may as staff_may
from app.languages import _, lazy


class Area(StrEnum):
    """A part of the portal that a role opens or does not."""

    CATALOGUE = "catalogue"
    ORDERS = "orders"
    MONEY = "money"
    PROFILE = "profile"
    BUSINESS = "business"
    """What binds the vendor: terms, payout details, who works here."""


# By the beginning of a page's address, the longest that fits. What is not listed belongs to the owner.
_PLACES: Final[dict[str, Area | None]] = {
    "/portal/products": Area.CATALOGUE,
    "/portal/orders": Area.ORDERS,
    "/portal/money": Area.MONEY,
    "/portal/profile": Area.PROFILE,
    "/portal/holiday": Area.PROFILE,
    "/portal/reviews": Area.PROFILE,
    "/portal/customer-questions": Area.PROFILE,
    "/portal/codes": Area.PROFILE,
    "/portal/payout-details": Area.BUSINESS,
    "/portal/terms": Area.BUSINESS,
    "/portal/connect": Area.BUSINESS,
    "/portal/disconnect": Area.BUSINESS,
    "/portal/staff": Area.BUSINESS,
    "/portal/api": Area.BUSINESS,
    "/portal/notifications": Area.BUSINESS,
    "/portal/questions": Area.BUSINESS,
    # Everybody's own: where one is signed in, how it looks, for whom one works.
    "/portal/more": None,
    "/portal/security": None,
    "/portal/sessions": None,
    "/portal/theme": None,
    "/portal/language": None,
    "/portal/switch": None,
    "/portal/notices": None,
    "/portal/visit": None,
    "/portal/join": None,
}


class Role(StrEnum):
    OWNER = "owner"
    CATALOGUE = "catalogue"
    ORDERS = "orders"
    FINANCE = "finance"
    VIEWER = "viewer"


ROLE_WORDS: Final = {
    Role.OWNER: (lazy("Owner"), lazy("Everything, including payout details and who works here.")),
    Role.CATALOGUE: (lazy("Catalogue"), lazy("Products and the public profile. No orders, no money.")),
    Role.ORDERS: (lazy("Orders"), lazy("Orders and parcels. Sees products, but no balance and no payouts.")),
    Role.FINANCE: (lazy("Finance"), lazy("Balance, statements and payouts. Sees orders and products.")),
    Role.VIEWER: (lazy("Read only"), lazy("Sees all but payout details and who works here. Changes nothing.")),
}

_CHANGES: Final = {
    Role.OWNER: frozenset(Area),
    Role.CATALOGUE: frozenset({Area.CATALOGUE, Area.PROFILE}),
    Role.ORDERS: frozenset({Area.ORDERS}),
    Role.FINANCE: frozenset({Area.MONEY}),
    Role.VIEWER: frozenset[Area](),
}
_SEES: Final = {
    Role.OWNER: frozenset(Area),
    Role.CATALOGUE: frozenset({Area.CATALOGUE, Area.PROFILE}),
    Role.ORDERS: frozenset({Area.ORDERS, Area.CATALOGUE}),
    Role.FINANCE: frozenset({Area.MONEY, Area.ORDERS, Area.CATALOGUE}),
    Role.VIEWER: frozenset({Area.CATALOGUE, Area.ORDERS, Area.MONEY, Area.PROFILE}),
}

_VISITORS_OWN: Final = frozenset({"/portal/theme"})
_ABOUT_SIGNING_IN: Final = ("/portal/security", "/portal/sessions", "/portal/switch")
_VISITOR_CHANGES: Final = frozenset({Area.CATALOGUE, Area.ORDERS, Area.PROFILE})
# Whoever visits a vendor does there what their role in the app lets them do, and no more.
_PART_OF: Final = {
    Area.CATALOGUE: Part.VENDORS,
    Area.PROFILE: Part.VENDORS,
    Area.ORDERS: Part.ORDERS,
    Area.MONEY: Part.MONEY,
}


def area_of(path: str) -> Area | None:
    """The area that a page of the portal belongs to; None for what is everybody's own."""
    if path.rstrip("/") == "/portal":
        return None
    place = find_place(path, _PLACES, ends=("/",))
    return _PLACES[place] if place else Area.BUSINESS


def may(role: str, area: Area, *, change: bool = False) -> bool:
    """Whether `role` opens `area`, to look or to change. An unknown role opens nothing."""
    if role not in set(Role):
        return False
    return area in (_CHANGES if change else _SEES)[Role(role)]


def visitor_may(area: Area, staff_role: str, *, change: bool = False, has_reason: bool = False) -> bool:
    """What the shop's staff open of a vendor's pages: to look, all that is work; to change, only with a reason.

    Never what binds the vendor: payout details, terms, staff, tokens. Never what `staff_role` keeps from them in the
    app: a visit is no way around it.
    """
    if area is Area.BUSINESS or not staff_may(staff_role, _PART_OF[area], change=change):
        return False
    return not change or (has_reason and area in _VISITOR_CHANGES)


def visitor_may_open(path: str, staff_role: str, *, change: bool = False, has_reason: bool = False) -> bool:
    """As `visitor_may`, for a page; how the vendor's people sign in is not for visitors."""
    if path in _VISITORS_OWN:
        return True
    area = area_of(path)
    if area is None:
        return not change and not path.startswith(_ABOUT_SIGNING_IN)
    return visitor_may(area, staff_role, change=change, has_reason=has_reason)


def visitor_refusal(*, has_reason: bool) -> str:
    """Why a visit was turned away, and what to do."""
    if has_reason:
        return _("This is the vendor's own: payout details, terms, staff and signing in are not open to visits.")
    return _("This visit only looks. To change something, end it and open the vendor again with a reason.")


def refusal(role: str) -> str:
    """Why somebody was turned away, and who can help."""
    words = ROLE_WORDS[Role(role)][0] if role in set(Role) else role
    return _(
        "Your role here is “%(role)s”, and that does not include this. An owner can change it under More, Staff.",
        role=words,
    )
