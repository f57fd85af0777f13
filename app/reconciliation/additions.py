"""Asking Shopify what edits did to an order: orders/edited tells, but may be lost, and knows of no discounts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from app import clock
from app.models.orders import Order
from app.money import parse_minor
from app.shopify import payloads_orders as payloads
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of


def are_due(order: Order, node: Mapping[str, Any]) -> bool:
    """Whether they matter, and what it says was never compared with Shopify's list of its edits."""
    since, until = order.snapshot_updated_at, order.additions.get("until")
    if (until and datetime.fromisoformat(until) > since) or clock.now() < since + payloads.READ_AFTER:
        return False
    return matter(order.snapshot, node)


def matter(body: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Edits decide who shares shipping, and what a part payment was for. `node`: the order as Shopify lists it.

    A list that was begun before an upgrade does not say whether there were any.
    """
    return bool(node.get("edited")) or msgspec.convert(body, payloads.Order).is_partly_paid


def read(shop: ShopCredentials, order_gid: str) -> list[dict[str, Any]]:
    """`app_additions` of payloads_orders.Order. Raises ShopifyError."""
    changes = [
        {
            "at": one["happenedAt"],
            "units": _count(one["sales"]),
            # What a customer sends back has been sent, and an exchange for it is another parcel.
            "removed": _count(one["sales"], "RETURN") if one["reason"] == "ORDER_EDIT" else {},
            "off": _take_off(one["sales"], included=one["taxesIncluded"]),
        }
        for one in _list_agreements(shop, order_gid)
        if one["reason"] != "ORDER"
    ]
    return [one for one in changes if one["units"] or one["removed"] or one["off"]]


def _list_agreements(shop: ShopCredentials, order_gid: str) -> Iterator[dict[str, Any]]:
    """What was agreed at one time, each: one by one, because a query may ask for so many sales only."""
    after: str | None = None
    while order := graphql(shop, "orderAdditions", {"id": order_gid, "after": after, "afterSale": None}):
        for one in order["agreements"]["nodes"]:
            sales = _list_sales(shop, order_gid, after, one["sales"])
            yield {**one, "sales": sales, "taxesIncluded": order["taxesIncluded"]}
        page = order["agreements"]["pageInfo"]
        if not page["hasNextPage"]:
            return
        after = page["endCursor"]


def _list_sales(
    shop: ShopCredentials, order_gid: str, after: str | None, page: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Of the agreement that follows `after`: the page that came with it, and the others."""
    sales = [*page["nodes"]]
    while page["pageInfo"]["hasNextPage"]:
        asked = {"id": order_gid, "after": after, "afterSale": page["pageInfo"]["endCursor"]}
        order = graphql(shop, "orderAdditions", asked)
        if not order:
            break
        page = order["agreements"]["nodes"][0]["sales"]
        sales += page["nodes"]
    return sales


def _count(sales: Iterable[Mapping[str, Any]], action: str = "ORDER") -> dict[str, int]:
    units: Counter[str] = Counter()
    for sale in sales:
        if sale["actionType"] == action:
            if line := sale.get("lineItem"):
                units[f"line:{number_of(line['id'])}"] += abs(sale["quantity"] or 0)
            if shipping := sale.get("shippingLine"):  # comes once, and may come without a quantity
                units[f"shipping:{number_of(shipping['id'])}"] = 1
    return dict(+units)


def _take_off(sales: Iterable[Mapping[str, Any]], *, included: bool) -> dict[str, int]:
    """By how much lines became cheaper, before taxes unless prices include them."""
    off: dict[str, int] = {}
    for sale in sales:
        if sale["actionType"] == "UPDATE" and (line := sale.get("lineItem")):
            name = f"line:{number_of(line['id'])}"
            change = _minor(sale["totalAmount"]) - (0 if included else _minor(sale["totalTaxAmount"]))
            off[name] = off.get(name, 0) - change
    return {name: amount for name, amount in off.items() if amount}


def _minor(amount: Mapping[str, Any]) -> int:
    return parse_minor(amount["shopMoney"]["amount"], amount["shopMoney"]["currencyCode"])
