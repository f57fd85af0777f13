"""Where the web pixels' host, their stand-in library and their files are served from."""

from flask import Blueprint, Response, jsonify, request

from devstore.current import get_config, get_store, get_storefront_shop
from devstore.storefront import cart as carts
from devstore.storefront.objects import Objects
from devstore.storefront.session import current_cart
from devstore.storefront.theme import THEME
from devstore.web_pixels import cart_line, read_source

bp = Blueprint("pixels", __name__)
RUNTIME = "/cdn/shopify/web-pixel-runtime.js"


@bp.get("/cdn/shopify/<any('web-pixels.js', 'web-pixel-runtime.js'):name>")
def script(name: str) -> Response:
    return Response((THEME.parents[1] / "static" / name).read_text(encoding="utf-8"), mimetype="text/javascript")


@bp.get("/cdn/web-pixels/<int:_number>.js")
def pixel(_number: int) -> Response:
    return Response(read_source(get_config(), RUNTIME), mimetype="text/javascript")


@bp.get("/cdn/web-pixels/lines")
def lines() -> Response:
    """Lines of the visitor's cart by their keys, as events carry them: the Ajax API's answers say too little."""
    objects = Objects(get_store(), get_storefront_shop())
    cart = carts.cart_drop(objects, current_cart())
    wanted = set(request.args.getlist("key"))
    currency = cart["currency"]["iso_code"]
    return jsonify([cart_line(item, currency) for item in cart["items"] if item["key"] in wanted])
