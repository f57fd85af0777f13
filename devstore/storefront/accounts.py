"""Customer accounts: register, sign in, see one's orders, sign out."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, redirect, request
from werkzeug.security import check_password_hash, generate_password_hash

from devstore.clock import iso
from devstore.current import get_store, get_storefront_shop
from devstore.orders.payloads import customer_payload
from devstore.store import Doc
from devstore.storefront import pages
from devstore.storefront.account_pages import list_extensions
from devstore.storefront.catalogue import cents
from devstore.storefront.drops import Drop
from devstore.storefront.session import current_customer, sign_in, sign_out
from devstore.webhooks import emit

bp = Blueprint("accounts", __name__)
_SHORTEST_PASSWORD = 5


@bp.get("/account/login")
def login_page() -> Any:
    if current_customer():
        return redirect(_return_url(), 303)
    return _form("customers/login", "Sign in", {}, {})


@bp.post("/account/login")
def login() -> Any:
    given = _given()
    customer = _find_customer(given["email"])
    known = customer is not None and bool(customer.get("password_hash"))
    if customer is None or not known or not check_password_hash(customer["password_hash"], given["password"]):
        errors = {"form": "Incorrect email or password."}
        return _form("customers/login", "Sign in", given, errors, status=401)
    return sign_in(redirect(_return_url(), 303), customer)  # type: ignore[arg-type]


@bp.get("/account/register")
def register_page() -> Any:
    return _form("customers/register", "Create account", {}, {})


@bp.post("/account/register")
@bp.post("/account")
def register() -> Any:
    """A guest who bought before keeps the same customer; someone with a password must sign in with it."""
    given = _given()
    errors = _wrong(given)
    store, shop = get_store(), get_storefront_shop()
    with store.transaction():
        old = _find_customer(given["email"])
        if old and old.get("password_hash"):
            errors["email"] = "This email address already has an account. Sign in instead."
        if errors:
            return _form("customers/register", "Create account", given, errors, status=422)
        customer = store.put(shop, "customer", {**(old or _new_customer()), **_account(given)})
        emit(store, shop, "customers/update" if old else "customers/create", customer_payload(customer))
    return sign_in(redirect(_return_url(), 303), customer)  # type: ignore[arg-type]


@bp.get("/account")
def account() -> Any:
    customer = current_customer()
    if customer is None:
        return redirect("/account/login?return_url=/account", 303)
    orders = [order for order in get_store().all(get_storefront_shop(), "order") if _is_of(order, customer)]
    added = [Drop(name=each["name"], url=f"/account/pages/{each['handle']}") for each in list_extensions()]
    listed = [_order(order) for order in reversed(orders)]
    return pages.render("customers/account", "Your account", orders=listed, added=added)


@bp.route("/account/logout", methods=["GET", "POST"])
def logout() -> Any:
    return sign_out(redirect("/", 303))  # type: ignore[arg-type]


def _form(template: str, title: str, given: Mapping[str, str], errors: Mapping[str, str], *, status: int = 200) -> Any:
    shown = {name: value for name, value in given.items() if name != "password"}
    form = Drop(errors=dict(errors), values=shown, return_url=_return_url())
    return pages.render(template, title, status=status, form=form)


def _given() -> dict[str, str]:
    names = ("first_name", "last_name", "email", "password")
    given = {name: request.form.get(f"customer[{name}]", "") for name in names}
    return {name: value if name == "password" else value.strip() for name, value in given.items()}


def _wrong(given: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    try:
        validate_email(given["email"], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        errors["email"] = "Enter an email address, such as name@example.com."
    if len(given["password"]) < _SHORTEST_PASSWORD:
        errors["password"] = f"Use at least {_SHORTEST_PASSWORD} characters."
    return errors


def _find_customer(email: str) -> Doc | None:
    return get_store().find(get_storefront_shop(), "customer", email=email.lower())


def _new_customer() -> Doc:
    now = iso(get_store().clock.now())
    return {"phone": None, "addresses": [], "metafields": [], "tags": [], "created_at": now}


def _account(given: Mapping[str, str]) -> Doc:
    return {
        "email": given["email"].lower(),
        "first_name": given["first_name"],
        "last_name": given["last_name"],
        "password_hash": generate_password_hash(given["password"]),
        "updated_at": iso(get_store().clock.now()),
    }


def _return_url() -> str:
    """Where to go afterwards: a path of this shop and nothing else, so that a link cannot lead elsewhere."""
    wanted = request.values.get("return_url") or request.values.get("checkout_url") or "/account"
    parts = urlsplit(wanted.replace("\\", "/"))
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return wanted if is_own else "/account"


def _is_of(order: Doc, customer: Doc) -> bool:
    return bool(order.get("customer_id") == customer["id"])


def _order(order: Doc) -> Drop:
    return Drop(
        name=order["name"],
        created_at=order["created_at"],
        total_price=cents(order["total_price"]),
        financial_status=str(order.get("financial_status") or "").replace("_", " "),
        fulfillment_status=str(order.get("fulfillment_status") or "unfulfilled").replace("_", " "),
        cancelled=bool(order.get("cancelled_at")),
        customer_url=f"/checkout/thank-you/{order['token']}",
    )
