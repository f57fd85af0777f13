"""The pages of the shop: home, collections, products, search, theme pages, pages of metaobjects, assets."""

from typing import Any

from flask import Blueprint, Response, jsonify, request, send_from_directory

from devstore.current import get_config, get_store, get_storefront_shop
from devstore.store import Doc
from devstore.storefront import catalogue, pages
from devstore.storefront.drops import Drop, Listing, plain
from devstore.storefront.objects import Objects
from devstore.storefront.theme import SHOPIFY_SCRIPT, THEME, read_theme_file

bp = Blueprint("shop", __name__)


@bp.get("/")
def home() -> Response:
    shop = get_store().find(get_storefront_shop(), "shop") or {}
    return pages.render("index", shop["name"])


@bp.get("/collections")
def collections() -> Response:
    listed = [_objects().collection(found) for found in catalogue.list_collections(get_store(), get_storefront_shop())]
    return pages.render("list-collections", "Collections", listed=listed)


@bp.get("/collections/<handle>")
def collection(handle: str) -> Response:
    """`vendors` and `types` list the products of the vendor or type in `q`, as in every Shopify shop."""
    words = request.args.get("q", "")
    if handle in {"vendors", "types"} and words:
        return _listing({"id": 0, "title": words, "handle": handle, "products": _products_by(handle, words)})
    found = catalogue.find_collection(get_store(), get_storefront_shop(), handle)
    return _listing(found) if found else pages.not_found()


def _products_by(what: str, words: str) -> list[Doc]:
    store, shop = get_store(), get_storefront_shop()
    if what == "vendors":
        return catalogue.products_of_vendor(store, shop, words)
    return [product for product in catalogue.list_products(store, shop) if product.get("product_type") == words]


def _listing(found: Doc) -> Response:
    drop = _objects().collection(found, sort_by=request.args.get("sort_by", ""))
    return pages.render("collection", found["title"], collection=drop, asked=request.args.get("q", ""))


@bp.get("/products/<handle>")
def product(handle: str) -> Response:
    found = catalogue.find_product(get_store(), get_storefront_shop(), handle)
    if found is None:
        return pages.not_found()
    drop = _objects().product(found, variant_id=request.args.get("variant", type=int))
    return pages.render("product", found["title"], product=drop)


@bp.get("/products/<handle>.js")
@bp.get("/collections/<_collection>/products/<handle>.js")
def product_json(handle: str, _collection: str = "") -> Any:
    found = catalogue.find_product(get_store(), get_storefront_shop(), handle)
    if found is None:
        return jsonify({"status": 404, "message": "Not Found", "description": "Not Found"}), 404
    drop = _objects().product(found)
    body = {name: plain(drop[name]) for name in drop if name not in {"metafields", "content"} and "variant" not in name}
    image = body.pop("featured_image")
    pictures = [picture["src"] for picture in body.pop("images")]
    own = {"featured_image": image["src"] if image else None, "images": pictures}
    return jsonify({**body, **own, "variants": plain(drop["variants"])})


@bp.get("/search")
def search() -> Response:
    words = request.args.get("q", "").strip()
    found = catalogue.search_products(get_store(), get_storefront_shop(), words)
    results = Listing(found, _objects().product)
    drop = Drop(terms=words, performed=bool(words), results=results, results_count=len(found))
    return pages.render("search", f"Search: {words}" if words else "Search", search=drop)


@bp.get("/pages/<handle>")
def page(handle: str) -> Response:
    found = read_theme_file("content.json")["pages"].get(handle)
    if found is None:
        return pages.not_found()
    drop = Drop(title=found["title"], content=found.get("content", ""), handle=handle, url=f"/pages/{handle}")
    return pages.render(f"page.{handle}", found["title"], page=drop)


@bp.get("/pages/<url_handle>/<handle>")
def metaobject_page(url_handle: str, handle: str) -> Response:
    store, shop = get_store(), get_storefront_shop()
    definition = catalogue.find_page_type(store, shop, url_handle)
    entry = catalogue.find_metaobject(store, shop, definition["type"], handle) if definition else None
    if entry is None:
        return pages.not_found()
    kind = entry["type"].rpartition("--")[2]
    title = entry["fields"].get("name") or handle
    return pages.render(f"metaobject/{kind}", title, metaobject=_objects().metaobject(entry))


@bp.get("/cdn/theme/assets/<path:name>")
def theme_asset(name: str) -> Response:
    return send_from_directory(THEME / "assets", name)


@bp.get("/cdn/extensions/assets/<path:name>")
def extension_asset(name: str) -> Response:
    return send_from_directory(get_config().extension_dir.resolve() / "assets", name)


@bp.get(SHOPIFY_SCRIPT)
def shopify_script() -> Response:
    return send_from_directory(THEME.parents[1] / "static", "storefront.js")


@bp.app_errorhandler(404)
def missing(_error: Exception) -> Response:
    return pages.not_found()


def _objects() -> Objects:
    return Objects(get_store(), get_storefront_shop())
