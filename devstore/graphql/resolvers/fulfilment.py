"""Fulfilment orders, fulfilments, tracking and the carrier's reports."""

from typing import Any

from devstore.gids import gid, number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, mutation, node, query
from devstore.graphql.resolvers.orders import refusing, related
from devstore.orders.documents import find_order_of, find_part, list_orders
from devstore.orders.fulfilment import Parcel, fulfil
from devstore.orders.part_views import event_view, fulfillment_order_view, fulfillment_view
from devstore.orders.shipments import add_event, cancel_fulfillment, update_tracking
from devstore.orders.tracking import Tracking
from devstore.orders.views import order_view
from devstore.search import matches
from devstore.store import Doc


@query("fulfillmentOrder")
def fulfillment_order_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002 the argument's name is Shopify's
    return fulfillment_order_node(ctx, number_of(id, "FulfillmentOrder"))


@node("FulfillmentOrder")
def fulfillment_order_node(ctx: Context, number: int) -> Doc | None:
    order = find_order_of(ctx.store, ctx.shop, number)
    part = find_part(order, "fulfillment_orders", number) if order else None
    return fulfillment_order_view(order, part) if order and part else None


@query("fulfillmentOrders")
def all_fulfillment_orders(
    ctx: Context,
    query: str | None = None,
    include_closed: bool = False,  # noqa: FBT001, FBT002
    **page: Any,
) -> Doc:
    found = [
        fulfillment_order_view(order, part)
        for order in reversed(list_orders(ctx.store, ctx.shop))
        for part in order["fulfillment_orders"]
        if include_closed or part["status"] in ("open", "in_progress")
    ]
    return paginate([view for view in found if matches(query, lambda key, view=view: _values(view, key))], **page)  # type: ignore[misc]


def _values(view: Doc, key: str | None) -> list[Any]:
    known = {
        "id": view["id"],
        "status": view["status"],
        "request_status": view["requestStatus"],
        "updated_at": view["updatedAt"],
        "assigned_location_id": view["location_id"],
        "order_id": view["order"]["id"],
    }
    return [known[key]] if key in known else []


@query("fulfillment")
def fulfillment_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return fulfillment_node(ctx, number_of(id, "Fulfillment"))


@node("Fulfillment")
def fulfillment_node(ctx: Context, number: int) -> Doc | None:
    order = find_order_of(ctx.store, ctx.shop, number)
    part = find_part(order, "fulfillments", number) if order else None
    return fulfillment_view(order, part) if order and part else None


@mutation("fulfillmentCreate")
def fulfillment_create(ctx: Context, fulfillment: Doc) -> Doc:
    parcels = [_parcel(entry) for entry in fulfillment["lineItemsByFulfillmentOrder"]]
    with refusing():
        made = fulfil(ctx.store, ctx.shop, parcels, _tracking(fulfillment.get("trackingInfo")))
    return _answer(ctx, made["id"])


def _parcel(entry: Doc) -> Parcel:
    units = entry.get("fulfillmentOrderLineItems")
    quantities = {number_of(unit["id"], "FulfillmentOrderLineItem"): unit["quantity"] for unit in units or []}
    return Parcel(number_of(entry["fulfillmentOrderId"], "FulfillmentOrder"), quantities if units else None)


def _tracking(given: Doc | None) -> Tracking:
    given = given or {}
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    return Tracking(given.get("company"), tuple(numbers), tuple(urls))


def _answer(ctx: Context, number: int) -> Doc:
    return {"fulfillment": fulfillment_node(ctx, number), "userErrors": []}


@mutation("fulfillmentTrackingInfoUpdate")
def fulfillment_tracking_info_update(ctx: Context, fulfillment_id: str, tracking_info_input: Doc, **_: Any) -> Doc:
    number = number_of(fulfillment_id, "Fulfillment")
    with refusing():
        update_tracking(ctx.store, ctx.shop, number, _tracking(tracking_info_input))
    return _answer(ctx, number)


@mutation("fulfillmentCancel")
def fulfillment_cancel(ctx: Context, id: str) -> Doc:  # noqa: A002
    number = number_of(id, "Fulfillment")
    with refusing():
        cancel_fulfillment(ctx.store, ctx.shop, number)
    return _answer(ctx, number)


@mutation("fulfillmentEventCreate")
def fulfillment_event_create(ctx: Context, fulfillment_event: Doc) -> Doc:
    number = number_of(fulfillment_event["fulfillmentId"], "Fulfillment")
    places = ("address1", "city", "province", "country", "zip")
    with refusing():
        event = add_event(
            ctx.store,
            ctx.shop,
            number,
            fulfillment_event["status"].lower(),
            message=fulfillment_event.get("message"),
            happened_at=fulfillment_event.get("happenedAt"),
            place={
                "estimated_delivery_at": fulfillment_event.get("estimatedDeliveryAt"),
                **{key: fulfillment_event.get(key) for key in places},
            },
        )
    return {"fulfillmentEvent": event_view(event), "userErrors": []}


@field("Fulfillment", "order")
@field("FulfillmentOrder", "order")
def order_of_part(_: Context, parent: Doc) -> Doc:
    return order_view(parent["order"])


@field("FulfillmentOrder", "orderId")
def order_id_of_part(_: Context, parent: Doc) -> str:
    return gid("Order", parent["order"]["id"])


@field("Fulfillment", "trackingInfo")
def tracking_info(_: Context, parent: Doc, first: int | None = None) -> list[Doc]:
    found: list[Doc] = parent["tracking"]
    return found[:first]


@field("Fulfillment", "fulfillmentLineItems")
@field("FulfillmentOrder", "lineItems")
def part_lines(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["lines"], **page)


@field("Fulfillment", "events")
def fulfillment_events(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["reports"], **page)


@field("Fulfillment", "location")
def fulfillment_location(ctx: Context, parent: Doc) -> Doc | None:
    return related(ctx, "Location", parent["location_id"])


@field("FulfillmentOrder", "assignedLocation")
def assigned_location(ctx: Context, parent: Doc) -> Doc:
    place = ctx.store.get(ctx.shop, "location", parent["location_id"]) or {}
    address = place.get("address") or {}
    return {
        "name": place.get("name", ""),
        "location": related(ctx, "Location", parent["location_id"]),
        "countryCode": address.get("country_code", "ZZ"),
        **{key: address.get(key) for key in ("address1", "address2", "city", "phone", "province", "zip")},
    }


@field("FulfillmentOrder", "fulfillments")
def fulfillments_of_part(_: Context, parent: Doc, **page: Any) -> Doc:
    order, number = parent["order"], parent["part"]["id"]
    made = [
        fulfillment_view(order, entry)
        for entry in order["fulfillments"]
        if any(line["fulfillment_order_id"] == number for line in entry["line_items"])
    ]
    return paginate(made, **page)


@field("FulfillmentOrderLineItem", "variant")
def part_variant(ctx: Context, parent: Doc) -> Doc | None:
    return related(ctx, "ProductVariant", parent["lineItem"]["line"]["variant_id"])
