"""From what a buyer asks for to what it costs: variants found, stock checked, codes and rates looked up, all priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from devstore.orders import stock
from devstore.orders.amounts import minor
from devstore.orders.errors import OrderError
from devstore.orders.pricing import CartLine, Discount, Priced, price_cart
from devstore.orders.purchase import LineRequest
from devstore.products import find_variant
from devstore.store import Doc, Store


@dataclass(frozen=True)
class BasketLine:
    """A line with the documents it was read from and the place it ships from."""

    product: Doc
    variant: Doc
    quantity: int
    properties: Mapping[str, str]
    location_id: int


@dataclass(frozen=True)
class Basket:
    """Everything an order needs to know about what is bought. ``priced.lines`` are in the order of ``lines``."""

    lines: tuple[BasketLine, ...]
    discounts: tuple[Discount, ...]
    shipping_rate: Doc | None
    priced: Priced

    @property
    def requires_shipping(self) -> bool:
        return any(line.variant.get("requires_shipping", True) for line in self.lines)


def fill_basket(
    store: Store,
    shop: str,
    lines: Sequence[LineRequest],
    *,
    discount_codes: Sequence[str] = (),
    shipping_rate_code: str | None = None,
) -> Basket:
    """Look everything up and price it in shop currency. Raises OrderError with the field that is wrong."""
    settings = shop_settings(store, shop)
    if not lines:
        raise OrderError("The cart is empty", ["lines"], "BLANK")
    found = tuple(_line(store, shop, request, at) for at, request in enumerate(lines))
    _check_stock(store, shop, found)
    discounts = tuple(_discount(store, shop, settings, code) for code in dict.fromkeys(discount_codes))
    rate = _shipping_rate(settings, shipping_rate_code)
    priced = price_cart(
        [_cart_line(line, settings["currency"]) for line in found],
        discounts,
        shipping=minor(rate["price"], settings["currency"]) if rate else None,
        tax_rate=Decimal(settings["tax_rate"]),
        taxes_included=settings["taxes_included"],
    )
    return Basket(found, discounts, rate, priced)


def shop_settings(store: Store, shop: str) -> Doc:
    settings = store.find(shop, "shop")
    if settings is None:
        raise LookupError(f"There is no shop {shop}")
    return settings


def _line(store: Store, shop: str, request: LineRequest, at: int) -> BasketLine:
    path = ["lines", str(at)]
    quantity = request["quantity"]
    if quantity < 1:
        raise OrderError("Quantity must be 1 or more", [*path, "quantity"], "GREATER_THAN_OR_EQUAL_TO")
    found = find_variant(store, shop, request["variant_id"])
    if found is None:
        raise OrderError("This product is no longer sold", [*path, "variant_id"], "NOT_FOUND")
    product, variant = found
    place = stock.place_for(store, shop, variant, quantity)
    return BasketLine(product, variant, quantity, request.get("properties") or {}, place)


def _check_stock(store: Store, shop: str, lines: Sequence[BasketLine]) -> None:
    wanted: dict[int, int] = {}
    for at, line in enumerate(lines):
        variant_id = line.variant["id"]
        wanted[variant_id] = wanted.get(variant_id, 0) + line.quantity
        left = stock.shortage(store, shop, line.variant, wanted[variant_id])
        if left is not None:
            title = line.product["title"]
            message = f"Only {left} of {title} left" if left > 0 else f"{title} is sold out"
            raise OrderError(message, ["lines", str(at), "quantity"], "OUT_OF_STOCK")


def _discount(store: Store, shop: str, settings: Doc, code: str) -> Discount:
    known = (entry for entry in store.all(shop, "discount_code") if entry["code"].upper() == code.strip().upper())
    entry: dict[str, Any] | None = next(known, None)
    if entry is None:
        raise OrderError(f"The discount code {code} is not valid", ["discount_codes"], "INVALID")
    fixed = entry["kind"] == "fixed_amount"
    value = Decimal(minor(entry["value"], settings["currency"])) if fixed else Decimal(entry.get("value", "0"))
    only = entry.get("product_ids")
    return Discount(entry["code"], entry["kind"], value, None if only is None else frozenset(only))


def _shipping_rate(settings: Doc, code: str | None) -> Doc | None:
    if code is None:
        return None
    rate: Doc | None = next((rate for rate in settings["shipping_rates"] if rate["code"] == code), None)
    if rate is None:
        raise OrderError("Choose a shipping method", ["shipping_rate_code"], "INVALID")
    return rate


def _cart_line(line: BasketLine, currency: str) -> CartLine:
    price = minor(line.variant["price"], currency)
    return CartLine(line.product["id"], price, line.quantity, line.variant.get("taxable", True))
