"""Where a printed code leads: the scan is counted and the visitor goes on to the code's present destination."""

from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.auth import limits
from app.auth import portal as portal_door
from app.auth import proxy as door
from app.codes import rules, service
from app.models.codes import QrCode
from app.models.products import Product
from app.models.vendors import Vendor

bp = Blueprint("codes_proxy", __name__, url_prefix="/proxy")
door.protect(bp)


@bp.get("/q/<code>")
def follow(code: str) -> ResponseReturnValue:
    found, *_held = _find(code.lower())
    way = service.find_way(g.session, found, clock.now()) if found else None
    if found is not None and _counts(found):
        service.count_scan(g.shop, found)
    if way is None:
        # A page in the shop's theme. It is Liquid to Shopify, so nobody's own words stand in it.
        page = render_template("open/codes/closed.liquid", is_known=found is not None)
        return Response(page, 200 if found else 404, content_type="application/liquid")
    return redirect(portal_door.storefront_of(g.shop) + way, 302)


def _find(code: str) -> tuple[QrCode | None, Vendor | None, Product | None]:
    """With its vendor and product: as long as they are held, `find_way` need not ask for them."""
    nothing = (None, None, None)
    if not rules.is_code(code):
        return nothing
    query = select(QrCode, Vendor, Product).join(Vendor, Vendor.id == QrCode.vendor_id)
    query = query.outerjoin(Product, Product.id == QrCode.product_id)
    return g.session.execute(query.where(QrCode.shop_id == g.shop.id, QrCode.code == code)).one_or_none() or nothing


def _counts(code: QrCode) -> bool:
    """Whether a person scanned, who has not within the hour. Of the device only a hash is kept, for that hour."""
    agent = request.headers.get("User-Agent", "")
    purpose = request.headers.get("Sec-Purpose", "") or request.headers.get("Purpose", "")
    if not rules.is_person(request.method, agent, purpose):
        return False
    device = f"{code.code}:{door.visitors_address()}:{agent}"
    return limits.allow("scan", device, limit=1, seconds=rules.COUNT_AGAIN_AFTER)
