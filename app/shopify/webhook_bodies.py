"""Objects that were asked for, written as webhooks write them, so that news have one shape and one way in.

Only what payloads.py and payloads_orders.py read. The customer is missing: naming them needs a scope that we do not ask
merchants for, and the addresses say who gets the parcel.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

Node = Mapping[str, Any]
Body = dict[str, Any]

_GRAMS: Final = {
    "GRAMS": Decimal(1),
    "KILOGRAMS": Decimal(1000),
    "OUNCES": Decimal("28.3495"),
    "POUNDS": Decimal("453.592"),
}
_NO_SHIPMENT: Final = frozenset({"FULFILLED", "SUBMITTED", "CANCELED", "MARKED_AS_FULFILLED"})
_FULFILLMENT: Final = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}


def number_of(gid: str) -> int:
    """`gid://shopify/Order/17` → 17."""
    return int(gid.rsplit("/", 1)[1].partition("?")[0])


def order_body(order: Node, refunds: Sequence[Node], customer: Any = None) -> Body:
    """Body of orders/updated from documents orderInFull and refundInFull."""
    order_id = number_of(order["id"])
    outstanding = order["totalOutstandingSet"]["presentmentMoney"]["amount"]
    return {
        "id": order_id,
        "admin_graphql_api_id": order["id"],
        "name": order["name"],
        "currency": order["currencyCode"],
        "presentment_currency": order["presentmentCurrencyCode"],
        "created_at": order["createdAt"],
        "processed_at": order["processedAt"],
        "updated_at": order["updatedAt"],
        "cancelled_at": order["cancelledAt"],
        "financial_status": _lower(order["displayFinancialStatus"]),
        "fulfillment_status": _FULFILLMENT.get(order["displayFulfillmentStatus"]),
        "test": order["test"],
        "taxes_included": order["taxesIncluded"],
        "email": order["email"],
        "customer_locale": order["customerLocale"],
        "total_price_set": _money(order["totalPriceSet"]),
        "current_total_price_set": _money(order["currentTotalPriceSet"]),
        "total_outstanding": outstanding,
        "total_tip_received": order["totalTipReceivedSet"]["shopMoney"]["amount"],
        "original_total_duties_set": _money(order["originalTotalDutiesSet"]),
        "original_total_additional_fees_set": _money(order["originalTotalAdditionalFeesSet"]),
        "total_cash_rounding_payment_adjustment_set": _money(order["totalCashRoundingAdjustment"]["paymentSet"]),
        "total_cash_rounding_refund_adjustment_set": _money(order["totalCashRoundingAdjustment"]["refundSet"]),
        "customer": customer,
        "shipping_address": _address(order["shippingAddress"]),
        "billing_address": _address(order["billingAddress"]),
        "discount_applications": _applications(order["discountApplications"]["nodes"]),
        "line_items": [_line(line) for line in order["lineItems"]["nodes"]],
        "shipping_lines": [_shipping_line(line) for line in order["shippingLines"]["nodes"]],
        "refunds": [_refund(refund, order_id) for refund in refunds],
        "fulfillments": [_fulfillment(parcel, order_id) for parcel in order["fulfillments"]],
    }


def payment_body(order: Node, payment: Node) -> Body:
    """Body of order_transactions/create from an order of document ordersChanged and a transaction of it."""
    return {
        **_transaction(payment),
        "order_id": number_of(order["id"]),
        "gateway": payment["gateway"],
        "created_at": payment["createdAt"],
        "processed_at": payment["processedAt"],
    }


def dispute_body(dispute: Node) -> Body:
    """Body of disputes/create and disputes/update from document disputes."""
    order, reason = dispute["order"], dispute["reasonDetails"]
    return {
        "id": int(dispute["legacyResourceId"]),
        "order_id": number_of(order["id"]) if order else None,
        "type": _lower(dispute["type"]),
        "amount": dispute["amount"]["amount"],
        "currency": dispute["amount"]["currencyCode"],
        "reason": _lower(reason["reason"]),
        "network_reason_code": reason["networkReasonCode"],
        "status": _lower(dispute["status"]),
        "evidence_due_by": dispute["evidenceDueBy"],
        "evidence_sent_on": dispute["evidenceSentOn"],
        "finalized_on": dispute["finalizedOn"],
        "initiated_at": dispute["initiatedAt"],
    }


def product_body(product: Node) -> Body:
    """Body of products/update from document productInFull."""
    return {
        "id": number_of(product["id"]),
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "body_html": product["descriptionHtml"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "created_at": product["createdAt"],
        "updated_at": product["updatedAt"],
        "published_at": product["publishedAt"],
        "options": [
            {
                "name": option["name"],
                "position": option["position"],
                "values": [value["name"] for value in option["optionValues"]],
            }
            for option in product["options"]
        ],
        "variants": [_variant(variant) for variant in product["variants"]["nodes"]],
    }


def stock_bodies(product: Node, location_gid: str) -> list[Body]:
    """Bodies of inventory_levels/update, one for each variant that is counted at the location."""
    items = [variant["inventoryItem"] for variant in product["variants"]["nodes"]]
    return [
        {
            "inventory_item_id": number_of(item["id"]),
            "location_id": number_of(location_gid),
            "available": item["inventoryLevel"]["quantities"][0]["quantity"],
            "updated_at": item["inventoryLevel"]["updatedAt"],
        }
        for item in items
        if item["inventoryLevel"]
    ]


def metaobject_body(entry: Node) -> Body:
    """Body of metaobjects/update from document metaobjectsChanged."""
    return {
        "id": entry["id"],
        "type": entry["type"],
        "handle": entry["handle"],
        "display_name": entry["displayName"],
        "fields": {field["key"]: field["value"] for field in entry["fields"]},
        "updated_at": entry["updatedAt"],
    }


def _line(line: Node) -> Body:
    weight = line["weight"]
    return {
        "id": number_of(line["id"]),
        "title": line["title"],
        "variant_title": line["variantTitle"],
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "price_set": _money(line["originalUnitPriceSet"]),
        "product_id": number_of(line["product"]["id"]) if line["product"] else None,
        "variant_id": number_of(line["variant"]["id"]) if line["variant"] else None,
        "sku": line["sku"],
        "vendor": line["vendor"],
        "gift_card": line["isGiftCard"],
        "grams": int(Decimal(str(weight["value"])) * _GRAMS[weight["unit"]]) if weight else None,
        "requires_shipping": line["requiresShipping"],
        "properties": [{"name": one["key"], "value": one["value"]} for one in line["customAttributes"]],
        "tax_lines": _taxes(line["taxLines"]),
        "duties": [_money(duty["price"]) for duty in line["duties"]],
        "discount_allocations": _allocations(line["discountAllocations"]),
    }


def _shipping_line(line: Node) -> Body:
    return {
        "id": number_of(line["id"]),
        "title": line["title"],
        "code": line["code"],
        "price_set": _money(line["originalPriceSet"]),
        "is_removed": line["isRemoved"],
        "tax_lines": _taxes(line["taxLines"]),
        "discount_allocations": _allocations(line["discountAllocations"]),
    }


def _refund(refund: Node, order_id: int) -> Body:
    return {
        "id": number_of(refund["id"]),
        "order_id": order_id,
        "created_at": refund["createdAt"],
        "processed_at": refund["processedAt"],
        "note": refund["note"],
        "total_duties_set": _sum([duty["amountSet"] for duty in refund["duties"] or ()]),
        "refund_line_items": [
            {
                "id": number_of(part["id"]),
                "line_item_id": number_of(part["lineItem"]["id"]),
                "quantity": part["quantity"],
                "restock_type": _lower(part["restockType"]),
                "subtotal_set": _money(part["subtotalSet"]),
                "total_tax_set": _money(part["totalTaxSet"]),
            }
            for part in refund["refundLineItems"]["nodes"]
        ],
        "refund_shipping_lines": [
            {
                "id": number_of(part["id"]),
                "shipping_line_id": number_of(part["shippingLine"]["id"]),
                "subtotal_amount_set": _money(part["subtotalAmountSet"]),
                "tax_amount_set": _money(part["taxAmountSet"]),
            }
            for part in refund["refundShippingLines"]["nodes"]
        ],
        "order_adjustments": [
            {
                "id": number_of(part["id"]),
                "kind": "refund_discrepancy",
                "amount_set": _money(part["amountSet"]),
                "tax_amount_set": _money(part["taxAmountSet"]),
            }
            for part in refund["orderAdjustments"]["nodes"]
        ],
        "transactions": [_transaction(part) for part in refund["transactions"]["nodes"]],
    }


def _transaction(entry: Node) -> Body:
    """In the customer's currency, as webhooks write it."""
    charged = entry["amountSet"]["presentmentMoney"]
    return {
        "id": number_of(entry["id"]),
        "kind": entry["kind"].lower(),
        "status": entry["status"].lower(),
        "amount": charged["amount"],
        "currency": charged["currencyCode"],
    }


def _fulfillment(parcel: Node, order_id: int) -> Body:
    tracking = parcel["trackingInfo"][0] if parcel["trackingInfo"] else {}
    shown = parcel["displayStatus"]
    return {
        "id": number_of(parcel["id"]),
        "order_id": order_id,
        "status": parcel["status"].lower(),
        "shipment_status": None if shown in _NO_SHIPMENT else _lower(shown),
        "tracking_company": tracking.get("company"),
        "tracking_number": tracking.get("number"),
        "tracking_url": tracking.get("url"),
        "created_at": parcel["createdAt"],
        "updated_at": parcel["updatedAt"],
        "line_items": [
            {"id": number_of(part["lineItem"]["id"]), "quantity": part["quantity"]}
            for part in parcel["fulfillmentLineItems"]["nodes"]
        ],
    }


def _variant(variant: Node) -> Body:
    return {
        "id": number_of(variant["id"]),
        "admin_graphql_api_id": variant["id"],
        "title": variant["title"],
        "price": variant["price"],
        "sku": variant["sku"],
        "position": variant["position"],
        "inventory_item_id": number_of(variant["inventoryItem"]["id"]),
        "inventory_quantity": variant["inventoryQuantity"],
        **{f"option{n}": option["value"] for n, option in enumerate(variant["selectedOptions"], start=1)},
    }


def _applications(nodes: Iterable[Node]) -> list[Body]:
    """In the order of their index, which is how allocations name them."""
    found = sorted(nodes, key=lambda each: int(each["index"]))
    return [{"code": each.get("code"), "title": each.get("title")} for each in found]


def _allocations(nodes: Iterable[Node]) -> list[Body]:
    return [
        {
            "amount_set": _money(each["allocatedAmountSet"]),
            "discount_application_index": each["discountApplication"]["index"],
        }
        for each in nodes
    ]


def _taxes(lines: Iterable[Node]) -> list[Body]:
    return [
        {"title": line["title"], "channel_liable": line["channelLiable"], "price_set": _money(line["priceSet"])}
        for line in lines
    ]


def _address(address: Node | None) -> Body | None:
    if address is None:
        return None
    names = {"firstName": "first_name", "lastName": "last_name", "provinceCode": "province_code"}
    return {names.get(key, key): value for key, value in address.items()}


def _money(amount: Node | None) -> Body | None:
    if amount is None:
        return None
    return {
        name: {"amount": amount[key]["amount"], "currency_code": amount[key]["currencyCode"]}
        for name, key in (("shop_money", "shopMoney"), ("presentment_money", "presentmentMoney"))
    }


def _sum(amounts: Sequence[Node]) -> Body | None:
    """Of one currency pair; None when there is nothing to add."""
    sets = [_money(amount) or {} for amount in amounts]
    if not sets:
        return None
    return {
        half: {
            "amount": str(sum(Decimal(each[half]["amount"]) for each in sets)),
            "currency_code": first["currency_code"],
        }
        for half, first in sets[0].items()
    }


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None
