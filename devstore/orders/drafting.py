"""The document of an order about to be placed."""

import secrets
from decimal import Decimal

from devstore.clock import iso
from devstore.orders.amounts import text
from devstore.orders.basket import Basket, BasketLine, shop_settings
from devstore.orders.errors import OrderError
from devstore.orders.pricing import Discount, PricedLine
from devstore.orders.purchase import Address, Purchase
from devstore.store import Doc, Store

_ADDRESS_KEYS = (
    "first_name", "last_name", "company", "address1", "address2", "city", "province", "province_code",
    "country", "country_code", "zip", "phone",
)  # fmt: skip


def draft_order(store: Store, shop: str, basket: Basket, customer: Doc, purchase: Purchase) -> Doc:
    """The order's document with the shop's next number, without payment, routing or standing."""
    settings = shop_settings(store, shop)
    number = _next_number(store, shop, settings)
    created_at = iso(purchase.get("created_at") or store.clock.now())
    gateway = purchase.get("gateway", "bogus")
    return {
        "id": store.next_id(),
        "shop_id": settings["id"],
        "shop_domain": shop,
        "timezone": settings["timezone"],
        "name": f"#{number}",
        "number": number - 1000,
        "order_number": number,
        "token": secrets.token_hex(16),
        "checkout_id": store.next_id(),
        "checkout_token": secrets.token_hex(16),
        "confirmation_number": secrets.token_hex(5).upper()[:9],
        "email": purchase.get("email") or customer["email"],
        "phone": None,
        "customer_id": customer["id"],
        **_currency(settings, purchase.get("currency_presentment")),
        "taxes_included": settings["taxes_included"],
        "test": purchase.get("test", False),
        "created_at": created_at,
        "processed_at": created_at,
        "cancelled_at": None,
        "cancel_reason": None,
        "closed_at": None,
        "gateway": gateway,
        "payment_gateway_names": [gateway],
        "note": purchase.get("note"),
        "cart_token": purchase.get("cart_token"),
        "note_attributes": [{"name": k, "value": v} for k, v in (purchase.get("note_attributes") or {}).items()],
        "tags": [],
        "shipping_address": full_address(purchase.get("shipping_address")),
        "billing_address": full_address(purchase.get("billing_address") or purchase.get("shipping_address")),
        **_priced_parts(store, settings, basket),
        **{part: [] for part in ("transactions", "refunds", "fulfillments", "fulfillment_orders", "timeline")},
    }


def _next_number(store: Store, shop: str, settings: Doc) -> int:
    number = int(settings.get("order_number", 1000)) + 1
    store.put(shop, "shop", {**settings, "order_number": number})
    return number


def full_address(address: Address | None) -> Doc | None:
    """Every key of a Shopify address, with `name`; None stays None."""
    if not address:
        return None
    whole: Doc = {key: address.get(key) for key in _ADDRESS_KEYS}
    return {**whole, "name": " ".join(filter(None, [whole["first_name"], whole["last_name"]]))}


def _currency(settings: Doc, presentment: str | None) -> Doc:
    """The buyer's currency, and what one unit of shop currency is worth in it."""
    currency = settings["currency"]
    if presentment in (None, currency):
        return {"currency": currency, "presentment_currency": currency, "presentment_rate": "1"}
    rate = settings.get("presentment_rates", {}).get(presentment)
    if rate is None:
        raise OrderError(f"This shop does not sell in {presentment}", ["currency_presentment"], "INVALID")
    return {"currency": currency, "presentment_currency": presentment, "presentment_rate": str(Decimal(rate))}


def _priced_parts(store: Store, settings: Doc, basket: Basket) -> Doc:
    """Line items, shipping lines, discounts and totals."""
    priced, currency = basket.priced, settings["currency"]
    return {
        "line_items": line_items(store, settings, basket),
        "shipping_lines": _shipping_lines(store, settings, basket),
        "discount_codes": _discount_codes(basket, currency),
        "discount_applications": [_application(discount, currency) for discount in basket.discounts],
        "subtotal_price": text(priced.subtotal, currency),
        "total_line_items_price": text(sum(line.gross for line in priced.lines), currency),
        "total_discounts": text(priced.discounts, currency),
        "total_shipping_price": text(priced.shipping.net if priced.shipping else 0, currency),
        "total_tax": text(priced.tax, currency),
        "total_price": text(priced.total, currency),
    }


def line_items(store: Store, settings: Doc, basket: Basket) -> list[Doc]:
    """The basket's lines as an order holds them, before its standing is computed."""
    costs = zip(basket.lines, basket.priced.lines, strict=True)
    return [_line_item(store, settings, line, cost) for line, cost in costs]


def _line_item(store: Store, settings: Doc, line: BasketLine, cost: PricedLine) -> Doc:
    product, variant = line.product, line.variant
    variant_title = None if variant.get("title") in (None, "Default Title") else variant["title"]
    return {
        "id": store.next_id(),
        "product_id": product["id"],
        "variant_id": variant["id"],
        "inventory_item_id": variant["inventory_item_id"],
        "location_id": line.location_id,
        "title": product["title"],
        "variant_title": variant_title,
        "name": f"{product['title']} - {variant_title}" if variant_title else product["title"],
        "sku": variant.get("sku"),
        "vendor": product.get("vendor"),
        "price": variant["price"],
        "quantity": line.quantity,
        "grams": int(variant.get("weight_grams") or 0),
        "requires_shipping": variant.get("requires_shipping", True),
        "taxable": variant.get("taxable", True),
        "tracked": variant.get("tracked", True),
        "gift_card": product.get("gift_card", False),
        "properties": [{"name": name, "value": value} for name, value in line.properties.items()],
        "tax_lines": _tax_lines(settings, cost) if variant.get("taxable", True) else [],
        "discount_allocations": _allocations(cost, settings["currency"]),
    }


def _shipping_lines(store: Store, settings: Doc, basket: Basket) -> list[Doc]:
    rate, cost = basket.shipping_rate, basket.priced.shipping
    if rate is None or cost is None:
        return []
    line = {
        "id": store.next_id(),
        "title": rate["title"],
        "code": rate["code"],
        "source": "shopify",
        "price": rate["price"],
        "tax_lines": _tax_lines(settings, cost),
        "discount_allocations": _allocations(cost, settings["currency"]),
    }
    return [line]


def _tax_lines(settings: Doc, cost: PricedLine) -> list[Doc]:
    if Decimal(settings["tax_rate"]) == 0:
        return []
    title = settings.get("tax_title", "Tax")
    return [{"title": title, "rate": settings["tax_rate"], "price": text(cost.tax, settings["currency"])}]


def _allocations(cost: PricedLine, currency: str) -> list[Doc]:
    return [
        {"amount": text(share.amount, currency), "discount_application_index": share.discount} for share in cost.shares
    ]


def _discount_codes(basket: Basket, currency: str) -> list[Doc]:
    shares = [share for part in basket.priced.parts for share in part.shares]
    return [
        {
            "code": discount.code,
            "amount": text(sum(share.amount for share in shares if share.discount == at), currency),
            "type": "shipping" if discount.kind == "free_shipping" else discount.kind,
        }
        for at, discount in enumerate(basket.discounts)
    ]


def _application(discount: Discount, currency: str) -> Doc:
    """How Shopify describes a discount on the order; the allocations point at it by its position."""
    shipping = discount.kind == "free_shipping"
    fixed = discount.kind == "fixed_amount"
    return {
        "target_type": "shipping_line" if shipping else "line_item",
        "type": "discount_code",
        "value": text(int(discount.value), currency) if fixed else "100.0" if shipping else str(discount.value),
        "value_type": "fixed_amount" if fixed else "percentage",
        "allocation_method": "each" if shipping else "across",
        "target_selection": "all" if discount.product_ids is None else "entitled",
        "code": discount.code,
    }
