"""The storefront's door for product pages: where to listen for a product's stock."""

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth import proxy as door
from app.errors import NotFound
from app.live.pages import stock_url
from app.models.products import Product, ProductStatus

bp = Blueprint("products_proxy", __name__, url_prefix="/proxy")
door.protect(bp)


@bp.get("/stock.json")
def tell_where_to_listen() -> ResponseReturnValue:
    """The stream of `product` (Shopify's number): {"variant": 1, "available": true} at each change of its stock.

    `Resync` in its place means that changes were lost: ask Shopify what is available now.
    """
    number = request.args.get("product", 0, int)
    query = select(Product.id).where(
        Product.shop_id == g.shop.id,
        Product.shopify_gid == f"gid://shopify/Product/{number}",
        Product.status == ProductStatus.PUBLISHED,
    )
    if g.session.scalar(query) is None:
        raise NotFound("No vendor sells this product here.")
    return jsonify(url=stock_url(g.shop.id, number))
