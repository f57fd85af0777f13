"""The admin's own pages: home, products, customers, and the lists the resource picker reads."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.admin.shell import bp, get_shop
from devstore.clock import parse_iso
from devstore.current import get_config, get_store
from devstore.gids import gid
from devstore.graphql.execute import run
from devstore.graphql.registry import Context
from devstore.installations import find_installation
from devstore.store import Doc

PAGE = 50
STATUSES = {"ACTIVE": "Active", "DRAFT": "Draft", "ARCHIVED": "Archived"}
_UPDATE = """mutation productUpdate($product: ProductUpdateInput!) {
  productUpdate(product: $product) { product { id } userErrors { field message } }
}"""


def call_admin_api(shop: str, document: str, variables: dict[str, Any]) -> Doc:
    """Run a mutation as the merchant: same rules and webhooks as the app's, all scopes. The payload of its root field.

    Raises RuntimeError with the API's words when the call itself is refused.
    """
    everything = {"id": 0, "client_id": "admin", "scopes": get_config().scopes}
    answer = run(Context(get_store(), shop, everything, get_config()), document, variables, None).body
    if "errors" in answer:
        raise RuntimeError("; ".join(error["message"] for error in answer["errors"]))
    payload: Doc = next(iter(answer["data"].values()))
    return payload


def page_of(found: list[Doc]) -> dict[str, Any]:
    """The slice `?page=` asks for, and the addresses of its neighbours."""
    number = max(1, request.args.get("page", 1, type=int))
    first = (number - 1) * PAGE

    def url(page: int) -> str:
        return "?" + urlencode({**request.args.to_dict(), "page": page})

    return {
        "rows": found[first : first + PAGE],
        "first": first + 1 if found else 0,
        "last": min(first + PAGE, len(found)),
        "total": len(found),
        "previous_url": url(number - 1) if number > 1 else None,
        "next_url": url(number + 1) if first + PAGE < len(found) else None,
    }


@bp.get("/")
def front_door() -> Response:
    """Whoever knows the store's address alone is led to the first shop's admin."""
    return redirect(f"/store/{next(iter(get_config().storefronts)).partition('.')[0]}")


@bp.get("/store/<name>")
def home(name: str) -> str:
    shop, store = get_shop(name), get_store()
    today = store.clock.now().date()
    orders = [order for order in store.all(shop, "order") if _day(order) == today and not order.get("cancelled_at")]
    products = store.all(shop, "product")
    return render_template(
        "admin/home.html",
        orders=len(orders),
        sales=sum((Decimal(str(order.get("total_price", "0"))) for order in orders), Decimal(0)),
        active=sum(product["status"] == "ACTIVE" for product in products),
        draft=sum(product["status"] == "DRAFT" for product in products),
        installed=find_installation(store, shop) is not None,
    )


def _day(order: Doc) -> Any:
    at = order.get("created_at")
    return (at if isinstance(at, datetime) else parse_iso(at)).date() if at else None


@bp.get("/store/<name>/products")
def list_products(name: str) -> str:
    text, status = request.args.get("q", "").strip().lower(), request.args.get("status", "")
    found = [
        product
        for product in reversed(get_store().all(get_shop(name), "product"))
        if text in f"{product['title']} {product.get('vendor') or ''}".lower() and status in {"", product["status"]}
    ]
    return render_template("admin/products.html", page=page_of(found), q=text, status=status, statuses=STATUSES)


@bp.get("/store/<name>/products/<int:number>")
def show_product(name: str, number: int) -> str:
    return _product_page(name, number, {})


def _product_page(name: str, number: int, errors: dict[str, str], sent: dict[str, str] | None = None) -> str:
    shop, store = get_shop(name), get_store()
    product = store.get(shop, "product", number) or abort(404)
    channels = [
        publication["name"]
        for publication in store.all(shop, "publication")
        if publication["id"] in product.get("published_on", [])
    ]
    values = {"title": product["title"], "status": product["status"], **(sent or {})}
    return render_template(
        "admin/product.html", product=product, values=values, errors=errors, channels=channels, statuses=STATUSES
    )


@bp.post("/store/<name>/products/<int:number>")
def edit_product(name: str, number: int) -> Response | str:
    """Change title and status as the merchant: products/update goes out."""
    sent = {"title": request.form.get("title", "").strip(), "status": request.form.get("status", "")}
    if not sent["title"]:
        return _product_page(name, number, {"title": "Write a title"}, sent)
    if sent["status"] not in STATUSES:
        abort(400)
    product = {"id": gid("Product", number), **sent}
    refused = call_admin_api(get_shop(name), _UPDATE, {"product": product})["userErrors"]
    if refused:
        return _product_page(name, number, {"title": refused[0]["message"]}, sent)
    return redirect(f"/store/{name}/products/{number}?toast=Product saved")


@bp.get("/store/<name>/customers")
def list_customers(name: str) -> str:
    text = request.args.get("q", "").strip().lower()
    shop, store = get_shop(name), get_store()
    found = [
        customer
        for customer in reversed(store.all(shop, "customer"))
        if text in f"{customer.get('first_name')} {customer.get('last_name')} {customer.get('email')}".lower()
    ]
    return render_template("admin/customers.html", page=page_of(found), q=text)


@bp.get("/store/<name>/resources/<kind>.json")
def list_resources(name: str, kind: str) -> Response:
    """What the resource picker offers: at most 50 whose title holds `q`."""
    text, shop, store = request.args.get("q", "").lower(), get_shop(name), get_store()
    if kind == "collection":
        found = [_resource("Collection", each, None) for each in store.all(shop, "collection")]
    elif kind == "product":
        found = [_product_resource(each) for each in store.all(shop, "product")]
    elif kind == "variant":
        found = [
            {**variant, "title": f"{product['title']} · {variant['title']}", "image": product["image"]}
            for product in map(_product_resource, store.all(shop, "product"))
            for variant in product["variants"]
        ]
    else:
        abort(404)
    return jsonify(resources=[each for each in found if text in each["title"].lower()][:PAGE])


def _resource(kind: str, doc: Doc, image: str | None) -> Doc:
    return {"id": gid(kind, doc["id"]), "title": doc["title"], "handle": doc.get("handle"), "image": image}


def _product_resource(product: Doc) -> Doc:
    image = next((medium["url"] for medium in product.get("media", []) if medium.get("url")), None)
    variants = [
        {
            "id": gid("ProductVariant", variant["id"]),
            "title": variant["title"],
            "sku": variant.get("sku"),
            "price": variant["price"],
        }
        for variant in product.get("variants", [])
    ]
    extra = {"vendor": product.get("vendor"), "status": product["status"], "variants": variants}
    return {**_resource("Product", product, image), **extra}
