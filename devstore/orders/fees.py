"""What Shopify Payments keeps of a payment. Other gateways keep theirs out of Shopify's sight."""

from decimal import Decimal
from typing import Final

from devstore.gids import gid
from devstore.orders.amounts import text
from devstore.orders.standing import money
from devstore.store import Doc

GATEWAY: Final = "shopify_payments"
_RATE: Final = Decimal("0.029")
_FLAT_MINOR: Final = 30


def fee_views(order: Doc, entry: Doc) -> list[Doc]:
    """The fees of a transaction as the Admin API lists them: a rate, and a flat part."""
    if entry["gateway"] != GATEWAY or entry["kind"] not in {"sale", "capture"}:
        return []
    whole = round(money(order, entry["amount"]) * _RATE) + _FLAT_MINOR
    currency = order["currency"]

    def amount(minor: int) -> Doc:
        return {"amount": text(minor, currency), "currencyCode": currency}

    return [
        {
            "id": gid("TransactionFee", entry["id"]),
            "amount": amount(whole),
            "flatFee": amount(_FLAT_MINOR),
            "flatFeeName": "30¢",
            "rate": str(_RATE),
            "rateName": "2.9%",
            "taxAmount": amount(0),
            "type": "processing_fee",
        }
    ]
