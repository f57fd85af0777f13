"""Customers, as the storefront's accounts and checkouts made them."""

from typing import Any

from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, field, node, query
from devstore.orders.amounts import text
from devstore.orders.standing import money, paid_in
from devstore.orders.views import address_view, order_view
from devstore.search import matches
from devstore.store import Doc


@query("customer")
def customer_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002 the argument's name is Shopify's
    return customer_node(ctx, number_of(id, "Customer"))


@node("Customer")
def customer_node(ctx: Context, number: int) -> Doc | None:
    found = ctx.store.get(ctx.shop, "customer", number)
    return _view(ctx, found) if found else None


@query("customers")
def customers(ctx: Context, query: str | None = None, **page: Any) -> Doc:
    found = [entry for entry in ctx.store.all(ctx.shop, "customer") if _matches(entry, query)]
    return paginate([_view(ctx, entry) for entry in found], **page)


def _matches(customer: Doc, text: str | None) -> bool:
    names = [customer.get("first_name"), customer.get("last_name")]
    keyed = {"id": "id", "email": "email", "first_name": "first_name", "last_name": "last_name"}
    keyed |= {"updated_at": "updated_at", "created_at": "created_at", "phone": "phone"}

    def values(key: str | None) -> list[Any]:
        if key is None:
            return [customer["email"], " ".join(filter(None, names))]
        return customer.get("tags", []) if key == "tag" else [customer.get(keyed.get(key, ""))]

    return matches(text, values)


def _view(ctx: Context, customer: Doc) -> Doc:
    orders = ctx.store.select(ctx.shop, "order", customer_id=customer["id"])
    spent = sum(money(order, order["current_total_price"]) for order in orders if paid_in(order))
    currency = ctx.shop_doc["currency"]
    name = " ".join(filter(None, [customer.get("first_name"), customer.get("last_name")]))
    addresses = customer.get("addresses", [])
    return {
        "__typename": "Customer",
        "id": customer["id"],
        "displayName": name or customer["email"],
        "firstName": customer.get("first_name"),
        "lastName": customer.get("last_name"),
        "email": customer["email"],
        "phone": customer.get("phone"),
        "defaultEmailAddress": {"emailAddress": customer["email"], "validFormat": True},
        "defaultAddress": address_view(customer, addresses[0]) if addresses else None,
        "note": customer.get("note"),
        "tags": customer.get("tags", []),
        "state": "ENABLED" if customer.get("password_hash") else "DISABLED",
        "verifiedEmail": True,
        "metafields": customer.get("metafields", []),
        "locale": "en",
        "createdAt": customer.get("created_at"),
        "updatedAt": customer.get("updated_at"),
        "numberOfOrders": str(len(orders)),
        "amountSpent": {"amount": text(spent, currency), "currencyCode": currency},
    }


@field("Customer", "orders")
def customer_orders(ctx: Context, parent: Doc, **page: Any) -> Doc:
    page.pop("sort_key", None)
    found = ctx.store.select(ctx.shop, "order", customer_id=parent["id"])
    return paginate([order_view(order) for order in found], **page)
