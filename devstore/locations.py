"""Locations: opened, renamed, closed, and the app is told."""

from devstore.clock import iso
from devstore.gids import gid
from devstore.store import Doc, Store
from devstore.webhooks import emit


def open_location(store: Store, shop: str, name: str) -> Doc:
    """One more location, at the address of the first."""
    first = store.find(shop, "location")
    if first is None:
        raise LookupError(f"{shop} has no location")
    with store.transaction():
        now = iso(store.clock.now())
        place = {"name": name, "address": first["address"], "active": True, "created_at": now, "updated_at": now}
        stored = store.put(shop, "location", place)
        emit(store, shop, "locations/create", payload(stored))
        return stored


def change_location(store: Store, shop: str, location: Doc, *, name: str, active: bool) -> Doc:
    """Rename, close or open again."""
    with store.transaction():
        topic = "update" if location["active"] == active else "activate" if active else "deactivate"
        now = iso(store.clock.now())
        stored = store.put(shop, "location", {**location, "name": name, "active": active, "updated_at": now})
        emit(store, shop, f"locations/{topic}", payload(stored))
        return stored


def payload(location: Doc) -> Doc:
    """The location as `locations/*` webhooks carry it."""
    return {
        "id": location["id"],
        "admin_graphql_api_id": gid("Location", location["id"]),
        "name": location["name"],
        "active": location["active"],
        "created_at": location["created_at"],
        "updated_at": location["updated_at"],
    }
