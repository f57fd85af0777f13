"""Fulfilment orders that are held, released, split and moved: what may be shipped now, and what has to wait."""

from collections.abc import Mapping, Sequence
from typing import Final

from devstore.clock import iso
from devstore.gids import gid
from devstore.orders.documents import get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.routing import restate_fulfillment_order
from devstore.store import Doc, Store
from devstore.webhooks import emit

REASONS: Final = {
    "AWAITING_PAYMENT": "Awaiting payment",
    "AWAITING_RETURN_ITEMS": "Awaiting return items",
    "HIGH_RISK_OF_FRAUD": "High risk of fraud",
    "INCORRECT_ADDRESS": "Incorrect address",
    "INVENTORY_OUT_OF_STOCK": "Out of stock",
    "UNKNOWN_DELIVERY_DATE": "Unknown delivery date",
    "OTHER": "Other",
}
_OPEN: Final = ("open", "in_progress")


def hold(
    store: Store,
    shop: str,
    order_id: int,
    lines: Mapping[int, int] | None = None,
    *,
    reason: str = "OTHER",
    notes: str | None = None,
) -> list[Doc]:
    """Stop units by line item (None: all that is left) from being shipped. Raises OrderError.

    Where only a part of a fulfilment order is held, the part becomes a fulfilment order of its own, as in Shopify.
    """
    if reason not in REASONS:
        raise OrderError(f"Reason is one of {', '.join(REASONS)}", ["reason"], "INVALID")
    with store.transaction():
        order = get_order(store, shop, order_id)
        now = iso(store.clock.now())
        left = {line["id"]: line["quantity"] for line in order["line_items"]} if lines is None else dict(lines)
        held = [_cut(store, order, part, left, now) for part in list(order["fulfillment_orders"])]
        stopped = [(part, rest) for part, rest in held if part]
        if not stopped:
            raise OrderError("There is nothing to hold on this order", ["lines"], "INVALID")
        for part, _ in stopped:
            part["holds"] = [{"id": store.next_id(), "reason": reason, "notes": notes}]
            restate_fulfillment_order(part, now)
        save(store, shop, order, f"Fulfillment on hold: {REASONS[reason].lower()}.")
        for part, rest in stopped:
            emit(store, shop, "fulfillment_orders/placed_on_hold", _held_body(part, rest))
        return [part for part, _ in stopped]


def release(store: Store, shop: str, order_id: int) -> list[Doc]:
    """Let everything of the order be shipped again. Raises OrderError when nothing was held."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        held = [part for part in order["fulfillment_orders"] if part.get("holds")]
        if not held:
            raise OrderError("Nothing of this order is on hold", ["id"], "INVALID")
        for part in held:
            part["holds"] = []
            restate_fulfillment_order(part, iso(store.clock.now()))
        save(store, shop, order, "Fulfillment hold released.")
        for part in held:
            emit(store, shop, "fulfillment_orders/hold_released", {"fulfillment_order": _named(part)})
        return held


def split(store: Store, shop: str, order_id: int, lines: Mapping[int, int]) -> Doc:
    """Make units by line item a fulfilment order of their own. Raises OrderError when they already are, or are gone."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        left = dict(lines)
        for part in list(order["fulfillment_orders"]):
            cut, rest = _cut(store, order, part, left, iso(store.clock.now()))
            if cut and rest:
                save(store, shop, order, "Fulfillment order split.")
                body = {"fulfillment_order": _named(rest), "remaining_fulfillment_order": _named(cut)}
                emit(store, shop, "fulfillment_orders/split", {**body, "replacement_fulfillment_order": None})
                return cut
        raise OrderError("There is nothing to split off", ["lines"], "INVALID")


def move(store: Store, shop: str, order_id: int, location_id: int) -> list[Doc]:
    """Have everything that is left of the order shipped from another location. Raises OrderError."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        if store.get(shop, "location", location_id) is None:
            raise OrderError("Location does not exist", ["newLocationId"], "NOT_FOUND")
        moved = [
            part
            for part in order["fulfillment_orders"]
            if part["status"] in _OPEN and part["location_id"] != location_id
        ]
        if not moved:
            raise OrderError("There is nothing to move on this order", ["id"], "INVALID")
        for part in moved:
            part["location_id"], part["updated_at"] = location_id, iso(store.clock.now())
        save(store, shop, order, "Fulfillment location changed.")
        for part in moved:
            body: Doc = {"original_fulfillment_order": _named(part), "moved_fulfillment_order": _named(part)}
            emit(
                store,
                shop,
                "fulfillment_orders/moved",
                {**body, "destination_location_id": gid("Location", location_id)},
            )
        return moved


def _cut(store: Store, order: Doc, part: Doc, left: dict[int, int], at: str) -> tuple[Doc | None, Doc | None]:
    """(what holds the wanted units, what holds the rest): the part itself, or one cut off it, or nothing.

    `left` says how many units of each line item are still wanted, and less afterwards.
    """
    wanted: dict[int, int] = {}
    for entry in part["line_items"] if part["status"] in _OPEN else ():
        wanted[entry["id"]] = min(entry["remaining"], left.get(entry["line_item_id"], 0))
        left[entry["line_item_id"]] = left.get(entry["line_item_id"], 0) - wanted[entry["id"]]
    if not any(wanted.values()):
        return None, None
    if all(wanted[entry["id"]] == entry["remaining"] for entry in part["line_items"]):
        return part, None
    entries = [entry for entry in part["line_items"] if wanted[entry["id"]]]
    cut = {
        **part,
        "id": store.next_id(),
        "created_at": at,
        "line_items": [_taken(store, entry, wanted[entry["id"]]) for entry in entries],
    }
    part["line_items"] = [entry for entry in part["line_items"] if entry["quantity"]]
    order["fulfillment_orders"].append(cut)
    for changed in (part, cut):
        restate_fulfillment_order(changed, at)
    return cut, part


def _taken(store: Store, entry: Doc, units: int) -> Doc:
    entry["quantity"] -= units
    entry["remaining"] -= units
    return {**entry, "id": store.next_id(), "quantity": units, "remaining": units}


def _named(part: Doc) -> Doc:
    return {"id": gid("FulfillmentOrder", part["id"]), "status": part["status"]}


def _held_body(part: Doc, rest: Doc | None) -> Doc:
    entries: Sequence[Doc] = part["line_items"]
    return {
        "fulfillment_order": _named(part),
        "remaining_fulfillment_order": _named(rest) if rest else None,
        "held_fulfillment_order_line_items": [
            {"id": gid("FulfillmentOrderLineItem", entry["id"]), "quantity": entry["remaining"]} for entry in entries
        ],
        "created_fulfillment_hold": {
            "id": gid("FulfillmentHold", part["holds"][0]["id"]),
            "reason": part["holds"][0]["reason"].lower(),
            "reason_notes": part["holds"][0]["notes"],
        },
    }
