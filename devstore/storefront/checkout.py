"""The checkout: one page with contact, delivery, shipping method, discount code and payment; then thank you."""

from collections.abc import Mapping
from typing import Any

from babel import Locale
from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, redirect, request

from devstore.current import get_store, get_storefront_shop
from devstore.orders.basket import Basket, fill_basket
from devstore.orders.checkout import create_order
from devstore.orders.errors import OrderError
from devstore.store import Doc
from devstore.storefront import announce, pages
from devstore.storefront import cart as carts
from devstore.storefront.catalogue import cents, find_product
from devstore.storefront.drops import Drop
from devstore.storefront.objects import Objects
from devstore.storefront.session import current_cart, current_customer, save_cart

bp = Blueprint("checkout", __name__)

_ADDRESS = ("first_name", "last_name", "address1", "address2", "city", "province", "zip", "country_code", "phone")
_REQUIRED = {
    "first_name": "Enter a first name.",
    "last_name": "Enter a last name.",
    "address1": "Enter an address.",
    "city": "Enter a city.",
    "zip": "Enter a postal code.",
    "country_code": "Choose a country.",
}
_LONGEST = 255
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_NAMES = {str(code): str(name) for code, name in Locale("en").territories.items()}
_COUNTRIES = sorted(
    (code for code in _NAMES if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES), key=_NAMES.__getitem__
)


@bp.get("/checkout")
def show() -> Any:
    cart = current_cart()
    if not cart["lines"]:
        return redirect("/cart", 303)
    answers = cart.get("checkout") or _first_answers()
    if "checkout" not in cart:
        with get_store().transaction():
            announce.checkout_changed(save_cart({**cart, "checkout": answers}), answers, is_new=True)
    return _page(cart, answers, {})


@bp.post("/checkout")
def act() -> Any:
    """`action` is `update` (prices with what is filled in), `remove_discount` or `pay`."""
    done = _order_of(request.form.get("cart_token", ""))
    if done:
        return redirect(f"/checkout/thank-you/{done}", 303)
    cart = current_cart()
    if not cart["lines"]:
        return redirect("/cart", 303)
    answers = _answers()
    if request.form.get("action") == "remove_discount":
        answers["discount_code"] = ""
    with get_store().transaction():
        announce.checkout_changed(save_cart({**cart, "checkout": answers}), answers, is_new="checkout" not in cart)
    if request.form.get("action") != "pay":
        return _page(current_cart(), answers, _discount_error(cart, answers))
    errors = _missing(cart, answers)
    return _page(current_cart(), answers, errors, status=422) if errors else _pay(answers)


def _pay(answers: Doc) -> Any:
    """Place the order and close the cart as one step: a second press finds the first one's order."""
    store, shop = get_store(), get_storefront_shop()
    try:
        with store.transaction():
            cart = current_cart()
            order = create_order(store, shop, **_purchase(cart, answers))
            save_cart({**cart, "order_token": order["token"]})
    except OrderError as refused:
        field = "discount_code" if (refused.field or [""])[0] == "discount_codes" else "form"
        return _page(current_cart(), answers, {field: f"{refused.message}."}, status=422)
    return redirect(f"/checkout/thank-you/{order['token']}", 303)


def _purchase(cart: Doc, answers: Doc) -> dict[str, Any]:
    ships = _ships(cart)
    country = answers["country_code"]
    address = {**{name: answers[name] or None for name in _ADDRESS}, "country": _NAMES.get(country)}
    customer = current_customer()
    return {
        "lines": cart["lines"],
        "customer": customer,
        "email": answers["email"],
        "shipping_address": address if ships else None,
        "shipping_rate_code": answers["shipping_rate"] if ships else None,
        "discount_codes": [answers["discount_code"]] if answers["discount_code"] else [],
        "note": cart["note"] or None,
        "note_attributes": cart["attributes"],
        "cart_token": cart["token"],
    }


@bp.get("/checkout/thank-you/<token>")
def thank_you(token: str) -> Any:
    order = get_store().find(get_storefront_shop(), "order", token=token)
    if order is None:
        return pages.not_found()
    return pages.render("checkout/thank-you", f"Order {order['name']}", order=_order(order))


def _page(cart: Doc, answers: Doc, errors: Mapping[str, str], *, status: int = 200) -> Any:
    ships = _ships(cart)
    if ships and not answers["shipping_rate"]:
        answers = {**answers, "shipping_rate": _rates()[0]["code"] if _rates() else ""}
    problem, price = _price(cart, answers, ships=ships)
    shown = {**({"form": problem} if problem else {}), **errors}
    rates = [Drop(code=rate["code"], title=rate["title"], price=cents(rate["price"])) for rate in _rates()]
    countries = [Drop(code=code, name=_NAMES[code]) for code in _COUNTRIES]
    own = {"answers": Drop(**answers), "errors": shown, "rates": rates, "countries": countries}
    return pages.render("checkout/checkout", "Checkout", status=status, ships=ships, price=price, **own)


def _price(cart: Doc, answers: Doc, *, ships: bool) -> tuple[str | None, Drop | None]:
    """What the cart costs now; with a bad discount code, what it costs without."""
    codes = [answers["discount_code"]] if answers["discount_code"] else []
    rate = answers["shipping_rate"] if ships else None
    store, shop = get_store(), get_storefront_shop()
    try:
        try:
            basket = fill_basket(store, shop, cart["lines"], discount_codes=codes, shipping_rate_code=rate)
        except OrderError as refused:
            if (refused.field or [""])[0] != "discount_codes":
                raise
            basket = fill_basket(store, shop, cart["lines"], shipping_rate_code=rate)
    except OrderError as refused:
        return f"{refused.message}.", None
    return None, _price_drop(basket)


def _price_drop(basket: Basket) -> Drop:
    priced = basket.priced
    return Drop(
        subtotal=sum(line.gross for line in priced.lines),
        discount=priced.discounts,
        codes=[discount.code for discount in basket.discounts],
        shipping=priced.shipping.net if priced.shipping else None,
        tax=priced.tax,
        taxes_included=priced.taxes_included,
        total=priced.total,
    )


def _ships(cart: Doc) -> bool:
    return bool(carts.cart_drop(Objects(get_store(), get_storefront_shop()), cart)["requires_shipping"])


def _rates() -> list[Doc]:
    """Shipping methods, the cheapest first."""
    shop = get_store().find(get_storefront_shop(), "shop") or {}
    return sorted(shop["shipping_rates"], key=lambda rate: cents(rate["price"]) or 0)


def _first_answers() -> Doc:
    """What a signed-in customer need not type again."""
    shop = get_store().find(get_storefront_shop(), "shop") or {}
    customer = current_customer() or {}
    known = (customer.get("addresses") or [{}])[0] or {}
    answers = {name: known.get(name) or "" for name in _ADDRESS}
    answers["first_name"] = answers["first_name"] or customer.get("first_name") or ""
    answers["last_name"] = answers["last_name"] or customer.get("last_name") or ""
    answers["country_code"] = answers["country_code"] or shop["country"]
    return {**answers, "email": customer.get("email") or "", "shipping_rate": "", "discount_code": ""}


def _answers() -> Doc:
    names = (*_ADDRESS, "email", "shipping_rate", "discount_code")
    return {name: request.form.get(name, "").strip()[:_LONGEST] for name in names}


def _missing(cart: Doc, answers: Doc) -> dict[str, str]:
    """What must be put right before paying, by field."""
    errors = {}
    try:
        validate_email(answers["email"], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        errors["email"] = "Enter an email address, such as name@example.com."
    if _ships(cart):
        errors |= {name: text for name, text in _REQUIRED.items() if not answers[name]}
        if answers["country_code"] not in _COUNTRIES:
            errors["country_code"] = _REQUIRED["country_code"]
        if answers["shipping_rate"] not in {rate["code"] for rate in _rates()}:
            errors["shipping_rate"] = "Choose a shipping method."
    return errors | _discount_error(cart, answers)


def _discount_error(cart: Doc, answers: Doc) -> dict[str, str]:
    if not answers["discount_code"]:
        return {}
    try:
        fill_basket(get_store(), get_storefront_shop(), cart["lines"], discount_codes=[answers["discount_code"]])
    except OrderError as refused:
        return {"discount_code": f"{refused.message}."} if (refused.field or [""])[0] == "discount_codes" else {}
    return {}


def _order_of(cart_token: str) -> str | None:
    """Token of the order that this cart already became."""
    cart = get_store().find(get_storefront_shop(), "cart", token=cart_token) if cart_token else None
    return cart.get("order_token") if cart else None


def _order(order: Doc) -> Drop:
    store, shop = get_store(), get_storefront_shop()
    objects = Objects(store, shop)

    def picture(item: Doc) -> Drop | None:
        product = store.get(shop, "product", item["product_id"])
        shown = find_product(store, shop, product["handle"]) if product else None
        return objects.product(shown)["featured_image"] if shown else None

    items = [
        Drop(
            title=item["title"],
            product_id=item["product_id"],
            variant_title=item["variant_title"],
            quantity=item["quantity"],
            line_price=(cents(item["price"]) or 0) * item["quantity"],
            image=picture(item),
        )
        for item in order["line_items"]
    ]
    return Drop(
        name=order["name"],
        email=order["email"],
        confirmation_number=order.get("confirmation_number"),
        line_items=items,
        shipping_address=order.get("shipping_address"),
        shipping_methods=[Drop(title=line["title"]) for line in order.get("shipping_lines", [])],
        subtotal_price=cents(order["total_line_items_price"]),
        total_discounts=cents(order["total_discounts"]),
        discount_codes=[code["code"] for code in order["discount_codes"]],
        shipping_price=cents(order["total_shipping_price"]),
        tax_price=cents(order["total_tax"]),
        taxes_included=order["taxes_included"],
        total_price=cents(order["total_price"]),
        tracking=_tracking(order),
    )


def _tracking(order: Doc) -> list[Drop]:
    """Parcels on their way, as the order status page tells the customer."""
    parcels = [parcel for parcel in order.get("fulfillments", []) if parcel.get("tracking_number")]
    return [
        Drop(company=p.get("tracking_company"), number=p["tracking_number"], url=p.get("tracking_url")) for p in parcels
    ]
