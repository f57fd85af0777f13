"""The cart: what may be put in it, and what it looks like to Liquid and to the Ajax API."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from devstore.store import Doc, Store
from devstore.storefront import catalogue
from devstore.storefront.drops import Drop
from devstore.storefront.objects import Objects

_MOST_UNITS = 1_000_000


class CartError(ValueError):
    """The cart refuses, in Shopify's words. `status` is 404 for an unknown variant or line, else 422."""

    def __init__(self, description: str, status: int = 422) -> None:
        super().__init__(description)
        self.description = description
        self.status = status


def line_key(line: Doc) -> str:
    """Names a line: the variant and a digest of what the customer wrote on it."""
    written = json.dumps(line["properties"], sort_keys=True)
    return f"{line['variant_id']}:{hashlib.sha256(written.encode()).hexdigest()[:32]}"


def add(store: Store, shop: str, cart: Doc, variant_id: int, quantity: int, properties: Mapping[str, str]) -> str:
    """Put units into the cart and return the line's key. Raises CartError and then changes nothing."""
    if not 1 <= quantity <= _MOST_UNITS:
        raise CartError("Quantity must be 1 or more")
    line: Doc = {"variant_id": variant_id, "quantity": quantity, "properties": dict(properties)}
    _check_stock(store, shop, cart, variant_id, quantity)
    same = next((old for old in cart["lines"] if line_key(old) == line_key(line)), None)
    if same:
        same["quantity"] += quantity
    else:
        cart["lines"].insert(0, line)
    return line_key(line)


def set_quantity(store: Store, shop: str, cart: Doc, line: Doc, quantity: int) -> None:
    """Nought takes the line out. Raises CartError when there is not enough."""
    if not 0 <= quantity <= _MOST_UNITS:
        raise CartError("Quantity must be 0 or more")
    if quantity > line["quantity"]:
        _check_stock(store, shop, cart, line["variant_id"], quantity - line["quantity"])
    line["quantity"] = quantity
    cart["lines"] = [kept for kept in cart["lines"] if kept["quantity"] > 0]


def find_line(cart: Doc, name: str) -> Doc | None:
    """A line by its key or by its variant's id."""
    return next((line for line in cart["lines"] if name in {line_key(line), str(line["variant_id"])}), None)


def _check_stock(store: Store, shop: str, cart: Doc, variant_id: int, more: int) -> None:
    found = catalogue.find_variant(store, shop, variant_id)
    if found is None:
        raise CartError("Cannot find variant", 404)
    product, variant = found
    stock = catalogue.stock_of(variant)
    held = sum(line["quantity"] for line in cart["lines"] if line["variant_id"] == variant_id)
    if stock is None or held + more <= stock:
        return
    name = product["title"] if variant["title"] == "Default Title" else f"{product['title']} - {variant['title']}"
    if stock <= 0:
        raise CartError(f"The product '{name}' is already sold out.")
    if held:
        raise CartError(f"All {stock} {name} are in your cart.")
    raise CartError(f"You can only add {stock} {name} to the cart.")


def cart_drop(objects: Objects, cart: Doc) -> Drop:
    """The `cart` object. Lines whose product has left the shop are not shown and not counted."""
    items = [item for line in cart["lines"] if (item := line_item(objects, line)) is not None]
    total = sum(item["line_price"] for item in items)
    shop = objects.store.find(objects.shop, "shop") or {}
    return Drop(
        token=cart["token"],
        note=cart["note"],
        attributes=cart["attributes"],
        items=items,
        item_count=sum(item["quantity"] for item in items),
        original_total_price=total,
        total_price=total,
        total_discount=0,
        items_subtotal_price=total,
        total_weight=sum(item["grams"] * item["quantity"] for item in items),
        requires_shipping=any(item["requires_shipping"] for item in items),
        currency=Drop(iso_code=shop["currency"]),
        cart_level_discount_applications=[],
        **{"empty?": not items},
    )


def line_item(objects: Objects, line: Doc) -> Drop | None:
    found = catalogue.find_variant(objects.store, objects.shop, line["variant_id"])
    if found is None:
        return None
    product, variant = objects.product(found[0]), objects.variant(*found)
    title = product["title"] if variant["title"] == "Default Title" else f"{product['title']} - {variant['title']}"
    image = variant["image"] or product["featured_image"]
    return Drop(
        id=variant["id"],
        key=line_key(line),
        product_id=product["id"],
        variant_id=variant["id"],
        title=title,
        product_title=product["title"],
        variant_title=None if variant["title"] == "Default Title" else variant["title"],
        variant_options=variant["options"],
        options_with_values=_options(product, variant),
        quantity=line["quantity"],
        properties=line["properties"],
        sku=variant["sku"],
        grams=variant["weight"],
        vendor=product["vendor"],
        product_type=product["type"],
        handle=product["handle"],
        url=variant["url"],
        image=image,
        taxable=variant["taxable"],
        gift_card=False,
        requires_shipping=variant["requires_shipping"],
        product_has_only_default_variant=product["has_only_default_variant"],
        product=product,
        variant=variant,
        **_amounts(variant["price"], line["quantity"]),
    )


def _amounts(price: int, quantity: int) -> dict[str, Any]:
    """Codes are entered at the checkout, so that a line in the cart costs what it says."""
    each = dict.fromkeys(("price", "original_price", "final_price", "discounted_price"), price)
    whole = dict.fromkeys(("line_price", "original_line_price", "final_line_price"), price * quantity)
    return {**each, **whole, "total_discount": 0, "discounts": []}


def _options(product: Drop, variant: Drop) -> list[Drop]:
    pairs = zip(product["options"], variant["options"], strict=False)
    return [Drop(name=name, value=value) for name, value in pairs]


def cart_json(cart: Drop) -> dict[str, Any]:
    """The body of /cart.js."""
    names = ("token", "note", "attributes", "original_total_price", "total_price", "total_discount", "total_weight",
             "item_count", "requires_shipping", "items_subtotal_price", "cart_level_discount_applications")  # fmt: skip
    items = [item_json(item) for item in cart["items"]]
    return {**{name: cart[name] for name in names}, "items": items, "currency": cart["currency"]["iso_code"]}


def item_json(item: Drop) -> dict[str, Any]:
    """A line as the Ajax API writes it."""
    described = {
        name: item[name] for name in item if name not in {"product", "variant", "image", "options_with_values"}
    }
    image = item["image"]
    return {
        **described,
        "image": image["src"] if image else None,
        "featured_image": {name: image[name] for name in ("src", "alt", "width", "height")} if image else {},
        "product_description": item["product"]["description"],
        "options_with_values": [dict(option) for option in item["options_with_values"]],
    }
