"""Order webhooks in any number and size: every key that Shopify sends, amounts that add up, signed.

`order.json` is an orders/create of one line as the development store sends it.
"""

import base64
import copy
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Doc = dict[str, Any]
CURRENCY = "USD"
PRICE, PRICE_TAX, SHIPPING, SHIPPING_TAX = 500, 50, 690, 69
VENDORS = ("Ada's Ceramics", "Bea's Bakery", "Acme")
"""Whose the lines are, by turns: two vendors' and the store's own."""
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
_TEMPLATE: Doc = json.loads((Path(__file__).parent / "order.json").read_text())
_FIRST_ID = 5_000_000_000_000


def total_of(lines: int) -> int:
    """What an order of so many lines costs, in cents."""
    return lines * (PRICE + PRICE_TAX) + SHIPPING + SHIPPING_TAX


def discounted(number: int, lines: int) -> Doc:
    """A paid order with a code that takes 10 % off every line."""
    body, off = order(number, lines), PRICE // 10
    code = {"type": "discount_code", "code": "WELCOME10", "value": "10.0", "value_type": "percentage"}
    body["discount_applications"] = [code]
    for line in body["line_items"]:
        allocation = {"amount": _text(off), "amount_set": money_set(off), "discount_application_index": 0}
        line["discount_allocations"] = [allocation]
    total = total_of(lines) - lines * off
    for name in ("total_price", "current_total_price"):
        body |= {name: _text(total), f"{name}_set": money_set(total)}
    return body


def order(number: int, lines: int, *, paid: bool = True, refunded: int = 0, age_seconds: int = 0) -> Doc:
    """The order's body. `refunded` of its lines were returned; `age_seconds` after the sale is when it was told."""
    body = copy.deepcopy(_TEMPLATE)
    sold, told = _times(number, age_seconds)
    total, returned = total_of(lines), refunded * (PRICE + PRICE_TAX)
    body |= {"id": _id(number), "admin_graphql_api_id": f"gid://shopify/Order/{_id(number)}", "name": f"#{number}"}
    body |= {"number": number, "order_number": 1000 + number, "token": hashlib.sha256(str(number).encode()).hexdigest()}
    body |= {"created_at": sold, "processed_at": sold, "updated_at": told}
    body["line_items"] = [_line(number, at, returned=at < refunded) for at in range(lines)]
    for name, cents in _amounts(lines, refunded).items():
        body |= {name: _text(cents), f"{name}_set": money_set(cents)}
    body["total_outstanding"] = _text(0 if paid else total)
    status = "partially_refunded" if 0 < returned < total else "paid"
    body["financial_status"] = status if paid else "pending"
    body["refunds"] = [refund(number, refunded)] if refunded else []
    return body


def refund(number: int, lines: int) -> Doc:
    """refunds/create: so many of the order's lines came back, and their money went back."""
    at, _ = _times(number, 0)
    parts = [
        {
            "id": _id(number) + 500 + line,
            "line_item_id": _id(number) + 1 + line,
            "quantity": 1,
            "restock_type": "return",
            "subtotal_set": money_set(PRICE),
            "total_tax_set": money_set(PRICE_TAX),
        }
        for line in range(lines)
    ]
    amount = _text(lines * (PRICE + PRICE_TAX))
    payment = {"id": _id(number) + 900, "kind": "refund", "status": "success", "amount": amount, "currency": CURRENCY}
    return {
        "id": _id(number) + 901,
        "order_id": _id(number),
        "created_at": at,
        "processed_at": at,
        "refund_line_items": parts,
        "refund_shipping_lines": [],
        "order_adjustments": [],
        "transactions": [payment],
    }


def encode(body: Doc) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def sign(secret: str, raw: bytes) -> str:
    """The value of X-Shopify-Hmac-Sha256."""
    return base64.b64encode(hmac.digest(secret.encode(), raw, hashlib.sha256)).decode()


def money_set(cents: int) -> Doc:
    both = {"amount": _text(cents), "currency_code": CURRENCY}
    return {"shop_money": both, "presentment_money": dict(both)}


def _line(number: int, at: int, *, returned: bool) -> Doc:
    line: Doc = copy.deepcopy(_TEMPLATE["line_items"][0])
    line |= {"id": _id(number) + 1 + at, "admin_graphql_api_id": f"gid://shopify/LineItem/{_id(number) + 1 + at}"}
    line |= {"product_id": _FIRST_ID - 100 + at % 3, "variant_id": _FIRST_ID - 90 + at % 3}
    line |= {"vendor": VENDORS[at % 3], "current_quantity": 0 if returned else 1}
    return line


def _amounts(lines: int, refunded: int) -> dict[str, int]:
    goods, tax = lines * PRICE, lines * PRICE_TAX + SHIPPING_TAX
    return {
        "subtotal_price": goods,
        "total_line_items_price": goods,
        "total_tax": tax,
        "total_price": total_of(lines),
        "current_subtotal_price": goods - refunded * PRICE,
        "current_total_tax": tax - refunded * PRICE_TAX,
        "current_total_price": total_of(lines) - refunded * (PRICE + PRICE_TAX),
    }


def _times(number: int, age_seconds: int) -> tuple[str, str]:
    sold = START + timedelta(seconds=number)
    return sold.isoformat(), (sold + timedelta(seconds=age_seconds)).isoformat()


def _id(number: int) -> int:
    """Room for a thousand ids of lines and refunds between two orders."""
    return _FIRST_ID + number * 1000


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
