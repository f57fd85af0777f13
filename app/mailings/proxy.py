"""The storefront's door for e-mails that a signed-in customer chooses. JSON only, nothing is echoed into a page."""

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth import proxy as door
from app.mailings import choosing

bp = Blueprint("mailings_proxy", __name__, url_prefix="/proxy")
door.protect_for_customers(bp)


@bp.get("/mails.json")
def show_choice() -> ResponseReturnValue:
    return jsonify(choosing.show(g.session, g.shop.id, g.customer_id))


@bp.post("/mails")
def choose() -> ResponseReturnValue:
    """{ok, confirm}, or {ok: false, errors}."""
    given = request.get_json(silent=True) if request.is_json else None
    return jsonify(ok=True, confirm=choosing.take(g.session, g.shop.id, g.customer_id, given, g.locale))
