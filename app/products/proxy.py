"""The storefront's door for product pages: where to listen for a product's stock."""

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth import proxy as door
from app.errors import NotFound
from app.live.pages import stock_url
from app.reservations.queries import read_stock_lately

bp = Blueprint("products_proxy", __name__, url_prefix="/proxy")
door.protect(bp)


@bp.get("/stock.json")
def tell_where_to_listen() -> ResponseReturnValue:
    """How `product` (Shopify's number) stands, and the stream of its changes: {"variants": [{"variant": 1, "available":
    true, "left": 3, "carts": 2}]}. `left` is null where there are many.

    `Resync` in their place means that changes were lost: ask here again.
    """
    number = request.args.get("product", 0, int)
    variants = read_stock_lately(g.session, g.shop.id, number)
    if not variants:
        raise NotFound("No vendor sells this product here.")
    return jsonify(url=stock_url(g.shop.id, number), variants=variants)
