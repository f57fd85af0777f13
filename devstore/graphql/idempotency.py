"""`@idempotent(key:)`: some mutations insist on it, and the same key twice is the same mutation once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo
from graphql.execution import get_directive_values

from devstore.store import Doc, Store

# Shopify says so in each mutation's description; its type system does not.
REQUIRED = {
    "inventoryActivate",
    "inventoryAdjustQuantities",
    "inventoryMoveQuantities",
    "inventorySetOnHandQuantities",
    "inventorySetQuantities",
    "refundCreate",
}


def key_of(info: GraphQLResolveInfo) -> str | None:
    """The request's idempotency key. Raises GraphQLError when the mutation needs one and has none."""
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values) or {}
    key = values.get("key")
    if not key and (info.field_name in REQUIRED or values):
        said = f"The @idempotent directive with a key is required for the {info.field_name} mutation."
        raise GraphQLError(said, info.field_nodes[0], extensions={"code": "BAD_REQUEST"})
    return key


def once(store: Store, shop: str, name: str, key: str, arguments: Mapping[str, Any], run: Callable[[], Doc]) -> Doc:
    """Run and remember, or answer what the first run answered. Call inside the mutation's transaction."""
    sent = hashlib.sha256(json.dumps([name, arguments], sort_keys=True, default=str).encode()).hexdigest()
    earlier = store.find(shop, "idempotency", key=key)
    if earlier is None:
        payload = run()
        store.put(shop, "idempotency", {"key": key, "sent": sent, "payload": payload})
        return payload
    if earlier["sent"] != sent:
        said = "The idempotency key was already used with different parameters."
        return {"userErrors": [{"field": None, "message": said, "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}]}
    replayed: Doc = earlier["payload"]
    return replayed
