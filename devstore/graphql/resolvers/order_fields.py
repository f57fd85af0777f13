"""The fields of orders and their lines that hold lists or other objects."""

from typing import Any

from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, node
from devstore.graphql.resolvers.orders import related
from devstore.orders.agreement_views import agreement_views
from devstore.orders.documents import find_part
from devstore.orders.part_views import fulfillment_order_view, fulfillment_view, refund_view
from devstore.orders.payloads import summed_taxes
from devstore.orders.standing import money
from devstore.orders.views import (
    application_view,
    line_view,
    minor_bag,
    shipping_line_view,
    tax_views,
    transaction_view,
)
from devstore.store import Doc


@node("LineItem")
def line_node(ctx: Context, number: int) -> Doc | None:
    found = ((order, find_part(order, "line_items", number)) for order in ctx.store.all(ctx.shop, "order"))
    return next((line_view(order, line) for order, line in found if line), None)


@field("Order", "lineItems")
def line_items(_: Context, parent: Doc, **page: Any) -> Doc:
    order = parent["order"]
    return paginate([line_view(order, line) for line in order["line_items"]], **page)


@field("Order", "shippingLines")
def shipping_lines(_: Context, parent: Doc, **page: Any) -> Doc:
    order = parent["order"]
    return paginate([shipping_line_view(order, line) for line in order["shipping_lines"]], **page)


@field("Order", "shippingLine")
def shipping_line(_: Context, parent: Doc) -> Doc | None:
    order = parent["order"]
    return shipping_line_view(order, order["shipping_lines"][0]) if order["shipping_lines"] else None


@field("Order", "discountApplications")
def discount_applications(_: Context, parent: Doc, **page: Any) -> Doc:
    order = parent["order"]
    return paginate([application_view(order, at) for at in range(len(order["discount_applications"]))], **page)


@field("Order", "taxLines")
def order_tax_lines(_: Context, parent: Doc) -> list[Doc]:
    return tax_views(parent["order"], summed_taxes(parent["order"]))


@field("Order", "transactions")
def transactions(_: Context, parent: Doc, first: int | None = None, capturable: bool | None = None) -> list[Doc]:  # noqa: FBT001
    order = parent["order"]
    found = order["transactions"]
    if capturable is not None:
        found = [entry for entry in found if (entry["kind"] == "authorization" and parent["capturable"]) == capturable]
    return [transaction_view(order, entry) for entry in found[:first]]


@field("Order", "refunds")
def refunds(_: Context, parent: Doc, first: int | None = None) -> list[Doc]:
    order = parent["order"]
    return [refund_view(order, refund) for refund in order["refunds"][:first]]


@field("Order", "fulfillments")
def fulfillments(_: Context, parent: Doc, first: int | None = None) -> list[Doc]:
    order = parent["order"]
    return [fulfillment_view(order, part) for part in order["fulfillments"][:first]]


@field("Order", "fulfillmentOrders")
def fulfillment_orders(_: Context, parent: Doc, **page: Any) -> Doc:
    order = parent["order"]
    return paginate([fulfillment_order_view(order, part) for part in order["fulfillment_orders"]], **page)


@field("Order", "agreements")
def agreements(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(agreement_views(parent["order"]), **page)


@field("OrderAgreement", "sales")
@field("OrderEditAgreement", "sales")
def sales(_: Context, parent: Doc, **page: Any) -> Doc:
    return paginate(parent["parts"], **page)


@field("LineItem", "taxLines")
def line_tax_lines(_: Context, parent: Doc, first: int | None = None) -> list[Doc]:
    lines: list[Doc] = parent["lineTaxes"]
    return lines[:first]


@field("LineItem", "discountedTotalSet")
def discounted_total(_: Context, parent: Doc, with_code_discounts: bool = False) -> Doc:  # noqa: FBT001, FBT002
    """Without order-level discounts, as at Shopify: a code for certain products counts, and only when asked for."""
    order, line = parent["order"], parent["line"]
    shares = line["discount_allocations"] if with_code_discounts else []
    own = [
        share
        for share in shares
        if order["discount_applications"][share["discount_application_index"]]["target_selection"] == "entitled"
    ]
    gross = money(order, line["price"]) * line["quantity"]
    return minor_bag(order, gross - sum(money(order, share["amount"]) for share in own))


@field("LineItem", "product")
def line_product(ctx: Context, parent: Doc) -> Doc | None:
    return related(ctx, "Product", parent["line"]["product_id"])


@field("LineItem", "variant")
def line_variant(ctx: Context, parent: Doc) -> Doc | None:
    return related(ctx, "ProductVariant", parent["line"]["variant_id"])


@field("MailingAddress", "formatted")
def formatted(_: Context, parent: Doc, with_name: bool = False, with_company: bool = True) -> list[str]:  # noqa: FBT001, FBT002
    first = [parent["name"] if with_name else None, parent["company"] if with_company else None]
    return [line for line in [*first, *parent["lines"]] if line]
