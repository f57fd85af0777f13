"""Returns by id."""

from typing import Any

from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, node, query
from devstore.orders.documents import find_order_of, find_part
from devstore.orders.return_requests import REASONS
from devstore.orders.standing import refunded_lines
from devstore.orders.views import line_view, order_view
from devstore.store import Doc


@query("return")
def return_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002 the argument's name is Shopify's
    return return_node(ctx, number_of(id, "Return"))


@node("Return")
def return_node(ctx: Context, number: int) -> Doc | None:
    order = find_order_of(ctx.store, ctx.shop, number)
    back = find_part(order, "returns", number) if order else None
    return _view(order, back) if order and back else None


@field("Return", "returnLineItems")
def return_lines(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["lines"], **page)


def _view(order: Doc, back: Doc) -> Doc:
    reason = back["decline_reason"]
    return {
        "__typename": "Return",
        "id": back["id"],
        "name": back["name"],
        "status": back["status"],
        "createdAt": back["created_at"],
        "closedAt": back["closed_at"],
        "decline": {"reason": reason, "note": None} if reason else None,
        "order": order_view(order),
        "totalQuantity": sum(entry["quantity"] for entry in back["lines"]),
        "lines": [_line(order, entry) for entry in back["lines"]],
    }


def _line(order: Doc, entry: Doc) -> Doc:
    line = next(line for line in order["line_items"] if line["id"] == entry["line_item_id"])
    refunded = sum(one["quantity"] for one in refunded_lines(order, line["id"]) if one["restock_type"] == "return")
    return {
        "__typename": "ReturnLineItem",
        "id": entry["id"],
        "quantity": entry["quantity"],
        "refundedQuantity": min(entry["quantity"], refunded),
        "customerNote": None,
        "returnReasonDefinition": {
            "id": entry["id"],
            "handle": entry["reason"],
            "name": REASONS[entry["reason"]],
            "deleted": False,
        },
        "fulfillmentLineItem": {
            "id": entry["fulfillment_line_id"],
            "quantity": entry["quantity"],
            "lineItem": line_view(order, line),
        },
    }
