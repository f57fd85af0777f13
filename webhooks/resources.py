"""What a webhook is about, in words that a person can search for."""

import msgspec

from app.typed import storable


class _Named(msgspec.Struct, frozen=True):
    id: int | str | None = None
    name: str | None = None
    title: str | None = None
    handle: str | None = None
    order_id: int | None = None
    inventory_item_id: int | None = None
    order_edit: "_Named | None" = None
    order: "_Named | None" = None


def name_resource(topic: str, body: bytes) -> str | None:
    """Such as "order 5001 #1001" or "product 17 Mug"; None when the body does not say, or is not readable.

    Refunds, parcels, payments, disputes and edits go by their order: whoever looks for an order wants all of its news.
    """
    try:
        named = msgspec.json.decode(body, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    kind = topic.partition("/")[0]
    number, words = {
        "orders": (named.order_edit.order_id if named.order_edit else named.id, f"order {{}} {named.name or ''}"),
        "refunds": (named.order_id, "order {}"),
        "fulfillments": (named.order_id, "order {}"),
        "collections": (named.id, f"collection {{}} {named.title or ''}"),
        "order_transactions": (named.order_id, "order {}"),
        "disputes": (named.order_id, "order {}"),
        "returns": (named.order.id if named.order else named.order_id, "order {}"),
        "products": (named.id, f"product {{}} {named.title or ''}"),
        "inventory_levels": (named.inventory_item_id, "inventory item {}"),
        "inventory_items": (named.id, "inventory item {}"),
        "metaobjects": (named.handle, "vendor {}"),
        "locations": (named.id, f"location {{}} {named.name or ''}"),
    }.get(kind, (None, ""))
    return storable(words.replace("{}", str(number), 1)).strip() if number is not None else None
