"""Variants and their stock, as orders move it from available to committed to gone, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devstore import inventory
from devstore.products import find_variant
from devstore.store import Doc, Store


@dataclass(frozen=True)
class Move:
    """A change of one variant's stock at one location, by state. What is on hand follows."""

    variant_id: int
    location_id: int
    changes: Mapping[str, int]


def sold(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"available": -quantity, "committed": quantity})


def shipped(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"committed": -quantity})


def unshipped(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"committed": quantity})


def cancelled(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"available": quantity, "committed": -quantity})


def returned(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"available": quantity})


def find_by_sku(store: Store, shop: str, sku: str) -> Doc | None:
    """The first variant with that SKU."""
    variants = (variant for product in store.all(shop, "product") for variant in product["variants"])
    return next((variant for variant in variants if variant["sku"] == sku), None)


def place_for(store: Store, shop: str, variant: Doc, quantity: int) -> int:
    """The location to ship from: the first that has enough, else the one that has most."""
    places = [place["id"] for place in store.all(shop, "location") if place["active"]]
    if not places:
        raise LookupError(f"{shop} has no active location")
    left = {place: inventory.quantities(variant, place)["available"] for place in places}
    enough = [place for place in places if left[place] >= quantity]
    return int(enough[0] if enough else max(places, key=lambda place: (left[place], -place)))


def shortage(store: Store, shop: str, variant: Doc, quantity: int) -> int | None:
    """What is left when ``quantity`` cannot be sold; None when it can."""
    if not variant["tracked"] or variant["inventory_policy"] == "CONTINUE":
        return None
    places = [place["id"] for place in store.all(shop, "location")]
    left = max((inventory.quantities(variant, place)["available"] for place in places), default=0)
    return left if left < quantity else None


def apply(store: Store, shop: str, moves: Iterable[Move]) -> None:
    """Make the moves of tracked variants that still exist. Call inside a transaction."""
    for move in moves:
        found = find_variant(store, shop, move.variant_id)
        if found and found[1]["tracked"] and store.get(shop, "location", move.location_id):
            inventory.shift(store, shop, found[1]["inventory_item_id"], move.location_id, dict(move.changes))
