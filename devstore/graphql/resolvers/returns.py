"""Returns: what can come back, asking for it, and reading it."""

from typing import Any

from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, mutation, node, query
from devstore.graphql.resolvers.orders import refusing
from devstore.orders.documents import find_order_of, find_part, get_order
from devstore.orders.part_views import fulfillment_view
from devstore.orders.return_requests import REASON_NUMBERS, REASONS, Wish, request_return, returnable
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


@field("Order", "returns")
def returns_of_order(_: Context, parent: Doc, **page: Any) -> Doc:
    order = parent["order"]
    return paginate([_view(order, back) for back in order.get("returns", [])], **page)


@field("Return", "returnLineItems")
def return_lines(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["lines"], **page)


@query("returnableFulfillments")
def returnable_fulfillments(ctx: Context, order_id: str, **page: Any) -> Doc:
    order = ctx.store.get(ctx.shop, "order", number_of(order_id, "Order"))
    if order is None:
        return paginate([], **page)
    parcels: dict[int, Doc] = {}
    for parcel, entry, left in returnable(order):
        view = {"__typename": "ReturnableFulfillment", "id": parcel["id"], "lines": []}
        found = parcels.setdefault(parcel["id"], {**view, "fulfillment": fulfillment_view(order, parcel)})
        sent = next(line for line in found["fulfillment"]["lines"] if line["id"] == entry["id"])
        found["lines"].append({"fulfillmentLineItem": sent, "quantity": left})
    return paginate(list(parcels.values()), **page)


@field("ReturnableFulfillment", "returnableFulfillmentLineItems")
def returnable_lines(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["lines"], **page)


@field("LineItem", "suggestedReturnReasonDefinitions")
def suggested_reasons(_: Context, parent: Doc, **page: Any) -> Doc:
    """Shopify chooses them by the product's category; here all goods have the same."""
    del parent
    return paginate([_reason(handle) for handle in REASONS], **page)


@mutation("returnRequest")
def return_request(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    number = number_of(input["orderId"], "Order")
    with refusing():
        back = request_return(ctx.store, ctx.shop, number, [_wish(entry) for entry in input["returnLineItems"]])
    return {"return": _view(get_order(ctx.store, ctx.shop, number), back), "userErrors": []}


def _wish(entry: Doc) -> Wish:
    handles = {number: handle for handle, number in REASON_NUMBERS.items()}
    reason = entry.get("returnReasonDefinitionId")
    return Wish(
        number_of(entry["fulfillmentLineItemId"], "FulfillmentLineItem"),
        entry["quantity"],
        handles.get(number_of(reason, "ReturnReasonDefinition"), "") if reason else "other",
        entry.get("customerNote") or "",
    )


def _reason(handle: str) -> Doc:
    return {"id": REASON_NUMBERS[handle], "handle": handle, "name": REASONS[handle], "deleted": False}


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
        "customerNote": entry.get("note") or None,
        "returnReasonDefinition": _reason(entry["reason"]),
        "fulfillmentLineItem": {
            "id": entry["fulfillment_line_id"],
            "quantity": entry["quantity"],
            "lineItem": line_view(order, line),
        },
    }
