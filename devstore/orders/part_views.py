"""Refunds, fulfilments and fulfilment orders as the Admin API shows them."""

from devstore.orders.documents import find_part
from devstore.orders.holds import REASONS
from devstore.orders.standing import money
from devstore.orders.views import line_view, minor_bag, money_bag, shipping_line_view, transaction_view
from devstore.store import Doc

_ADJUSTMENTS = {
    "Customer": "CUSTOMER",
    "Damage": "DAMAGE",
    "Restock": "RESTOCK",
    "Refund discrepancy": "REFUND_DISCREPANCY",
    "Pending refund discrepancy": "PENDING_REFUND_DISCREPANCY",
}


def _line(order: Doc, line_item_id: int) -> Doc:
    line = find_part(order, "line_items", line_item_id)
    assert line is not None
    return line_view(order, line)


def refund_view(order: Doc, refund: Doc) -> Doc:
    sent = [entry for entry in order["transactions"] if entry["id"] in refund["transaction_ids"]]
    return {
        "__typename": "Refund",
        "id": refund["id"],
        "order": order,
        "note": refund["note"],
        "createdAt": refund["created_at"],
        "processedAt": refund["processed_at"],
        "updatedAt": refund["created_at"],
        "totalRefundedSet": minor_bag(order, sum(money(order, entry["amount"]) for entry in sent)),
        "lines": [refund_line_view(order, entry) for entry in refund["refund_line_items"]],
        "shipping": [_refund_shipping_view(order, entry) for entry in refund["refund_shipping_lines"]],
        "adjustments": [_adjustment_view(order, entry) for entry in refund["order_adjustments"]],
        "sent": [transaction_view(order, entry) for entry in sent],
        "duties": [],
    }


def refund_line_view(order: Doc, entry: Doc) -> Doc:
    return {
        "id": entry.get("id"),
        "quantity": entry["quantity"],
        "restockType": entry["restock_type"].upper(),
        "restocked": entry["restock_type"] in ("cancel", "return"),
        "location_id": entry["location_id"],
        "lineItem": _line(order, entry["line_item_id"]),
        "subtotalSet": money_bag(order, entry["subtotal"]),
        "totalTaxSet": money_bag(order, entry["total_tax"]),
    }


def _refund_shipping_view(order: Doc, entry: Doc) -> Doc:
    line = find_part(order, "shipping_lines", entry["shipping_line_id"])
    assert line is not None
    return {
        "id": entry["id"],
        "shippingLine": shipping_line_view(order, line),
        "subtotalAmountSet": money_bag(order, entry["subtotal_amount"]),
        "taxAmountSet": money_bag(order, entry["tax_amount"]),
    }


def _adjustment_view(order: Doc, entry: Doc) -> Doc:
    return {
        "id": entry["id"],
        "reason": _ADJUSTMENTS[entry["reason"]],
        "amountSet": money_bag(order, entry["amount"]),
        "taxAmountSet": minor_bag(order, 0),
    }


def fulfillment_view(order: Doc, fulfillment: Doc) -> Doc:
    happened = {event["status"]: event["happened_at"] for event in fulfillment["events"]}
    numbers, urls = fulfillment["tracking_numbers"], fulfillment["tracking_urls"]
    info = [
        {"company": fulfillment["tracking_company"], "number": number, "url": urls[at] if at < len(urls) else None}
        for at, number in enumerate(numbers)
    ]
    return {
        "__typename": "Fulfillment",
        "id": fulfillment["id"],
        "order": order,
        "fulfillment": fulfillment,
        "name": fulfillment["name"],
        "status": fulfillment["status"].upper(),
        "displayStatus": _display_status(fulfillment),
        "createdAt": fulfillment["created_at"],
        "updatedAt": fulfillment["updated_at"],
        "deliveredAt": happened.get("delivered"),
        "inTransitAt": happened.get("in_transit"),
        "estimatedDeliveryAt": None,
        "requiresShipping": True,
        "location_id": fulfillment["location_id"],
        "totalQuantity": sum(entry["quantity"] for entry in fulfillment["line_items"]),
        "tracking": info,
        "lines": [
            {"id": entry["id"], "quantity": entry["quantity"], "lineItem": _line(order, entry["line_item_id"])}
            for entry in fulfillment["line_items"]
        ],
        "reports": [event_view(event) for event in fulfillment["events"]],
    }


def _display_status(fulfillment: Doc) -> str:
    if fulfillment["status"] == "cancelled":
        return "CANCELED"
    return str(fulfillment["shipment_status"] or "fulfilled").upper()


def event_view(event: Doc) -> Doc:
    return {
        "__typename": "FulfillmentEvent",
        "id": event["id"],
        "status": event["status"].upper(),
        "message": event["message"],
        "happenedAt": event["happened_at"],
        "createdAt": event["created_at"],
        "estimatedDeliveryAt": event.get("estimated_delivery_at"),
        **{key: event.get(key) for key in ("address1", "city", "province", "country", "zip")},
    }


def fulfillment_order_view(order: Doc, part: Doc) -> Doc:
    open_ = part["status"] in ("open", "in_progress")
    return {
        "__typename": "FulfillmentOrder",
        "id": part["id"],
        "order": order,
        "part": part,
        "orderName": order["name"],
        "orderProcessedAt": order["processed_at"],
        "status": part["status"].upper(),
        "requestStatus": part["request_status"].upper(),
        "createdAt": part["created_at"],
        "updatedAt": part["updated_at"],
        "location_id": part["location_id"],
        "destination": _destination(order, part),
        "supportedActions": [{"action": "CREATE_FULFILLMENT", "externalUrl": None}] if open_ else [],
        "fulfillAt": part.get("fulfill_at") or order["processed_at"],
        "fulfillmentHolds": [
            {
                "__typename": "FulfillmentHold",
                "id": held["id"],
                "reason": held["reason"],
                "reasonNotes": held["notes"],
                "displayReason": REASONS[held["reason"]],
            }
            for held in part.get("holds", [])
        ],
        "lines": [_fulfillment_order_line_view(order, entry) for entry in part["line_items"]],
    }


def _destination(order: Doc, part: Doc) -> Doc | None:
    address = order["shipping_address"]
    if address is None:
        return None
    return {
        "id": part["id"],
        **{key: address[key] for key in ("address1", "address2", "city", "company", "phone", "province", "zip")},
        "countryCode": address["country_code"],
        "firstName": address["first_name"],
        "lastName": address["last_name"],
        "email": order["email"],
    }


def _fulfillment_order_line_view(order: Doc, entry: Doc) -> Doc:
    line = _line(order, entry["line_item_id"])
    return {
        "id": entry["id"],
        "totalQuantity": entry["quantity"],
        "remainingQuantity": entry["remaining"],
        "lineItem": line,
        "productTitle": line["title"],
        **{key: line[key] for key in ("variantTitle", "sku", "vendor", "requiresShipping")},
    }
