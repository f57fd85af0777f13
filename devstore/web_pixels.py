"""Web pixels: which one the app has in a shop, what it is told of each page, and the file that runs."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from devstore.config import Config
from devstore.store import Doc, Store

SPECIFIER = re.compile(r"""(from\s*)?(['"])@shopify/web-pixels-extension\2""")
FOLDER = "web-pixel"


class SettingsError(ValueError):
    """Settings that do not fit the extension's own definition, in Shopify's code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def folder_of(config: Config) -> Path:
    """The app's pixel stands beside its theme extension."""
    return config.extension_dir.resolve().parent / FOLDER


def find_extension(config: Config) -> Mapping[str, Any] | None:
    """The extension's toml; None when the app has no pixel."""
    path = folder_of(config) / "shopify.extension.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def check_settings(config: Config, given: Any) -> Doc:
    """Settings as an object of texts. Raises SettingsError."""
    extension = find_extension(config)
    if extension is None:
        raise SettingsError("NO_EXTENSION", "No extension found.")
    try:
        settings = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise SettingsError("INVALID_CONFIGURATION_JSON", "The provided settings is not a valid JSON.")
    fields = extension.get("settings", {}).get("fields", {})
    fit = set(settings) == set(fields) and all(isinstance(value, str) and value for value in settings.values())
    if not fit:
        said = "The provided settings does not match the expected settings definition on the app."
        raise SettingsError("INVALID_SETTINGS", said)
    return settings


def read_source(config: Config, runtime: str) -> str:
    """The pixel's module, with the package that Shopify bundles into it replaced by the address of a stand-in."""
    source = (folder_of(config) / "src" / "index.js").read_text(encoding="utf-8")
    return SPECIFIER.sub(lambda found: f"{found[1] or ''}{json.dumps(runtime)}", source)


def list_active(store: Store, shop: str, config: Config) -> list[Doc]:
    """What runs in the shop: the pixel's settings, and whether it waits for consent to analytics."""
    extension = find_extension(config)
    if extension is None or store.find(shop, "installation") is None:
        return []
    consent = {
        name: bool(extension["customer_privacy"].get(name)) for name in ("analytics", "marketing", "preferences")
    }
    return [
        {"id": pixel["id"], "settings": pixel["settings"], "needs": consent} for pixel in store.all(shop, "web_pixel")
    ]


# -- the standard events, as far as the pixel interface's fields are used ---------------------------------------------


def event_of(template: str, method: str, scope: Mapping[str, Any]) -> Doc | None:
    """What happens by opening this page: {name, data}, or None."""
    makers = {
        "product": ("product_viewed", _product_viewed),
        "collection": ("collection_viewed", _collection_viewed),
        "search": ("search_submitted", _search_submitted),
        "cart": ("cart_viewed", _cart_viewed),
        "checkout/checkout": ("checkout_started", _checkout_started),
        "checkout/thank-you": ("checkout_completed", _checkout_completed),
    }
    if template not in makers or method != "GET":
        return None
    name, make = makers[template]
    data = make(scope)
    return {"name": name, "data": data} if data else None


def cart_line(item: Mapping[str, Any], currency: str) -> Doc:
    """A line of the cart, as `product_added_to_cart` and `cart_viewed` carry it."""
    variant = _variant(item["product"], item["variant"], currency)
    total = _money(item["line_price"], currency)
    return {"merchandise": variant, "quantity": item["quantity"], "cost": {"totalAmount": total}}


def _product_viewed(scope: Mapping[str, Any]) -> Doc:
    product = scope["product"]
    return {"productVariant": _variant(product, product["selected_or_first_available_variant"], _currency(scope))}


def _collection_viewed(scope: Mapping[str, Any]) -> Doc:
    collection = scope["collection"]
    shown = {"id": str(collection["id"]), "title": collection["title"]}
    return {"collection": {**shown, "productVariants": _first_variants(collection["products"], scope)}}


def _search_submitted(scope: Mapping[str, Any]) -> Doc | None:
    search = scope["search"]
    if not search["performed"]:
        return None
    return {"searchResult": {"query": search["terms"], "productVariants": _first_variants(search["results"], scope)}}


def _cart_viewed(scope: Mapping[str, Any]) -> Doc:
    cart, currency = scope["cart"], _currency(scope)
    lines = [cart_line(item, currency) for item in cart["items"]]
    total = {"totalAmount": _money(cart["total_price"], currency)}
    return {"cart": {"id": cart["token"], "lines": lines, "cost": total, "totalQuantity": cart["item_count"]}}


def _checkout_started(scope: Mapping[str, Any]) -> Doc:
    cart, currency = scope["cart"], _currency(scope)
    lines = [
        {"quantity": item["quantity"], "title": item["title"], "variant": cart_line(item, currency)["merchandise"]}
        for item in cart["items"]
    ]
    total = _money(cart["total_price"], currency)
    return {"checkout": {"token": cart["token"], "currencyCode": currency, "lineItems": lines, "totalPrice": total}}


def _checkout_completed(scope: Mapping[str, Any]) -> Doc:
    lines = [
        {"quantity": item["quantity"], "title": item["title"], "variant": {"product": {"id": str(item["product_id"])}}}
        for item in scope["order"]["line_items"]
    ]
    return {"checkout": {"token": "", "currencyCode": _currency(scope), "lineItems": lines}}


def _first_variants(products: Iterable[Any], scope: Mapping[str, Any]) -> list[Doc]:
    shown = [product for product in products if product["variants"]]
    return [_variant(product, product["variants"][0], _currency(scope)) for product in shown]


def _variant(product: Any, variant: Any, currency: str) -> Doc:
    about = {"id": str(product["id"]), "title": product["title"], "vendor": product["vendor"], "url": product["url"]}
    return {
        "id": str(variant["id"]),
        "title": variant["title"],
        "sku": variant["sku"],
        "price": _money(variant["price"], currency),
        "product": {**about, "type": product["type"]},
    }


def _money(cents: int, currency: str) -> Doc:
    return {"amount": cents / 100, "currencyCode": currency}


def _currency(scope: Mapping[str, Any]) -> str:
    return str(scope["shop"]["currency"])
