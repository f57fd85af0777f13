"""The cart's addresses: the Ajax API, and the same for plain forms."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request

from devstore.current import get_store, get_storefront_shop
from devstore.store import Doc
from devstore.storefront import announce, pages
from devstore.storefront import cart as carts
from devstore.storefront.cart import CartError
from devstore.storefront.objects import Objects
from devstore.storefront.session import current_cart, save_cart

bp = Blueprint("cart", __name__)
_PROPERTY = re.compile(r"^properties\[(?P<name>[^\]]+)\]$")
_UPDATE = re.compile(r"^updates\[(?P<name>[^\]]*)\]$")
_ATTRIBUTE = re.compile(r"^attributes\[(?P<name>[^\]]+)\]$")


@bp.errorhandler(CartError)
def refused(error: CartError) -> Any:
    if request.path.endswith(".js"):
        body = {"status": error.status, "message": "Cart Error", "description": error.description}
        return jsonify(body), error.status
    return pages.render("cart", "Your cart", status=error.status, error=error.description)


@bp.get("/cart.js")
@bp.get("/cart.json")
def show() -> Response:
    return _cart_json(current_cart())


@bp.get("/cart")
def page() -> Response:
    return pages.render("cart", "Your cart")


@bp.post("/cart")
def page_changed() -> Any:
    """The cart page's own form: quantities by line, the note, and perhaps on to the checkout."""
    _write(_update)
    return redirect("/checkout" if "checkout" in request.form else "/cart", 303)


@bp.post("/cart/add")
@bp.post("/cart/add.js")
def add() -> Any:
    wanted = _wanted()
    keys: list[str] = []

    def put_in(cart: Doc) -> None:
        for item in wanted:
            variant_id = _whole(item.get("id"), "variant")
            quantity = _whole(item.get("quantity", 1), "quantity")
            properties = {str(k): str(v) for k, v in (item.get("properties") or {}).items()}
            keys.append(carts.add(get_store(), get_storefront_shop(), cart, variant_id, quantity, properties))

    cart = _write(put_in)
    if not request.path.endswith(".js"):
        return redirect("/cart", 303)
    items = [carts.item_json(carts.line_item(_objects(), carts.find_line(cart, key) or {})) for key in keys]  # type: ignore[arg-type]
    return jsonify({"items": items} if "items" in _body() else items[0])


@bp.post("/cart/update")
@bp.post("/cart/update.js")
def update() -> Any:
    cart = _write(_update)
    return _cart_json(cart) if request.path.endswith(".js") else redirect("/cart", 303)


@bp.post("/cart/change")
@bp.post("/cart/change.js")
def change() -> Any:
    body = _body()

    def alter(cart: Doc) -> None:
        number = _whole(body["line"], "line") if "line" in body else 0
        if "line" in body:
            line = cart["lines"][number - 1] if 1 <= number <= len(cart["lines"]) else None
        else:
            line = carts.find_line(cart, str(body.get("id", "")))
        if line is None:
            raise CartError("no valid id or line parameter", 400)
        if "properties" in body:
            line["properties"] = {str(k): str(v) for k, v in body["properties"].items()}
        quantity = _whole(body.get("quantity", line["quantity"]), "quantity")
        carts.set_quantity(get_store(), get_storefront_shop(), cart, line, quantity)

    cart = _write(alter)
    return _cart_json(cart) if request.path.endswith(".js") else redirect("/cart", 303)


@bp.post("/cart/clear")
@bp.post("/cart/clear.js")
def clear() -> Any:
    cart = _write(lambda cart: cart.update(lines=[]))
    return _cart_json(cart) if request.path.endswith(".js") else redirect("/cart", 303)


def _write(change_it: Callable[[Doc], None]) -> Doc:
    """Read, change and write the cart as one step, so that two quick clicks both count."""
    with get_store().transaction():
        cart = current_cart()
        before = [dict(line) for line in cart["lines"]]
        change_it(cart)
        stored = save_cart(cart)
        if stored["lines"] != before:
            announce.cart_changed(stored, is_new="id" not in cart)
        return stored


def _update(cart: Doc) -> None:
    body = _body()
    updates = body.get("updates", {})
    if isinstance(updates, list):
        updates = {carts.line_key(line): quantity for line, quantity in zip(list(cart["lines"]), updates, strict=False)}
    for name, quantity in updates.items():
        line = carts.find_line(cart, str(name))
        if line is None:
            raise CartError("Cannot find variant", 404)
        carts.set_quantity(get_store(), get_storefront_shop(), cart, line, _whole(quantity, "quantity"))
    if "note" in body:
        cart["note"] = str(body["note"])[:5000]
    cart["attributes"] |= {str(k): str(v) for k, v in body.get("attributes", {}).items()}


def _wanted() -> list[Mapping[str, Any]]:
    body = _body()
    return list(body["items"]) if "items" in body else [body]


def _body() -> dict[str, Any]:
    """The request's fields, whether sent as JSON or as a form."""
    if request.is_json:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise CartError("The request body is not valid JSON", 400)
        return body
    form = request.form
    named = {_UPDATE: "updates", _PROPERTY: "properties", _ATTRIBUTE: "attributes"}
    body = {key: value for key, value in form.items() if "[" not in key}
    for pattern, name in named.items():
        found = {match["name"]: form[key] for key in form if (match := pattern.match(key)) and match["name"]}
        if found:
            body[name] = found
    if "updates[]" in form and "updates" not in body:
        body["updates"] = form.getlist("updates[]")
    return body


def _whole(value: Any, what: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise CartError("Cannot find variant" if what == "variant" else f"The {what} must be a whole number") from None


def _objects() -> Objects:
    return Objects(get_store(), get_storefront_shop())


def _cart_json(cart: Doc) -> Response:
    return jsonify(carts.cart_json(carts.cart_drop(_objects(), cart)))
