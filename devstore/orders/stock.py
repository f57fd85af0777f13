"""Variants and their stock, as orders move it: available, committed, on hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devstore.clock import iso
from devstore.gids import gid
from devstore.store import Doc, Store
from devstore.webhooks import emit


@dataclass(frozen=True)
class Move:
    """A change of one variant's quantities at one location, by quantity name."""

    variant_id: int
    location_id: int
    deltas: Mapping[str, int]


def sold(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"available": -quantity, "committed": quantity})


def shipped(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"committed": -quantity, "on_hand": -quantity})


def unshipped(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"committed": quantity, "on_hand": quantity})


def cancelled(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"available": quantity, "committed": -quantity})


def returned(variant_id: int, location_id: int, quantity: int) -> Move:
    return Move(variant_id, location_id, {"available": quantity, "on_hand": quantity})


def find_variant(store: Store, shop: str, **equals: object) -> tuple[Doc, Doc] | None:
    """(product, variant) of the first variant whose keys equal the given values: ``id=12`` or ``sku="MUG-1"``."""
    for product in store.all(shop, "product"):
        for variant in product["variants"]:
            if all(variant.get(key) == value for key, value in equals.items()):
                return product, variant
    return None


def available(variant: Doc, location_id: int) -> int:
    quantities = variant.get("quantities", {}).get(str(location_id), {})
    return int(quantities.get("available", 0))


def place_for(store: Store, shop: str, variant: Doc, quantity: int) -> int:
    """The location to ship from: the first that has enough, else the one that has most."""
    places = [place["id"] for place in store.all(shop, "location") if place.get("active", True)]
    if not places:
        raise LookupError(f"{shop} has no active location")
    enough = [place for place in places if available(variant, place) >= quantity]
    return int(enough[0] if enough else max(places, key=lambda place: (available(variant, place), -place)))


def shortage(store: Store, shop: str, variant: Doc, quantity: int) -> int | None:
    """What is left when ``quantity`` cannot be sold; None when it can."""
    if not variant.get("tracked", True) or str(variant.get("inventory_policy", "DENY")).upper() == "CONTINUE":
        return None
    left = max((available(variant, place["id"]) for place in store.all(shop, "location")), default=0)
    return left if left < quantity else None


def apply(store: Store, shop: str, moves: Iterable[Move]) -> None:
    """Write the moves of tracked variants and emit what they change. Call inside a transaction."""
    changed: dict[int, Doc] = {}
    levels: dict[tuple[int, int], Doc] = {}
    for move in moves:
        found = find_variant(store, shop, id=move.variant_id)
        if found is None or not found[1].get("tracked", True):
            continue
        product = changed.setdefault(found[0]["id"], found[0])
        variant: Doc = next(entry for entry in product["variants"] if entry["id"] == move.variant_id)
        quantities = variant.setdefault("quantities", {}).setdefault(str(move.location_id), {})
        for name, delta in move.deltas.items():
            quantities[name] = int(quantities.get(name, 0)) + delta
        if "available" in move.deltas:
            levels[variant["inventory_item_id"], move.location_id] = quantities
    now = iso(store.clock.now())
    for product in changed.values():
        store.put(shop, "product", {**product, "updated_at": now})
    for (item_id, location_id), quantities in levels.items():
        emit(store, shop, "inventory_levels/update", _level(item_id, location_id, quantities["available"], now))


def _level(item_id: int, location_id: int, left: int, now: str) -> Doc:
    return {
        "inventory_item_id": item_id,
        "location_id": location_id,
        "available": left,
        "updated_at": now,
        "admin_graphql_api_id": f"{gid('InventoryLevel', location_id)}?inventory_item_id={item_id}",
    }
