"""The app in a shop: installed with its scopes, looked up by access token, gone with all its tokens."""

import time

from devstore.store import Doc, Store
from devstore.webhooks import emit


def find_installation(store: Store, shop: str) -> Doc | None:
    return store.find(shop, "installation")


def install(store: Store, shop: str) -> Doc:
    """Install the app, or grant what it asks for now. Raises LookupError when no app was ever deployed."""
    app = store.find("", "app")
    if app is None:
        raise LookupError("No app has been deployed")
    with store.transaction():
        before = find_installation(store, shop)
        if before is None:
            now = store.clock.now().isoformat()
            wanted = {"client_id": app["client_id"], "scopes": app["scopes"], "installed_at": now, "metafields": []}
            return store.put(shop, "installation", wanted)
        if before["scopes"] == app["scopes"]:
            return before
        after = store.put(shop, "installation", {**before, "scopes": app["scopes"]})
        changed = {"id": before["id"], "previous": before["scopes"], "current": app["scopes"]}
        emit(store, shop, "app/scopes_update", {**changed, "updated_at": store.clock.now().isoformat()})
        return after


def uninstall(store: Store, shop: str, shop_payload: Doc) -> None:
    """Remove the app: `app/uninstalled` leaves, every token is dead, its metaobjects stay for a return."""
    with store.transaction():
        installation = find_installation(store, shop)
        if installation is None:
            return
        emit(store, shop, "app/uninstalled", shop_payload)
        for kind in ("access_token", "refresh_token"):
            for token in store.all(shop, kind):
                store.delete(shop, kind, token["id"])
        for pixel in store.all(shop, "web_pixel"):
            store.delete(shop, "web_pixel", pixel["id"])
        store.delete(shop, "installation", installation["id"])


def find_by_token(store: Store, shop: str, token: str) -> Doc | None:
    """The installation that a live access token belongs to. Tokens live by the machine's clock, not by the store's."""
    known = store.find(shop, "access_token", token=token) if token else None
    if known is None or known["expires_at"] <= time.time():
        return None
    return find_installation(store, shop)
