"""From the storefront into the portal: Shopify says which customer is asking, and we hand over a ticket for a minute.

The answer is a page that moves on by itself, not a redirect: whether Shopify's proxy follows redirects is not written
down anywhere, and followed ones would use the ticket up.
"""

from flask import Blueprint, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.auth import portal, proxy
from app.config import get_config
from app.languages import _, spoken
from app.portal import service

bp = Blueprint("portal_proxy", __name__, url_prefix="/proxy")
proxy.protect(bp)


@bp.get("/portal")
def hand_over() -> ResponseReturnValue:
    portal.dress(g.session, g.shop)
    ticket = request.args.get("connect")
    if ticket:
        return _carry_back(ticket)
    seat = service.find_customers_seat(g.session, g.shop.id, int(g.customer_id)) if g.customer_id else None
    if seat is not None:
        return _move_on(service.issue_handover(g.session, seat))
    return _move_on(f"{get_config().portal_url}/portal/login?shop={g.shop.domain}")


def _carry_back(ticket: str) -> Response:
    """Somebody connects their customer account: tell the portal which one it is."""
    if g.customer_id is None:
        return _say(
            _("Sign in to the shop with your customer account first, then connect it again from your vendor pages.")
        )
    proxy.refuse_erased(g.session, g.shop.id, int(g.customer_id))
    back = service.confirm_connection(ticket, g.shop.id, int(g.customer_id))
    if back is None:
        return _say(_("This connection was started too long ago. Start it again from your vendor pages, under More."))
    return _move_on(f"{get_config().portal_url}/portal/connect/{back}")


def _move_on(address: str) -> Response:
    if "locale" in request.args:  # the pages go on in the storefront's language
        address += f"{'&' if '?' in address else '?'}locale={spoken()}"
    if request.args.get("format") == "json":
        return jsonify(address=address)  # for the theme block, which opens it in its frame
    return Response(render_template("portal/move_on.html", address=address, message=None))


def _say(message: str) -> Response:
    return Response(render_template("portal/move_on.html", address=None, message=message))
