"""Which location ships what: one fulfilment order for each location that holds an order's lines."""

from devstore.store import Doc, Store


def open_fulfillment_orders(store: Store, order: Doc) -> list[Doc]:
    """Fulfilment orders for every line that has to be shipped, in the order the locations first appear."""
    by_place: dict[int, list[Doc]] = {}
    for line in order["line_items"]:
        if line["requires_shipping"]:
            by_place.setdefault(line["location_id"], []).append(line)
    return [
        {
            "id": store.next_id(),
            "order_id": order["id"],
            "location_id": place,
            "status": "open",
            "request_status": "unsubmitted",
            "created_at": order["created_at"],
            "updated_at": order["created_at"],
            "line_items": [
                {
                    "id": store.next_id(),
                    "line_item_id": line["id"],
                    "quantity": line["quantity"],
                    "remaining": line["quantity"],
                }
                for line in lines
            ],
        }
        for place, lines in by_place.items()
    ]


def cancel_units(order: Doc, line_item_id: int, quantity: int, at: str) -> None:
    """Take units that were not shipped off the order's fulfilment orders."""
    for part in order["fulfillment_orders"]:
        held = [entry for entry in part["line_items"] if entry["line_item_id"] == line_item_id]
        for entry in held:
            gone = min(quantity, entry["remaining"])
            entry["quantity"] -= gone
            entry["remaining"] -= gone
            quantity -= gone
        if held:
            restate_fulfillment_order(part, at)


def restate_fulfillment_order(part: Doc, at: str) -> None:
    """Recompute a fulfilment order's status from what is left of it."""
    part["updated_at"] = at
    total = sum(entry["quantity"] for entry in part["line_items"])
    left = sum(entry["remaining"] for entry in part["line_items"])
    if left == 0:
        part["status"] = "closed" if total else "cancelled"
    elif part.get("holds"):
        part["status"] = "on_hold"
    else:
        part["status"] = "open" if left == total else "in_progress"
