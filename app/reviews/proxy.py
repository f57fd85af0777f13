"""The storefront's door for reviews: more of them than the page holds, and writing one when signed in. JSON only."""

from typing import Any, Final

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.auth import limits
from app.auth import proxy as door
from app.errors import AppError, NotFound, TooMany
from app.languages import _
from app.models.orders import VendorOrder
from app.models.vendors import Vendor, VendorStatus
from app.reviews import queries, rules, service
from app.reviews.forms import read_draft
from app.typed import storable

bp = Blueprint("reviews_proxy", __name__, url_prefix="/proxy")
door.protect(bp)

_AT_ONCE: Final = 20
_FARTHEST: Final = 10_000


@bp.get("/reviews.json")
def list_more() -> ResponseReturnValue:
    """Published reviews of `vendor` (a handle) after the first `from`: {reviews: [{stars, on, …}], next}."""
    handle = storable(request.args.get("vendor", ""))
    skip = min(max(0, request.args.get("from", 0, int)), _FARTHEST)
    found = queries.list_shown(g.shop, handle, skip=skip, most=_AT_ONCE + 1)
    if not found:
        _get_vendor(handle)  # or there is none
    after = skip + _AT_ONCE if len(found) > _AT_ONCE else None
    answer = jsonify(reviews=[rules.describe(review) for review in found[:_AT_ONCE]], next=after)
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@bp.get("/reviews/mine")
def tell_what_is_open() -> ResponseReturnValue:
    """Which orders of `vendor` the signed-in customer may review: {orders: [{id, name, items}], name}."""
    vendor = _get_vendor(request.args.get("vendor", ""))
    parts = _list_mine(vendor)
    titles = queries.list_titles(g.session, parts)
    orders = [{"id": part.id, "name": part.name, "items": titles[part.id]} for part in parts]
    name = rules.name_to_show(parts[0].customer_name) if parts else ""
    return jsonify(orders=orders, name=name)


@bp.post("/reviews")
def write() -> ResponseReturnValue:
    """Take {vendor, order, stars, title, words, name}; without `order` the newest that is open. {ok, message}."""
    given: Any = request.get_json(silent=True) if request.is_json else None
    if not isinstance(given, dict):
        # A form of another site cannot send JSON: strangers write nothing in a customer's name.
        raise AppError("A review is sent as JSON.")
    parts, wanted = _list_mine(_get_vendor(storable(str(given.get("vendor", ""))))), given.get("order")
    part = next((one for one in parts if wanted is None or wanted == one.id), None)
    if part is None:
        raise NotFound(_("There is no order of yours from here that arrived and is not reviewed yet."))
    if not limits.allow("review", f"{g.customer_id}", limit=10, seconds=3600):
        raise TooMany(_("These are very many reviews at once. Nothing was lost: send it again in an hour."))
    review = service.write(g.session, part, read_draft(given))
    return jsonify(ok=True, published=review.state == "published")


def _list_mine(vendor: Vendor) -> list[VendorOrder]:
    if g.customer_id is None:
        return []
    return queries.list_reviewable(g.session, g.shop.id, int(g.customer_id), vendor, clock.now())


def _get_vendor(handle: str) -> Vendor:
    open_to_all = (Vendor.shop_id == g.shop.id, Vendor.status == VendorStatus.APPROVED)
    vendor = g.session.scalar(select(Vendor).where(*open_to_all, Vendor.handle == handle))
    if vendor is None:
        raise NotFound(_("There is no such vendor here."))
    return vendor  # type: ignore[no-any-return]
