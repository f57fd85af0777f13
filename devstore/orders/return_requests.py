"""Returns: a customer asks to send goods back; the merchant approves, declines, closes, opens again or calls off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from devstore.clock import iso
from devstore.gids import gid
from devstore.orders.documents import get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.standing import refunded_lines
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
    "not-as-described": "Not as described",
    "wrong-item": "Received the wrong item",
    "other": "Other",
}
REASON_NUMBERS: Final = {handle: number for number, handle in enumerate(REASONS, 1)}
LONGEST_NOTE: Final = 300


@dataclass(frozen=True)
class Wish:
    """Units of one line of a parcel that are to come back. `reason`: a key of REASONS."""

    fulfillment_line_id: int
    quantity: int
    reason: str
    note: str = ""


def returnable(order: Doc) -> list[tuple[Doc, Doc, int]]:
    """What can still come back: parcel, its line, and how many units of it."""
    came_back = {
        line["id"]: sum(e["quantity"] for e in refunded_lines(order, line["id"]) if e["restock_type"] == "return")
        for line in order["line_items"]
    }
    found = []
    for parcel in order["fulfillments"]:
        for entry in parcel["line_items"] if parcel["status"] == "success" else ():
            back = min(entry["quantity"], came_back[entry["line_item_id"]])
            came_back[entry["line_item_id"]] -= back
            left = entry["quantity"] - back - _waiting(order, entry["id"])
            if left > 0:
                found.append((parcel, entry, left))
    return found


def open_return(
    store: Store, shop: str, order_id: int, lines: Mapping[int, int], *, reason: str = "unwanted", asked: bool = True
) -> Doc:
    """A customer asks to return units that were sent (by line item); without asking, the merchant opens it at once.

    Raises OrderError for units that were not sent, or that have come back.
    """
    with store.transaction():
        free = returnable(get_order(store, shop, order_id))
        wishes = []
        for line, units in lines.items():
            missing = units
            for _parcel, entry, left in free:
                if entry["line_item_id"] == line and missing:
                    wishes.append(Wish(entry["id"], min(left, missing), reason))
                    missing -= wishes[-1].quantity
            if missing:
                raise OrderError("Only items that were sent can be returned", ["lines", str(line)], "INVALID")
        return request_return(store, shop, order_id, wishes, asked=asked)


def request_return(store: Store, shop: str, order_id: int, wishes: Sequence[Wish], *, asked: bool = True) -> Doc:
    """The same by lines of parcels, as the Admin API names them. Raises OrderError."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        if not wishes:
            raise OrderError("Return at least one item", ["returnLineItems"], "BLANK")
        free = {entry["id"]: (entry, left) for _parcel, entry, left in returnable(order)}
        entries = [_entry(store, free, wish, ["returnLineItems", str(at)]) for at, wish in enumerate(wishes)]
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


def _waiting(order: Doc, fulfillment_line_id: int) -> int:
    return sum(
        entry["quantity"]
        for back in order.get("returns", [])
        if back["status"] in {"REQUESTED", "OPEN"}
        for entry in back["lines"]
        if entry["fulfillment_line_id"] == fulfillment_line_id
    )


def _entry(store: Store, free: dict[int, tuple[Doc, int]], wish: Wish, path: list[str]) -> Doc:
    """The line of a return; its units are taken from those that are free."""
    entry, left = free.get(wish.fulfillment_line_id, (None, 0))
    if entry is None or not 0 < wish.quantity <= left:
        raise OrderError("Return line item has an invalid quantity", [*path, "quantity"], "INVALID")
    if wish.reason not in REASONS:
        raise OrderError("Return reason does not exist", [*path, "returnReasonDefinitionId"], "NOT_FOUND")
    if len(wish.note) > LONGEST_NOTE:
        raise OrderError("Customer note is too long (maximum is 300 characters)", [*path, "customerNote"], "TOO_LONG")
    free[wish.fulfillment_line_id] = (entry, left - wish.quantity)
    return {
        "id": store.next_id(),
        "line_item_id": entry["line_item_id"],
        "fulfillment_line_id": entry["id"],
        "quantity": wish.quantity,
        "reason": wish.reason,
        "note": wish.note,
    }
