"""Webhooks of carts and checkouts."""

from typing import Any

from devstore.current import get_store, get_storefront_shop
from devstore.store import Doc
from devstore.storefront import cart as carts
from devstore.storefront.objects import Objects
from devstore.webhooks import emit


def cart_changed(cart: Doc, *, is_new: bool) -> None:
    """`carts/create` or `carts/update`; call it within the transaction that stored the cart."""
    _emit("carts/create" if is_new else "carts/update", {"id": cart["token"], **_cart_body(cart)})


def checkout_changed(cart: Doc, answers: Doc, *, is_new: bool) -> None:
    """`checkouts/create` when somebody comes to the checkout, `checkouts/update` when they fill it in."""
    address = {name: answers.get(name) for name in ("first_name", "last_name", "address1", "city", "zip")}
    rate = answers.get("shipping_rate")
    body = {
        **_cart_body(cart),
        "id": cart["id"],
        "token": f"checkout-{cart['token']}",
        "cart_token": cart["token"],
        "email": answers.get("email") or None,
        "shipping_address": address if any(address.values()) else None,
        "shipping_lines": [{"code": rate, "title": rate, "price": "0.00"}] if rate and answers.get("email") else [],
        "completed_at": None,
    }
    _emit("checkouts/create" if is_new else "checkouts/update", body)


def _cart_body(cart: Doc) -> dict[str, Any]:
    objects = Objects(get_store(), get_storefront_shop())
    lines = [
        {
            "id": item["variant_id"],
            "variant_id": item["variant_id"],
            "product_id": item["product_id"],
            "quantity": item["quantity"],
            "key": item["key"],
            "title": item["title"],
            "properties": item["properties"],
        }
        for item in carts.cart_drop(objects, cart)["items"]
    ]
    # To the millisecond, as Shopify has it for carts: two changes within a second must be told apart.
    at = get_store().clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"token": cart["token"], "note": cart["note"], "line_items": lines, "updated_at": at}


def _emit(topic: str, body: Doc) -> None:
    emit(get_store(), get_storefront_shop(), topic, body)
