"""Asking Shopify what edits added to an order: told by orders/edited, which may be lost, and knows of no discounts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from app import clock
from app.models.orders import Order
from app.money import parse_minor
from app.shopify import payloads_orders as payloads
from app.shopify.paging import read_whole
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of


def are_due(order: Order, node: Mapping[str, Any]) -> bool:
    """Whether they matter, and what it says was never compared with Shopify's list of its edits."""
    if order.financial_status in payloads.UNPAID:
        return False
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
    """`app_additions` of payloads_orders.Order. Raises ShopifyError.

    An agreement is what was ordered at one time. Of one with more than 150 sales the rest counts as ordered at first.
    """
    order = read_whole(shop, "orderAdditions", {"id": order_gid}, "agreements")
    later = [one for one in order["agreements"]["nodes"] if one["reason"] != "ORDER"] if order else []
    sales = [(one["happenedAt"], one["sales"]["nodes"]) for one in later]
    included = bool(order and order["taxesIncluded"])
    added = [{"at": at, "units": _count(some), "off": _take_off(some, included=included)} for at, some in sales]
    return [one for one in added if one["units"] or one["off"]]


def _count(sales: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    units: Counter[str] = Counter()
    for sale in sales:
        if sale["actionType"] == "ORDER":
            if line := sale.get("lineItem"):
                units[f"line:{number_of(line['id'])}"] += sale["quantity"] or 0
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
