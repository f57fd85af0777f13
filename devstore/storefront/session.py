"""Who is looking, and with which cart. Two shops share a host name here, so each cookie carries its shop's name."""

import secrets

from flask import Response, g, request

from devstore.clock import iso
from devstore.current import get_store, get_storefront_shop
from devstore.store import Doc

_THIRTY_DAYS = 30 * 24 * 3600


def _cookie(name: str) -> str:
    return f"{name}-{get_storefront_shop().partition('.')[0]}"


def current_customer() -> Doc | None:
    """The signed-in customer."""
    store, shop = get_store(), get_storefront_shop()
    token = request.cookies.get(_cookie("customer"))
    session = store.find(shop, "customer_session", token=token) if token else None
    return store.get(shop, "customer", session["customer_id"]) if session else None


def sign_in(response: Response, customer: Doc) -> Response:
    """A fresh token at every sign-in, so that a planted one is worth nothing."""
    store, token = get_store(), secrets.token_urlsafe(32)
    doc = {"token": token, "customer_id": customer["id"], "created_at": iso(store.clock.now())}
    store.put(get_storefront_shop(), "customer_session", doc)
    response.set_cookie(_cookie("customer"), token, max_age=_THIRTY_DAYS, httponly=True, samesite="Lax")
    return response


def sign_out(response: Response) -> Response:
    store, shop = get_store(), get_storefront_shop()
    session = store.find(shop, "customer_session", token=request.cookies.get(_cookie("customer"), ""))
    if session:
        store.delete(shop, "customer_session", session["id"])
    response.delete_cookie(_cookie("customer"))
    return response


def current_cart() -> Doc:
    """The visitor's open cart, read anew each time; a new empty one, not yet stored, when there is none."""
    token = request.cookies.get(_cookie("cart"))
    found = get_store().find(get_storefront_shop(), "cart", token=token) if token else None
    if found and not found.get("order_token"):
        return found
    if "new_cart_token" not in g:
        g.new_cart_token = secrets.token_hex(16)
    return {"token": g.new_cart_token, "lines": [], "note": "", "attributes": {}}


def save_cart(cart: Doc) -> Doc:
    """Write the cart; `remember_cart` then tells the browser."""
    store = get_store()
    return store.put(get_storefront_shop(), "cart", {**cart, "updated_at": iso(store.clock.now())})


def remember_cart(response: Response) -> Response:
    """After a request that stored a new cart, the browser keeps its token."""
    token = g.get("new_cart_token")
    if token and get_store().find(get_storefront_shop(), "cart", token=token):
        response.set_cookie(_cookie("cart"), token, max_age=_THIRTY_DAYS, httponly=True, samesite="Lax")
    return response
