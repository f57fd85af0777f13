"""The pieces that webhook payloads of orders, refunds and fulfilments share."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from devstore.clock import parse_iso
from devstore.gids import gid
from devstore.orders.amounts import convert, minor, text
from devstore.orders.standing import line_discount
from devstore.store import Doc

APP_ID = 580111  # Shopify's own number of the Online Store as the source of an order


def stamp(order: Doc, moment: str | None) -> str | None:
    """A time as webhooks write it: in the shop's own time zone, with its offset."""
    return None if moment is None else local(order["timezone"], parse_iso(moment)).isoformat(timespec="seconds")


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(zone: str, moment: datetime) -> datetime:
    return moment.astimezone(_zone(zone))


def in_presentment(order: Doc, amount: str) -> str:
    """An amount of shop currency in the buyer's currency, at the order's rate."""
    shop, buyer = order["currency"], order["presentment_currency"]
    if shop == buyer:
        return amount
    return text(convert(minor(amount, shop), Decimal(order["presentment_rate"]), shop, buyer), buyer)


def money_set(order: Doc, amount: str) -> Doc:
    return {
        "shop_money": {"amount": amount, "currency_code": order["currency"]},
        "presentment_money": {
            "amount": in_presentment(order, amount),
            "currency_code": order["presentment_currency"],
        },
    }


def zero(order: Doc) -> str:
    return text(0, order["currency"])


def tax_lines(order: Doc, lines: list[Doc]) -> list[Doc]:
    return [
        {
            "channel_liable": False,
            "price": line["price"],
            "price_set": money_set(order, line["price"]),
            "rate": float(line["rate"]),
            "title": line["title"],
        }
        for line in lines
    ]


def discount_allocations(order: Doc, shares: list[Doc]) -> list[Doc]:
    return [
        {
            "amount": share["amount"],
            "amount_set": money_set(order, share["amount"]),
            "discount_application_index": share["discount_application_index"],
        }
        for share in shares
    ]


def line_item(order: Doc, line: Doc) -> Doc:
    """One line item. ``total_discount`` speaks of discounts on the line alone, which codes never are."""
    nothing = zero(order)
    return {
        "id": line["id"],
        "admin_graphql_api_id": gid("LineItem", line["id"]),
        "attributed_staffs": [],
        "current_quantity": line["current_quantity"],
        "fulfillable_quantity": line["fulfillable_quantity"],
        "fulfillment_service": "manual",
        "fulfillment_status": line["fulfillment_status"],
        "gift_card": line["gift_card"],
        "grams": line["grams"],
        "name": line["name"],
        "price": line["price"],
        "price_set": money_set(order, line["price"]),
        "product_exists": True,
        "product_id": line["product_id"],
        "properties": line["properties"],
        "quantity": line["quantity"],
        "requires_shipping": line["requires_shipping"],
        "sales_line_item_group_id": None,
        "sku": line["sku"],
        "taxable": line["taxable"],
        "title": line["title"],
        "total_discount": nothing,
        "total_discount_set": money_set(order, nothing),
        "variant_id": line["variant_id"],
        "variant_inventory_management": "shopify" if line["tracked"] else None,
        "variant_title": line["variant_title"],
        "vendor": line["vendor"],
        "tax_lines": tax_lines(order, line["tax_lines"]),
        "duties": [],
        "discount_allocations": discount_allocations(order, line["discount_allocations"]),
    }


def shipping_line(order: Doc, line: Doc) -> Doc:
    discounted = text(minor(line["price"], order["currency"]) - line_discount(order, line), order["currency"])
    returned = sum(
        minor(entry["subtotal_amount"], order["currency"])
        for refund in order["refunds"]
        for entry in refund["refund_shipping_lines"]
        if entry["shipping_line_id"] == line["id"]
    )
    current = text(minor(discounted, order["currency"]) - returned, order["currency"])
    return {
        "id": line["id"],
        "carrier_identifier": None,
        "code": line["code"],
        "current_discounted_price_set": money_set(order, current),
        "discounted_price": discounted,
        "discounted_price_set": money_set(order, discounted),
        "is_removed": False,
        "phone": None,
        "price": line["price"],
        "price_set": money_set(order, line["price"]),
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "title": line["title"],
        "tax_lines": tax_lines(order, line["tax_lines"]),
        "discount_allocations": discount_allocations(order, line["discount_allocations"]),
    }


def transaction(order: Doc, entry: Doc) -> Doc:
    """A transaction: in the buyer's currency, which is what was charged."""
    return {
        "id": entry["id"],
        "admin_graphql_api_id": gid("OrderTransaction", entry["id"]),
        "amount": in_presentment(order, entry["amount"]),
        "authorization": str(entry["id"]),
        "created_at": stamp(order, entry["created_at"]),
        "currency": order["presentment_currency"],
        "device_id": None,
        "error_code": None,
        "gateway": entry["gateway"],
        "kind": entry["kind"],
        "location_id": None,
        "message": "Bogus Gateway: Forced success" if entry["gateway"] == "bogus" else None,
        "order_id": order["id"],
        "parent_id": entry["parent_id"],
        "payment_id": f"{order['name']}.{order['transactions'].index(entry) + 1}",
        "processed_at": stamp(order, entry["processed_at"]),
        "receipt": {},
        "source_name": "web",
        "status": entry["status"],
        "test": order["test"],
        "user_id": None,
    }


def address(entry: Doc | None) -> Doc | None:
    return None if entry is None else {**entry, "latitude": None, "longitude": None}


def in_shop_currency(order: Doc, amount: str, whole: int) -> str:
    """An amount of the buyer's currency in shop currency; ``whole`` (minor units) when it is all that is left.

    Raises ValueError when it is no amount of the buyer's currency.
    """
    shop, buyer = order["currency"], order["presentment_currency"]
    given = minor(amount, buyer)
    if shop == buyer:
        return text(given, shop)
    if text(given, buyer) == in_presentment(order, text(whole, shop)):
        return text(whole, shop)
    return text(convert(given, 1 / Decimal(order["presentment_rate"]), buyer, shop), shop)
