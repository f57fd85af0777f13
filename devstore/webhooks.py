"""Webhooks: what happened becomes one delivery per subscription, signed and sent until the app has said yes."""

from devstore.store import Doc, Store


def emit(store: Store, shop: str, topic: str, payload: Doc) -> None:
    """Write one delivery per matching subscription. Inside a transaction they leave when it has committed."""
    store.put(shop, "webhook_event", {"topic": topic, "payload": payload})
