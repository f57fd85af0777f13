"""Stock: what is available, committed and on hand, per variant and location, kept inside the product's document."""

from devstore.clock import iso
from devstore.gids import gid
from devstore.product_payloads import payload
from devstore.store import Doc, Store
from devstore.webhooks import emit

STATES = ("available", "committed", "incoming", "on_hand", "reserved", "damaged", "safety_stock", "quality_control")
REASONS = {
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
}


def find_item(store: Store, shop: str, item_id: int) -> tuple[Doc, Doc] | None:
    """(product, variant) of an inventory item; the variant is a part of the product that is returned."""
    known = store.get(shop, "inventory_item", item_id)
    product = store.get(shop, "product", known["product_id"]) if known else None
    for variant in product["variants"] if product else []:
        if product and variant["inventory_item_id"] == item_id:
            return product, variant
    return None


def is_stocked(store: Store, shop: str, variant: Doc, location_id: int) -> bool:
    """Whether the variant is kept at a location: at the first one always, at others once it was activated there."""
    first = store.find(shop, "location")
    return str(location_id) in variant["quantities"] or (first is not None and first["id"] == location_id)


def quantities(variant: Doc, location_id: int) -> dict[str, int]:
    """Every state at one location; zero where nothing was ever counted."""
    held = variant["quantities"].get(str(location_id), {})
    return {state: int(held.get(state, 0)) for state in STATES}


def counted(variant: Doc, location_id: int, name: str, quantity: int) -> dict[str, int]:
    """Every state after counting what is `available` or `on_hand`; the other one follows."""
    held = quantities(variant, location_id)
    if name == "available":
        held["available"] = quantity
    else:
        held["available"] += quantity - held["on_hand"]
    return _balanced(held)


def _balanced(held: dict[str, int]) -> dict[str, int]:
    on_hand = sum(held[state] for state in STATES if state not in {"on_hand", "incoming"})
    return {**held, "on_hand": on_hand}


def shift(store: Store, shop: str, item_id: int, location_id: int, changes: dict[str, int]) -> dict[str, int]:
    """Add to the named states, say so to the app, and return the new quantities. Raises LookupError.

    What is on hand is always what is available, committed and set aside together; it may not be shifted alone.
    """
    with store.transaction():
        found = find_item(store, shop, item_id)
        if found is None or store.get(shop, "location", location_id) is None:
            raise LookupError(f"No inventory item {item_id} at location {location_id}")
        product, variant = found
        held = quantities(variant, location_id)
        for state, delta in changes.items():
            held[state] += delta
        held = _balanced(held)
        variant["quantities"][str(location_id)] = held
        now = iso(store.clock.now())
        stored = store.put(shop, "product", {**product, "updated_at": now})
        emit(store, shop, "inventory_levels/update", level_payload(item_id, location_id, held["available"], now))
        emit(store, shop, "products/update", payload(stored))
        return held


def level_payload(item_id: int, location_id: int, available: int, updated_at: str) -> Doc:
    return {
        "inventory_item_id": item_id,
        "location_id": location_id,
        "available": available,
        "updated_at": updated_at,
        "admin_graphql_api_id": f"{gid('InventoryLevel', location_id)}?inventory_item_id={item_id}",
    }
