"""Orders: reading them, and the mutations that pay, change and cancel them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from devstore.clock import parse_iso
from devstore.gids import gid, number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import NODES, Context, RefusedError, field, mutation, node, query
from devstore.orders import announce
from devstore.orders.cancel import cancel_order
from devstore.orders.documents import find_part, get_order, save
from devstore.orders.drafting import full_address
from devstore.orders.errors import OrderError
from devstore.orders.payload_parts import in_shop_currency
from devstore.orders.payments import capture, mark_as_paid
from devstore.orders.standing import authorized, money
from devstore.orders.views import order_view, transaction_view
from devstore.search import matches
from devstore.store import Doc

_RECENT = timedelta(days=60)
_SORTS: dict[str, Callable[[Doc], Any]] = {
    "CREATED_AT": lambda order: order["created_at"],
    "CURRENT_TOTAL_PRICE": lambda order: Decimal(order["current_total_price"]),
    "CUSTOMER_NAME": lambda order: (order["billing_address"] or {}).get("last_name") or "",
    "DESTINATION": lambda order: (order["shipping_address"] or {}).get("country") or "",
    "FINANCIAL_STATUS": lambda order: order["financial_status"],
    "FULFILLMENT_STATUS": lambda order: order["fulfillment_status"] or "",
    "ORDER_NUMBER": lambda order: order["order_number"],
    "PO_NUMBER": lambda order: order.get("po_number") or "",
    "PROCESSED_AT": lambda order: order["processed_at"],
    "TOTAL_ITEMS_QUANTITY": lambda order: sum(line["quantity"] for line in order["line_items"]),
    "TOTAL_PRICE": lambda order: Decimal(order["total_price"]),
    "UPDATED_AT": lambda order: order["updated_at"],
}


@contextmanager
def refusing() -> Iterator[None]:
    """A refusal of the order's own code becomes the mutation's `userErrors`, and nothing is written."""
    try:
        yield
    except OrderError as error:
        raise RefusedError(error.field, error.message, error.code) from error


def find_visible(ctx: Context, number: int) -> Doc | None:
    """The order, unless it is older than the 60 days an app sees without `read_all_orders`."""
    order = ctx.store.get(ctx.shop, "order", number)
    return order if order and _is_visible(ctx, order) else None


def _is_visible(ctx: Context, order: Doc) -> bool:
    if "read_all_orders" in ctx.installation["scopes"]:
        return True
    return ctx.now() - parse_iso(order["created_at"]) <= _RECENT


def _lookup(order: Doc) -> Callable[[str | None], list[Any]]:
    fulfillment = order["fulfillment_status"]
    values: dict[str | None, list[Any]] = {
        None: [order["name"], order["email"], *[line["title"] for line in order["line_items"]]],
        "id": [order["id"]],
        "name": [order["name"], order["name"].lstrip("#")],
        "confirmation_number": [order["confirmation_number"]],
        "created_at": [order["created_at"]],
        "updated_at": [order["updated_at"]],
        "processed_at": [order["processed_at"]],
        "email": [order["email"]],
        "customer_id": [order["customer_id"]],
        "financial_status": [order["financial_status"]],
        "fulfillment_status": [{None: "unshipped", "fulfilled": "shipped"}.get(fulfillment, fulfillment), fulfillment],
        "status": ["cancelled" if order["cancelled_at"] else "closed" if order["closed_at"] else "open"],
        "test": [str(order["test"]).lower()],
        "tag": order["tags"],
        "sku": [line["sku"] for line in order["line_items"]],
        "discount_code": [entry["code"] for entry in order["discount_codes"]],
        "gateway": order["payment_gateway_names"],
    }
    return lambda key: values.get(key, [])


def _search(ctx: Context, text: str | None) -> list[Doc]:
    orders = (order for order in ctx.store.all(ctx.shop, "order") if _is_visible(ctx, order))
    return [order for order in orders if matches(text, _lookup(order))]


@query("order")
def order_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002 the argument's name is Shopify's
    return order_node(ctx, number_of(id, "Order"))


@node("Order")
def order_node(ctx: Context, number: int) -> Doc | None:
    order = find_visible(ctx, number)
    return order_view(order) if order else None


@query("orders")
def orders(ctx: Context, query: str | None = None, sort_key: str = "PROCESSED_AT", **page: Any) -> Doc:
    found = sorted(_search(ctx, query), key=lambda order: order["id"])
    if sort_key in _SORTS:
        found.sort(key=_SORTS[sort_key])
    return paginate([order_view(order) for order in found], **page)


@query("ordersCount")
def orders_count(ctx: Context, query: str | None = None) -> Doc:
    return {"count": len(_search(ctx, query)), "precision": "EXACT"}


@mutation("orderUpdate")
def order_update(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    with refusing():
        order = get_order(ctx.store, ctx.shop, number_of(input["id"], "Order"))
    for name, key in (("note", "note"), ("email", "email"), ("phone", "phone"), ("poNumber", "po_number")):
        if name in input:
            order[key] = input[name]
    if "tags" in input:
        order["tags"] = sorted({tag.strip() for tag in input["tags"] or [] if tag.strip()})
    if "customAttributes" in input:
        order["note_attributes"] = [
            {"name": entry["key"], "value": entry["value"]} for entry in input["customAttributes"] or []
        ]
    if input.get("shippingAddress"):
        order["shipping_address"] = _changed_address(order, input["shippingAddress"])
    save(ctx.store, ctx.shop, order, "The order was edited.")
    announce.order_event(ctx.store, ctx.shop, order, "orders/updated")
    return {"order": order_view(order), "userErrors": []}


def _changed_address(order: Doc, given: Doc) -> Doc | None:
    names = {
        "firstName": "first_name",
        "lastName": "last_name",
        "countryCode": "country_code",
        "provinceCode": "province_code",
    }
    return full_address({**(order["shipping_address"] or {}), **{names.get(key, key): given[key] for key in given}})


@mutation("orderMarkAsPaid")
def order_mark_as_paid(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    number = number_of(input["id"], "Order")
    with refusing():
        mark_as_paid(ctx.store, ctx.shop, number)
        return {"order": order_view(get_order(ctx.store, ctx.shop, number)), "userErrors": []}


@mutation("orderCapture")
def order_capture(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    number = number_of(input["id"], "Order")
    with refusing():
        order = get_order(ctx.store, ctx.shop, number)
        parent = find_part(order, "transactions", number_of(input["parentTransactionId"], "OrderTransaction"))
        if parent is None or parent["kind"] != "authorization":
            raise OrderError("Transaction is not an authorization of this order", ["parentTransactionId"], "INVALID")
        left = min(authorized(order), money(order, order["total_outstanding"]))
        amount = shop_amount(order, input["amount"], left, ["amount"])
        entry = capture(ctx.store, ctx.shop, number, amount)
    order = get_order(ctx.store, ctx.shop, number)
    return {"transaction": transaction_view(order, entry), "userErrors": []}


def shop_amount(order: Doc, amount: str, whole: int, path: list[str]) -> str:
    """An amount given in the buyer's currency, in shop currency. Raises OrderError."""
    try:
        return in_shop_currency(order, amount, whole)
    except ValueError as error:
        raise OrderError(str(error), path, "INVALID") from error


@mutation("orderCancel")
def order_cancel(
    ctx: Context,
    order_id: str,
    reason: str,
    restock: bool,  # noqa: FBT001 Shopify's argument
    refund_method: Doc | None = None,
    staff_note: str | None = None,
    **_: Any,
) -> Doc:
    refund = bool((refund_method or {}).get("originalPaymentMethodsRefund"))
    try:
        cancel_order(
            ctx.store,
            ctx.shop,
            number_of(order_id, "Order"),
            reason=reason.lower(),
            restock=restock,
            refund=refund,
            staff_note=staff_note,
        )
    except OrderError as error:
        refused = {"field": error.field, "message": error.message, "code": error.code}
        return {"job": None, "orderCancelUserErrors": [refused], "userErrors": [refused]}
    job = {"__typename": "Job", "id": gid("Job", ctx.store.next_id()), "done": True}
    return {"job": job, "orderCancelUserErrors": [], "userErrors": []}


def related(ctx: Context, kind: str, number: int | None) -> Doc | None:
    """Another object of the store as its own resolvers show it; None when it is gone."""
    finder = NODES.get(kind)
    return finder(ctx, number) if finder and number is not None else None


@field("Order", "customer")
def order_customer(ctx: Context, parent: Doc) -> Doc | None:
    return related(ctx, "Customer", parent["order"]["customer_id"])
