"""Returns: a customer asks to send goods back; the merchant approves, declines, closes, opens again or calls off."""

from collections.abc import Mapping
from typing import Final

from devstore.clock import iso
from devstore.gids import gid
from devstore.orders.documents import get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.standing import fulfilled_quantity, refunded_lines
from devstore.store import Doc, Store
from devstore.webhooks import emit

MOVES: Final = {
    "approve": ("REQUESTED", "OPEN"),
    "decline": ("REQUESTED", "DECLINED"),
    "cancel": ("OPEN", "CANCELED"),
    "close": ("OPEN", "CLOSED"),
    "reopen": ("CLOSED", "OPEN"),
}
REASONS: Final = {
    "unwanted": "Changed my mind",
    "defective": "Item is defective",
    "wrong-item": "Received the wrong item",
}


def open_return(
    store: Store, shop: str, order_id: int, lines: Mapping[int, int], *, reason: str = "unwanted", asked: bool = True
) -> Doc:
    """A customer asks to return units that were sent (by line item); without asking, the merchant opens it at once.

    Raises OrderError for units that were not sent, or that have come back.
    """
    with store.transaction():
        order = get_order(store, shop, order_id)
        if reason not in REASONS:
            raise OrderError(f"Reason is one of {', '.join(REASONS)}", ["reason"], "INVALID")
        entries = [_entry(store, order, line, units, reason) for line, units in lines.items() if units]
        if not entries:
            raise OrderError("Return at least one item", ["lines"], "BLANK")
        made = order.setdefault("returns", [])
        back = {
            "id": store.next_id(),
            "name": f"{order['name']}-R{len(made) + 1}",
            "status": "REQUESTED" if asked else "OPEN",
            "created_at": iso(store.clock.now()),
            "closed_at": None,
            "decline_reason": None,
            "lines": entries,
        }
        made.append(back)
        save(store, shop, order, f"Return {back['name']} was {'requested' if asked else 'created'}.")
        emit(store, shop, "returns/request" if asked else "returns/approve", return_payload(order, back))
        return back


def move_return(store: Store, shop: str, order_id: int, return_id: int, action: str, *, reason: str = "OTHER") -> Doc:
    """What the merchant does with it. Raises OrderError for an unknown action, or one that is not possible now."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        back: Doc | None = next((one for one in order.get("returns", []) if one["id"] == return_id), None)
        if back is None:
            raise OrderError("Return does not exist", ["id"], "NOT_FOUND")
        if action not in MOVES:
            raise OrderError(f"Action is one of {', '.join(MOVES)}", ["action"], "INVALID")
        before, after = MOVES[action]
        if back["status"] != before:
            raise OrderError(f"This return is {back['status'].lower()}", ["action"], "INVALID")
        back["status"] = after
        back["closed_at"] = iso(store.clock.now()) if after == "CLOSED" else None
        back["decline_reason"] = reason if after == "DECLINED" else None
        save(store, shop, order, f"Return {back['name']}: {after.lower()}.")
        emit(store, shop, f"returns/{action}", return_payload(order, back))
        return back


def return_payload(order: Doc, back: Doc) -> Doc:
    """As returns/* carry it: only some of the topics name the lines."""
    body = {
        "id": back["id"],
        "admin_graphql_api_id": gid("Return", back["id"]),
        "name": back["name"],
        "status": back["status"].lower(),
        "order": {"id": order["id"], "admin_graphql_api_id": gid("Order", order["id"])},
    }
    if back["decline_reason"]:
        body["decline"] = {"reason": back["decline_reason"].lower(), "note": None}
    return body


def _entry(store: Store, order: Doc, line_id: int, units: int, reason: str) -> Doc:
    parcel = next(
        (
            (part, entry)
            for part in order["fulfillments"]
            for entry in part["line_items"]
            if entry["line_item_id"] == line_id and part["status"] == "success"
        ),
        None,
    )
    waiting = sum(
        entry["quantity"]
        for back in order.get("returns", [])
        if back["status"] in {"REQUESTED", "OPEN"}
        for entry in back["lines"]
        if entry["line_item_id"] == line_id
    )
    came_back = sum(entry["quantity"] for entry in refunded_lines(order, line_id) if entry["restock_type"] == "return")
    if parcel is None or units > fulfilled_quantity(order, line_id) - came_back - waiting:
        raise OrderError("Only items that were sent can be returned", ["lines", str(line_id)], "INVALID")
    return {
        "id": store.next_id(),
        "line_item_id": line_id,
        "fulfillment_line_id": parcel[1]["id"],
        "quantity": units,
        "reason": reason,
    }
