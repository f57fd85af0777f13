"""Refunds: suggesting, making and reading them."""

from typing import Any

from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, mutation, node, query
from devstore.graphql.resolvers.orders import refusing, related, shop_amount
from devstore.orders.amounts import text
from devstore.orders.documents import find_order_of, find_part, get_order
from devstore.orders.errors import OrderError
from devstore.orders.part_views import refund_line_view, refund_view
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order, suggest
from devstore.orders.standing import money, refundable
from devstore.orders.views import minor_bag, order_view, transaction_view
from devstore.store import Doc


@query("refund")
def refund_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002 the argument's name is Shopify's
    return refund_node(ctx, number_of(id, "Refund"))


@node("Refund")
def refund_node(ctx: Context, number: int) -> Doc | None:
    order = find_order_of(ctx.store, ctx.shop, number)
    refund = find_part(order, "refunds", number) if order else None
    return refund_view(order, refund) if order and refund else None


@mutation("refundCreate")
def refund_create(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    number = number_of(input["orderId"], "Order")
    with refusing():
        order = get_order(ctx.store, ctx.shop, number)
        _check_currency(order, input.get("currency"))
        request = RefundRequest(
            _lines(input.get("refundLineItems")),
            _shipping(order, input.get("shipping") or {}),
            _amount(order, input.get("transactions") or []),
            note=input.get("note"),
            reason=input.get("discrepancyReason"),
            allow_over_refunding=bool(input.get("allowOverRefunding")),
        )
        refund = refund_order(ctx.store, ctx.shop, number, request)
        order = get_order(ctx.store, ctx.shop, number)
    return {"order": order_view(order), "refund": refund_view(order, refund), "userErrors": []}


def _check_currency(order: Doc, currency: str | None) -> None:
    foreign = order["presentment_currency"] != order["currency"]
    if foreign and currency is None:
        raise OrderError("Currency is required for multi-currency orders", ["currency"], "BLANK")
    if currency is not None and currency != order["presentment_currency"]:
        raise OrderError("Currency must be the order's presentment currency", ["currency"], "INVALID")


def _lines(entries: list[Doc] | None) -> list[LineRefund]:
    return [
        LineRefund(
            number_of(entry["lineItemId"], "LineItem"),
            entry["quantity"],
            (entry.get("restockType") or "NO_RESTOCK").lower(),
            number_of(entry["locationId"], "Location") if entry.get("locationId") else None,
        )
        for entry in entries or []
    ]


def _shipping(order: Doc, given: Doc) -> str | None:
    if given.get("fullRefund"):
        return "full"
    if given.get("amount") is None:
        return None
    whole = sum(money(order, line["price"]) for line in order["shipping_lines"])
    return shop_amount(order, given["amount"], whole, ["shipping", "amount"])


def _amount(order: Doc, transactions: list[Doc]) -> str:
    """The money to return in shop currency: what the refund transactions add up to, nothing without any."""
    for at, entry in enumerate(transactions):
        path = ["transactions", str(at)]
        if entry["kind"] != "REFUND":
            raise OrderError("Kind must be refund", [*path, "kind"], "INVALID")
        parent = entry.get("parentId")
        payment = find_part(order, "transactions", number_of(parent, "OrderTransaction")) if parent else None
        if parent and (payment is None or payment["kind"] not in ("sale", "capture")):
            raise OrderError("Parent is not a payment of this order", [*path, "parentId"], "INVALID")
    left = refundable(order)
    amounts = [
        money(order, shop_amount(order, entry["amount"], left, ["transactions", str(at), "amount"]))
        for at, entry in enumerate(transactions)
    ]
    return text(sum(amounts), order["currency"])


@field("Order", "suggestedRefund")
def suggested_refund(
    _: Context,
    parent: Doc,
    refund_line_items: list[Doc] | None = None,
    refund_shipping: bool | None = None,  # noqa: FBT001
    shipping_amount: str | None = None,
    suggest_full_refund: bool = False,  # noqa: FBT001, FBT002
) -> Doc | None:
    order = parent["order"]
    lines = _lines(refund_line_items)
    if suggest_full_refund:
        left = [line for line in order["line_items"] if line["current_quantity"]]
        lines = [LineRefund(line["id"], line["current_quantity"]) for line in left]
    shipping = "full" if refund_shipping or suggest_full_refund else shipping_amount
    with refusing():
        plan = suggest(order, lines, shipping)
    subtotal = sum(money(order, entry["subtotal"]) for entry in plan.lines)
    shipping_net = sum(money(order, entry["subtotal_amount"]) for entry in plan.shipping)
    shipping_tax = sum(money(order, entry["tax_amount"]) for entry in plan.shipping)
    tax = sum(money(order, entry["total_tax"]) for entry in plan.lines) + shipping_tax
    most = minor_bag(order, refundable(order))
    rest = suggest(order, (), "full").shipping
    return {
        "amountSet": minor_bag(order, plan.money_back),
        "subtotalSet": minor_bag(order, subtotal),
        "totalTaxSet": minor_bag(order, tax),
        "maximumRefundableSet": most,
        "refundLineItems": [refund_line_view(order, entry) for entry in plan.lines],
        "shipping": {
            "amountSet": minor_bag(order, shipping_net),
            "taxSet": minor_bag(order, shipping_tax),
            "maximumRefundableSet": minor_bag(order, sum(money(order, e["subtotal_amount"]) for e in rest)),
        },
        "suggestedTransactions": _suggested_transactions(order, plan.money_back),
    }


def _suggested_transactions(order: Doc, amount: int) -> list[Doc]:
    payments = [entry for entry in order["transactions"] if entry["kind"] in ("sale", "capture")]
    return [
        {
            "amountSet": minor_bag(order, amount),
            "gateway": payment["gateway"],
            "kind": "SUGGESTED_REFUND",
            "parentTransaction": transaction_view(order, payment),
            "maximumRefundableSet": minor_bag(order, refundable(order)),
        }
        for payment in payments[:1]
        if amount
    ]


@field("Refund", "order")
def refund_order_field(_: Context, parent: Doc) -> Doc:
    return order_view(parent["order"])


@field("Refund", "refundLineItems")
def refund_line_items(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["lines"], **page)


@field("Refund", "refundShippingLines")
def refund_shipping_lines(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["shipping"], **page)


@field("Refund", "orderAdjustments")
def order_adjustments(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["adjustments"], **page)


@field("Refund", "transactions")
def refund_transactions(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["sent"], **page)


@field("RefundLineItem", "location")
def refund_location(ctx: Context, parent: Doc) -> Doc | None:
    return related(ctx, "Location", parent["location_id"])
