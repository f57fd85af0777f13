"""Which units go into a parcel, and which of Shopify's fulfilment orders they are taken from. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.languages import _

MAX_ORDERS: Final = 100
"""Printed, packed or sent at once: each is a lock and several statements."""
CARRIERS = (
    "Australia Post",
    "Canada Post",
    "Correos",
    "DHL Express",
    "DPD",
    "Deutsche Post (DE)",
    "FedEx",
    "GLS",
    "Japan Post (EN)",
    "La Poste Colissimo",
    "PostNL",
    "PostNord",
    "Royal Mail",
    "UPS",
    "USPS",
)
"""As Shopify spells them: with one of these it makes the tracking link itself."""


class Remaining(NamedTuple):
    """Units of a line that a fulfilment order still has to send."""

    order_id: str
    item_id: str
    line_id: int
    units: int


def check_quantities(wanted: Mapping[int, int], to_ship: Mapping[int, int]) -> str | None:
    """What is wrong with a parcel, in a sentence; None when it can be sent. Both map a line to units."""
    if any(units < 0 for units in wanted.values()) or not any(wanted.values()):
        return _("Choose at least one item to send.")
    if any(units > to_ship.get(line_id, 0) for line_id, units in wanted.items()):
        return _("There are fewer items left to send than you chose. They may have been refunded meanwhile.")
    return None


def take_units(wanted: Mapping[int, int], remaining: Sequence[Remaining]) -> dict[str, dict[str, int]] | None:
    """Which units to take of which fulfilment order, in their sequence; None when there are not enough."""
    taken: dict[str, dict[str, int]] = {}
    for line_id, units in wanted.items():
        missing = units
        for item in remaining:
            part = min(missing, item.units) if item.line_id == line_id else 0
            if part:
                taken.setdefault(item.order_id, {})[item.item_id] = part
                missing -= part
        if missing:
            return None
    return taken


def list_held(fulfilment_orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What may not be sent yet, of Shopify's fulfilment orders: [{"line", "units", "reason", "until"}], by line.

    `reason` is Shopify's in small letters, or "scheduled" where it is to be sent from `until` (ISO 8601) on.
    """
    held: dict[tuple[int, str, str | None], int] = {}
    for part in fulfilment_orders:
        if part["status"] not in ("ON_HOLD", "SCHEDULED"):
            continue
        scheduled = part["status"] == "SCHEDULED"
        reasons = [one["reason"].lower() for one in part["fulfillmentHolds"]] or ["other"]
        why = ("scheduled", part["fulfillAt"]) if scheduled else (reasons[0], None)
        for item in part["lineItems"]["nodes"]:
            if item["remainingQuantity"]:
                key = (int(item["lineItem"]["id"].rpartition("/")[2]), *why)
                held[key] = held.get(key, 0) + item["remainingQuantity"]
    ordered = sorted(held.items(), key=lambda one: (one[0][0], one[0][1], one[0][2] or ""))
    return [
        {"line": line, "units": units, "reason": reason, "until": until} for (line, reason, until), units in ordered
    ]
