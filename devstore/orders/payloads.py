"""What webhooks about orders say, key for key as Shopify sends it."""

from typing import Any

from devstore.gids import gid
from devstore.orders.amounts import text
from devstore.orders.payload_parts import (
    APP_ID,
    address,
    in_presentment,
    line_item,
    money_set,
    shipping_line,
    stamp,
    tax_lines,
    transaction,
    zero,
)
from devstore.orders.standing import money
from devstore.store import Doc


def order_payload(order: Doc, customer: Doc | None) -> Doc:
    """Body of orders/create, paid, updated, cancelled, fulfilled …"""
    return {
        "id": order["id"],
        "admin_graphql_api_id": gid("Order", order["id"]),
        **_identity(order),
        **_times(order),
        **_amounts(order),
        **_buyer(order, customer),
        "cancel_reason": order["cancel_reason"],
        "confirmed": True,
        "financial_status": order["financial_status"],
        "fulfillment_status": order["fulfillment_status"],
        "discount_codes": order["discount_codes"],
        "discount_applications": order["discount_applications"],
        "note": order["note"],
        "note_attributes": order["note_attributes"],
        "tags": ", ".join(order["tags"]),
        "tax_lines": tax_lines(order, summed_taxes(order)),
        "line_items": [line_item(order, line) for line in order["line_items"]],
        "line_item_groups": [],
        "shipping_lines": [shipping_line(order, line) for line in order["shipping_lines"]],
        "fulfillments": [fulfillment_payload(order, part) for part in order["fulfillments"]],
        "refunds": [refund_payload(order, part) for part in order["refunds"]],
        "returns": [],
        "payment_terms": None,
    }


def _identity(order: Doc) -> Doc:
    domain = order["shop_domain"]
    return {
        "app_id": APP_ID,
        "browser_ip": None,
        "cart_token": order.get("cart_token"),
        "checkout_id": order["checkout_id"],
        "checkout_token": order["checkout_token"],
        "client_details": None,
        "company": None,
        "confirmation_number": order["confirmation_number"],
        "location_id": None,
        "merchant_business_entity_id": None,
        "merchant_of_record_app_id": None,
        "name": order["name"],
        "number": order["number"],
        "order_number": order["order_number"],
        "order_status_url": f"https://{domain}/{order['shop_id']}/orders/{order['token']}/authenticate",
        "payment_gateway_names": order["payment_gateway_names"],
        "po_number": None,
        "source_name": "web",
        "test": order["test"],
        "token": order["token"],
        "user_id": None,
    }


def _times(order: Doc) -> Doc:
    names = ("created_at", "processed_at", "updated_at", "cancelled_at", "closed_at")
    return {name: stamp(order, order[name]) for name in names}


def _amounts(order: Doc) -> Doc:
    """Every total, as a string of shop currency and as a set of both currencies."""
    doubled = (
        "current_subtotal_price",
        "current_total_discounts",
        "current_total_price",
        "current_total_tax",
        "subtotal_price",
        "total_discounts",
        "total_line_items_price",
        "total_price",
        "total_tax",
    )
    nothing = zero(order)
    sets = {f"{name}_set": money_set(order, order[name]) for name in doubled}
    return {
        "currency": order["currency"],
        "presentment_currency": order["presentment_currency"],
        "taxes_included": order["taxes_included"],
        "tax_exempt": False,
        "estimated_taxes": False,
        "duties_included": False,
        **{name: order[name] for name in doubled},
        **sets,
        "current_shipping_price_set": money_set(order, order["current_shipping_price"]),
        "current_total_additional_fees_set": None,
        "current_total_duties_set": None,
        "original_total_additional_fees_set": None,
        "original_total_duties_set": None,
        "total_cash_rounding_payment_adjustment_set": money_set(order, nothing),
        "total_cash_rounding_refund_adjustment_set": money_set(order, nothing),
        "total_outstanding": in_presentment(order, order["total_outstanding"]),
        "total_shipping_price_set": money_set(order, order["total_shipping_price"]),
        "total_tip_received": nothing,
        "total_weight": sum(line["grams"] * line["quantity"] for line in order["line_items"]),
    }


def _buyer(order: Doc, customer: Doc | None) -> Doc:
    return {
        "buyer_accepts_marketing": False,
        "contact_email": order["email"],
        "customer_locale": "en",
        "email": order["email"],
        "phone": order["phone"],
        "customer": customer_payload(customer) if customer else None,
        "billing_address": address(order["billing_address"]),
        "shipping_address": address(order["shipping_address"]),
    }


def summed_taxes(order: Doc) -> list[Doc]:
    """One tax line per title and rate over everything sold."""
    sums: dict[tuple[str, str], int] = {}
    for line in [*order["line_items"], *order["shipping_lines"]]:
        for tax in line["tax_lines"]:
            key = (tax["title"], tax["rate"])
            sums[key] = sums.get(key, 0) + money(order, tax["price"])
    return [
        {"title": title, "rate": rate, "price": text(amount, order["currency"])}
        for (title, rate), amount in sums.items()
    ]


def customer_payload(customer: Doc) -> Doc:
    """Body of customers/create, and the customer inside an order."""
    addresses = [_customer_address(customer, at) for at in range(len(customer.get("addresses", [])))]
    return {
        "id": customer["id"],
        "admin_graphql_api_id": gid("Customer", customer["id"]),
        "email": customer["email"],
        "first_name": customer.get("first_name"),
        "last_name": customer.get("last_name"),
        "phone": customer.get("phone"),
        "created_at": customer.get("created_at"),
        "updated_at": customer.get("updated_at"),
        "state": "enabled" if customer.get("password_hash") else "disabled",
        "note": customer.get("note"),
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "tax_exemptions": [],
        "tags": ", ".join(customer.get("tags", [])),
        "currency": None,
        "default_address": addresses[0] if addresses else None,
    }


def _customer_address(customer: Doc, at: int) -> Doc:
    return {**customer["addresses"][at], "customer_id": customer["id"], "default": at == 0}


def refund_payload(order: Doc, refund: Doc) -> Doc:
    """Body of refunds/create. The bare ``subtotal`` and ``total_tax`` are JSON numbers, as Shopify's are."""
    transactions = [entry for entry in order["transactions"] if entry["id"] in refund["transaction_ids"]]
    return {
        "id": refund["id"],
        "admin_graphql_api_id": gid("Refund", refund["id"]),
        "order_id": order["id"],
        "created_at": stamp(order, refund["created_at"]),
        "processed_at": stamp(order, refund["processed_at"]),
        "note": refund["note"],
        "user_id": refund["user_id"],
        "restock": any(entry["restock_type"] != "no_restock" for entry in refund["refund_line_items"]),
        "return": None,
        "duties": [],
        "total_duties_set": money_set(order, zero(order)),
        "refund_line_items": [_refund_line_item(order, entry) for entry in refund["refund_line_items"]],
        "refund_shipping_lines": [_refund_shipping_line(order, entry) for entry in refund["refund_shipping_lines"]],
        "order_adjustments": [_order_adjustment(order, refund, entry) for entry in refund["order_adjustments"]],
        "transactions": [transaction(order, entry) for entry in transactions],
    }


def _refund_line_item(order: Doc, entry: Doc) -> Doc:
    line = next(line for line in order["line_items"] if line["id"] == entry["line_item_id"])
    return {
        "id": entry["id"],
        "line_item_id": entry["line_item_id"],
        "location_id": entry["location_id"],
        "quantity": entry["quantity"],
        "restock_type": entry["restock_type"],
        "subtotal": float(entry["subtotal"]),
        "subtotal_set": money_set(order, entry["subtotal"]),
        "total_tax": float(entry["total_tax"]),
        "total_tax_set": money_set(order, entry["total_tax"]),
        "line_item": line_item(order, line),
    }


def _refund_shipping_line(order: Doc, entry: Doc) -> Doc:
    line = next(line for line in order["shipping_lines"] if line["id"] == entry["shipping_line_id"])
    return {
        "id": entry["id"],
        "shipping_line_id": entry["shipping_line_id"],
        "shipping_line": shipping_line(order, line),
        "subtotal_amount_set": money_set(order, entry["subtotal_amount"]),
        "tax_amount_set": money_set(order, entry["tax_amount"]),
    }


def _order_adjustment(order: Doc, refund: Doc, entry: Doc) -> Doc:
    return {
        "id": entry["id"],
        "order_id": order["id"],
        "refund_id": refund["id"],
        "kind": entry["kind"],
        "reason": entry["reason"],
        "amount": entry["amount"],
        "amount_set": money_set(order, entry["amount"]),
        "tax_amount": zero(order),
        "tax_amount_set": money_set(order, zero(order)),
    }


def fulfillment_payload(order: Doc, fulfillment: Doc) -> Doc:
    """Body of fulfillments/create and fulfillments/update. A line item's quantity is what this shipment holds."""
    quantities = {entry["line_item_id"]: entry["quantity"] for entry in fulfillment["line_items"]}
    numbers, urls = fulfillment["tracking_numbers"], fulfillment["tracking_urls"]
    return {
        "id": fulfillment["id"],
        "admin_graphql_api_id": gid("Fulfillment", fulfillment["id"]),
        "order_id": order["id"],
        "name": fulfillment["name"],
        "status": fulfillment["status"],
        "shipment_status": fulfillment["shipment_status"],
        "service": "manual",
        "location_id": fulfillment["location_id"],
        "origin_address": fulfillment["origin_address"],
        "tracking_company": fulfillment["tracking_company"],
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "receipt": {},
        "email": order["email"],
        "destination": address(order["shipping_address"]),
        "created_at": stamp(order, fulfillment["created_at"]),
        "updated_at": stamp(order, fulfillment["updated_at"]),
        "line_items": [
            {**line_item(order, line), "quantity": quantities[line["id"]]}
            for line in order["line_items"]
            if line["id"] in quantities
        ],
    }


def fulfillment_event_payload(order: Doc, fulfillment: Doc, event: Doc) -> Doc:
    """Body of fulfillment_events/create."""
    places: dict[str, Any] = {name: event.get(name) for name in ("city", "province", "country", "zip", "address1")}
    return {
        "id": event["id"],
        "admin_graphql_api_id": gid("FulfillmentEvent", event["id"]),
        "order_id": order["id"],
        "fulfillment_id": fulfillment["id"],
        "shop_id": order["shop_id"],
        "status": event["status"],
        "message": event["message"],
        "happened_at": stamp(order, event["happened_at"]),
        "estimated_delivery_at": event.get("estimated_delivery_at"),
        "created_at": stamp(order, event["created_at"]),
        "updated_at": stamp(order, event["created_at"]),
        "latitude": None,
        "longitude": None,
        **places,
    }


def order_edit_payload(order: Doc, edit: Doc) -> Doc:
    """Body of orders/edited: what changed, not the order."""
    nothing: Doc = {"additions": [], "removals": []}
    return {
        "order_edit": {
            "id": edit["id"],
            "app_id": None,
            "created_at": stamp(order, edit["created_at"]),
            "committed_at": stamp(order, edit["created_at"]),
            "notify_customer": False,
            "order_id": order["id"],
            "staff_note": edit["staff_note"],
            "user_id": None,
            "line_items": {"additions": edit["additions"], "removals": edit["removals"]},
            "discounts": {"line_item": nothing},
            "shipping_lines": {"additions": [{"id": line} for line in edit["shipping"]], "removals": []},
        }
    }
