"""Orders as the Admin API shows them: documents turned into dictionaries with the schema's own keys.

A view keeps the order's document under "order", so that fields that need more than their own values can find it.
"""

from decimal import Decimal

from devstore.orders.amounts import rounded, text
from devstore.orders.disputes import dispute_summary
from devstore.orders.fees import fee_views
from devstore.orders.payload_parts import in_presentment
from devstore.orders.standing import (
    authorized,
    line_discount,
    line_net,
    line_tax,
    money,
    paid_back,
    paid_in,
    refundable,
    refunded_lines,
)
from devstore.store import Doc

_FULFILLMENT = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}


def money_bag(order: Doc, amount: str) -> Doc:
    return {
        "shopMoney": {"amount": amount, "currencyCode": order["currency"]},
        "presentmentMoney": {
            "amount": in_presentment(order, amount),
            "currencyCode": order["presentment_currency"],
        },
    }


def minor_bag(order: Doc, amount_minor: int) -> Doc:
    return money_bag(order, text(amount_minor, order["currency"]))


def order_view(order: Doc) -> Doc:
    amounts = {
        "originalTotalPriceSet": "total_price",
        "totalPriceSet": "total_price",
        "subtotalPriceSet": "subtotal_price",
        "totalTaxSet": "total_tax",
        "totalDiscountsSet": "total_discounts",
        "totalShippingPriceSet": "total_shipping_price",
        "totalOutstandingSet": "total_outstanding",
        "currentTotalPriceSet": "current_total_price",
        "currentSubtotalPriceSet": "current_subtotal_price",
        "currentTotalTaxSet": "current_total_tax",
        "currentTotalDiscountsSet": "current_total_discounts",
        "currentShippingPriceSet": "current_shipping_price",
    }
    sums = {
        "totalReceivedSet": paid_in(order),
        "totalRefundedSet": paid_back(order),
        "netPaymentSet": refundable(order),
        "totalCapturableSet": 0 if order["cancelled_at"] else max(authorized(order), 0),
        "totalRefundedShippingSet": _shipping_refunded(order),
    }
    return {
        "__typename": "Order",
        "id": order["id"],
        "order": order,
        **_order_facts(order),
        **_order_standing(order),
        **_order_flags(order),
        **{name: money_bag(order, order[key]) for name, key in amounts.items()},
        **{name: minor_bag(order, amount) for name, amount in sums.items()},
    }


def _order_facts(order: Doc) -> Doc:
    return {
        "name": order["name"],
        "number": order["order_number"],
        "confirmationNumber": order["confirmation_number"],
        "createdAt": order["created_at"],
        "processedAt": order["processed_at"],
        "updatedAt": order["updated_at"],
        "confirmed": True,
        "test": order["test"],
        "edited": bool(order.get("edits")),
        "note": order["note"],
        "tags": order["tags"],
        "email": order["email"],
        "phone": order["phone"],
        "poNumber": order.get("po_number"),
        "sourceName": "web",
        "currencyCode": order["currency"],
        "presentmentCurrencyCode": order["presentment_currency"],
        "taxesIncluded": order["taxes_included"],
        "customAttributes": [{"key": entry["name"], "value": entry["value"]} for entry in order["note_attributes"]],
        "discountCode": order["discount_codes"][0]["code"] if order["discount_codes"] else None,
        "discountCodes": [entry["code"] for entry in order["discount_codes"]],
        "paymentGatewayNames": order["payment_gateway_names"],
        "subtotalLineItemsQuantity": sum(line["quantity"] for line in order["line_items"]),
        "currentSubtotalLineItemsQuantity": sum(line["current_quantity"] for line in order["line_items"]),
        "shippingAddress": address_view(order, order["shipping_address"]),
        "billingAddress": address_view(order, order["billing_address"]),
        "customerLocale": "en",
        "totalTipReceivedSet": minor_bag(order, 0),
        "originalTotalDutiesSet": None,
        "originalTotalAdditionalFeesSet": None,
        "totalCashRoundingAdjustment": {"paymentSet": minor_bag(order, 0), "refundSet": minor_bag(order, 0)},
        "metafields": order.get("metafields", []),
    }


def _order_standing(order: Doc) -> Doc:
    return {
        "cancelledAt": order["cancelled_at"],
        "cancelReason": order["cancel_reason"] and order["cancel_reason"].upper(),
        "closedAt": order["closed_at"],
        "closed": order["closed_at"] is not None,
        "displayFinancialStatus": order["financial_status"].upper(),
        "displayFulfillmentStatus": _FULFILLMENT[order["fulfillment_status"]],
        "returnStatus": _return_status(order),
        "disputes": [dispute_summary(dispute) for dispute in order.get("disputes", [])],
    }


def _return_status(order: Doc) -> str:
    """The one that wants most attention of all its returns."""
    states = {back["status"] for back in order.get("returns", [])}
    shown = (("REQUESTED", "RETURN_REQUESTED"), ("OPEN", "IN_PROGRESS"), ("CLOSED", "RETURNED"))
    return next((words for state, words in shown if state in states), "NO_RETURN")


def _order_flags(order: Doc) -> Doc:
    outstanding = money(order, order["total_outstanding"])
    cancelled = order["cancelled_at"] is not None
    return {
        "fullyPaid": outstanding <= 0 and not cancelled,
        "unpaid": paid_in(order) == 0,
        "capturable": authorized(order) > 0 and not cancelled,
        "canMarkAsPaid": outstanding > 0 and not cancelled,
        "refundable": refundable(order) > 0,
        "fulfillable": any(line["fulfillable_quantity"] for line in order["line_items"]),
        "requiresShipping": any(line["requires_shipping"] for line in order["line_items"]),
    }


def _shipping_refunded(order: Doc) -> int:
    entries = (entry for refund in order["refunds"] for entry in refund["refund_shipping_lines"])
    return sum(money(order, entry["subtotal_amount"]) for entry in entries)


def address_view(owner: Doc, address: Doc | None) -> Doc | None:
    """A MailingAddress; its number is its owner's."""
    if address is None:
        return None
    name = " ".join(filter(None, [address.get("first_name"), address.get("last_name")])) or None
    place = " ".join(filter(None, [address.get("city"), address.get("province_code"), address.get("zip")]))
    lines = [address.get("address1"), address.get("address2"), place, address.get("country")]
    return {
        "id": owner["id"],
        **{key: address.get(key) for key in ("address1", "address2", "city", "company", "country", "province", "zip")},
        "countryCodeV2": address.get("country_code"),
        "provinceCode": address.get("province_code"),
        "firstName": address.get("first_name"),
        "lastName": address.get("last_name"),
        "name": name,
        "phone": address.get("phone"),
        "lines": [line for line in lines if line],
    }


def tax_views(order: Doc, lines: list[Doc]) -> list[Doc]:
    return [
        {
            "title": line["title"],
            "rate": float(line["rate"]),
            "ratePercentage": float(Decimal(line["rate"]) * 100),
            "channelLiable": False,
            "priceSet": money_bag(order, line["price"]),
        }
        for line in lines
    ]


def application_view(order: Doc, at: int) -> Doc:
    """A DiscountApplication: a code of the checkout's, or what staff took off by hand."""
    entry = order["discount_applications"][at]
    percentage = {"__typename": "PricingPercentageValue", "percentage": float(entry["value"])}
    fixed = {"__typename": "MoneyV2", "amount": entry["value"], "currencyCode": order["currency"]}
    by_code = entry["type"] == "discount_code"
    named = {"__typename": "DiscountCodeApplication", "code": entry["code"]} if by_code else {
        "__typename": "ManualDiscountApplication", "title": entry["title"], "description": entry["description"]
    }  # fmt: skip
    return {
        **named,
        "index": at,
        "allocationMethod": entry["allocation_method"].upper(),
        "targetSelection": entry["target_selection"].upper(),
        "targetType": entry["target_type"].upper(),
        "value": percentage if entry["value_type"] == "percentage" else fixed,
    }


def allocation_views(order: Doc, shares: list[Doc]) -> list[Doc]:
    return [
        {
            "allocatedAmountSet": money_bag(order, share["amount"]),
            "discountApplication": application_view(order, share["discount_application_index"]),
        }
        for share in shares
    ]


def line_view(order: Doc, line: Doc) -> Doc:
    gross = money(order, line["price"]) * line["quantity"]
    removed = sum(money(order, entry["subtotal"]) for entry in refunded_lines(order, line["id"]))
    removed_tax = sum(money(order, entry["total_tax"]) for entry in refunded_lines(order, line["id"]))
    tax_inside = line_tax(order, line) - removed_tax if order["taxes_included"] else 0
    after = rounded(Decimal(line_net(order, line)) / line["quantity"])
    return {
        "__typename": "LineItem",
        "id": line["id"],
        "order": order,
        "line": line,
        **{key: line[key] for key in ("name", "title", "sku", "vendor", "quantity", "taxable")},
        "variantTitle": line["variant_title"],
        "currentQuantity": line["current_quantity"],
        "refundableQuantity": line["current_quantity"],
        "unfulfilledQuantity": line["fulfillable_quantity"],
        "requiresShipping": line["requires_shipping"],
        "isGiftCard": line["gift_card"],
        "weight": {"unit": "GRAMS", "value": float(line["grams"])},
        "duties": [],
        "customAttributes": [{"key": entry["name"], "value": entry["value"]} for entry in line["properties"]],
        "originalUnitPriceSet": money_bag(order, line["price"]),
        "originalTotalSet": minor_bag(order, gross),
        "discountedUnitPriceAfterAllDiscountsSet": minor_bag(order, after),
        "priceAfterAllDiscountsBeforeTaxesSet": minor_bag(order, line_net(order, line) - removed - tax_inside),
        "totalDiscountSet": minor_bag(order, 0),
        "discountAllocations": allocation_views(order, line["discount_allocations"]),
        "lineTaxes": tax_views(order, line["tax_lines"]),
    }


def shipping_line_view(order: Doc, line: Doc) -> Doc:
    net = money(order, line["price"]) - line_discount(order, line)
    entries = (entry for refund in order["refunds"] for entry in refund["refund_shipping_lines"])
    gone = sum(money(order, e["subtotal_amount"]) for e in entries if e["shipping_line_id"] == line["id"])
    return {
        "id": line["id"],
        "title": line["title"],
        "code": line["code"],
        "source": line["source"],
        "custom": False,
        "isRemoved": False,
        "originalPriceSet": money_bag(order, line["price"]),
        "discountedPriceSet": minor_bag(order, net),
        "currentDiscountedPriceSet": minor_bag(order, net - gone),
        "discountAllocations": allocation_views(order, line["discount_allocations"]),
        "taxLines": tax_views(order, line["tax_lines"]),
    }


def transaction_view(order: Doc, entry: Doc) -> Doc:
    parent = next((found for found in order["transactions"] if found["id"] == entry["parent_id"]), None)
    return {
        "__typename": "OrderTransaction",
        "id": entry["id"],
        "kind": entry["kind"].upper(),
        "status": entry["status"].upper(),
        "amountSet": money_bag(order, entry["amount"]),
        "gateway": entry["gateway"],
        "formattedGateway": entry["gateway"].replace("_", " ").title(),
        "manualPaymentGateway": entry["gateway"] == "manual",
        "createdAt": entry["created_at"],
        "processedAt": entry["processed_at"],
        "test": order["test"],
        "fees": fee_views(order, entry),
        "parentTransaction": transaction_view(order, parent) if parent else None,
    }
