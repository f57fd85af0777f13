"""The objects every page has: shop, cart, customer, request, routes, menus."""

from typing import Any

from flask import Response, request

from devstore.current import get_config, get_store, get_storefront_shop
from devstore.installations import find_installation
from devstore.store import Doc
from devstore.storefront import cart as carts
from devstore.storefront.drops import Drop
from devstore.storefront.objects import Objects
from devstore.storefront.session import current_cart, current_customer
from devstore.storefront.theme import Page, read_theme_file
from devstore.themes import main_theme
from devstore.web_pixels import list_active

_ROUTES = {
    "root_url": "/",
    "account_url": "/account",
    "account_login_url": "/account/login",
    "account_logout_url": "/account/logout",
    "account_register_url": "/account/register",
    "all_products_collection_url": "/collections/all",
    "collections_url": "/collections",
    "cart_url": "/cart",
    "cart_add_url": "/cart/add",
    "cart_change_url": "/cart/change",
    "cart_clear_url": "/cart/clear",
    "cart_update_url": "/cart/update",
    "search_url": "/search",
}


def render(template: str, page_title: str, *, status: int = 200, **own: Any) -> Response:
    """A page of the theme as a response."""
    return Response(open_page().render(template, page_title=page_title, **own), status=status, mimetype="text/html")


def not_found() -> Response:
    return render("404", "Page not found", status=404)


def open_page() -> Page:
    """A page with the objects that every template sees."""
    store, domain = get_store(), get_storefront_shop()
    shop = store.find(domain, "shop") or {}
    objects = Objects(store, domain)
    customer = current_customer()
    scope = {
        "shop": _shop(shop, objects),
        "cart": carts.cart_drop(objects, current_cart()),
        "customer": customer_drop(customer) if customer else None,
        "request": _request(shop),
        "routes": Drop(**_ROUTES),
        "localization": _localization(shop),
        "collections": objects.collections(),
        "all_products": objects.products(),
        "metaobjects": objects.metaobjects(),
        "linklists": _menus(),
        "powered_by_link": "",
    }
    is_installed = find_installation(store, domain) is not None
    extension = get_config().extension_dir if is_installed else None
    blocks = frozenset(main_theme(store, domain)["blocks"])
    pixels = list_active(store, domain, get_config())
    return Page(objects, extension, scope, blocks=blocks, pixels=pixels, method=request.method)


def _shop(shop: Doc, objects: Objects) -> Drop:
    url = f"http://{request.host}"
    return Drop(
        id=shop["id"],
        name=shop["name"],
        email=shop["email"],
        domain=request.host,
        permanent_domain=shop["domain"],
        url=url,
        secure_url=url,
        currency=shop["currency"],
        enabled_currencies=[Drop(iso_code=shop["currency"])],
        locale=shop["locale"],
        customer_accounts_enabled=True,
        taxes_included=shop["taxes_included"],
        description=shop.get("description") or "",
        metafields=objects.metafields(shop, "SHOP"),
    )


def _request(shop: Doc) -> Drop:
    locale = Drop(iso_code=shop["locale"], primary=True, root_url="/", name=shop["locale"])
    return Drop(
        host=request.host,
        path=request.path,
        origin=f"http://{request.host}",
        locale=locale,
        design_mode=False,
        page=request.args.get("page", 1, type=int),
        query=list(request.args.items(multi=True)),
    )


def _localization(shop: Doc) -> Drop:
    country = Drop(iso_code=shop["country"], name=shop["country"], currency=Drop(iso_code=shop["currency"]))
    language = Drop(iso_code=shop["locale"], root_url="/", primary=True)
    return Drop(country=country, language=language, available_countries=[country], available_languages=[language])


def _menus() -> Drop:
    menus = read_theme_file("content.json")["menus"]
    return Drop(**{name: Drop(links=[_link(link) for link in links]) for name, links in menus.items()})


def _link(link: dict[str, str]) -> Drop:
    return Drop(title=link["title"], url=link["url"], active=request.path == link["url"])


def customer_drop(customer: Doc) -> Drop:
    first, last = customer.get("first_name") or "", customer.get("last_name") or ""
    return Drop(
        id=customer["id"],
        email=customer["email"],
        first_name=first,
        last_name=last,
        name=f"{first} {last}".strip() or customer["email"],
        has_account=True,
        addresses=customer.get("addresses", []),
        default_address=(customer.get("addresses") or [None])[0],
    )
