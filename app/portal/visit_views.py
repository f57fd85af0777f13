"""Opening a vendor's pages from the admin: to look, or with a reason to change something for them."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.auth import visits
from app.auth.merchant import protect
from app.config import get_config
from app.errors import ValidationErrors
from app.vendors.queries import get_vendor

bp = Blueprint("visits", __name__, url_prefix="/app/vendors/<int:vendor_id>/visit")
protect(bp)


@bp.get("")
def show_form(vendor_id: int) -> ResponseReturnValue:
    return _page(vendor_id)


@bp.post("")
def prepare(vendor_id: int) -> ResponseReturnValue:
    vendor = get_vendor(g.session, g.shop.id, vendor_id)
    change, reason = request.form.get("kind") == "change", request.form.get("reason", "")
    try:
        ticket = visits.prepare(g.session, vendor, g.member, change=change, reason=reason)
    except ValidationErrors as error:
        return _page(vendor_id, problem=error.errors["reason"]), 422
    return _page(vendor_id, link=f"{get_config().portal_url}/portal/visit/{ticket}")


def _page(vendor_id: int, *, link: str | None = None, problem: str | None = None) -> str:
    return render_template(
        "merchant/vendors/visit.html",
        vendor=get_vendor(g.session, g.shop.id, vendor_id),
        visits=visits.list_visits(g.session, vendor_id),
        open_to=visits.OPEN_TO,
        link=link,
        problem=problem,
    )
