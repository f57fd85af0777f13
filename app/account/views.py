"""What our page in a customer's account asks for. JSON only."""

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from app import clock
from app.account import queries
from app.auth import customer as door
from app.auth.portal import storefront_of

bp = Blueprint("account", __name__, url_prefix="/account-page")
door.protect(bp)


@bp.route("/overview", methods=["GET", "OPTIONS"])
def show_overview() -> ResponseReturnValue:
    """{shop, orders, wishlist, follows}: addresses that begin with a slash are in the shop."""
    whose = (g.session, g.shop.id, g.customer_id)
    return jsonify(
        shop=storefront_of(g.shop),
        orders=queries.list_orders(*whose, clock.now()),
        wishlist=queries.list_kept(*whose, "wishlist"),
        follows=queries.list_kept(*whose, "follow"),
    )
