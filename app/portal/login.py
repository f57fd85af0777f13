"""Getting into the portal: ask for a link, press Continue, leave again.

The e-mailed link opens a page with a button. Mail scanners follow links but press nothing, so they do not use it up.
"""

import time
from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import db, web
from app.auth import limits, magic_links, passkeys, portal, rules
from app.auth.magic_links import Seat
from app.crypto import hash_token
from app.errors import TooMany
from app.languages import _, lazy
from app.models.vendors import PortalSession
from app.portal import service
from app.portal.forms import SignInForm

bp = Blueprint("portal_login", __name__, url_prefix="/portal")
web.open_to_all(bp, why="people who sign in are not signed in yet; each link is checked on its own")
bp.before_request(portal.speak)
bp.before_request(web.refuse_foreign_posts)
bp.after_request(portal.seal)

# A known address costs a few milliseconds more than an unknown one. Nobody may learn which from a stopwatch.
_EVEN_SECONDS: Final = 0.3
_LATE: Final = lazy("That took too long. Go back to the shop and open it again.")
_LATE_IN_FRAME: Final = lazy("That took too long. Reload this page and try again.")
_GONE: Final = lazy("This link was used before, or it is older than it may be. Ask for a new one; it comes by e-mail.")


@bp.get("/login")
def show_login() -> ResponseReturnValue:
    if portal.is_signed_in():
        return redirect(rules.safe_next(request.args.get("next")) or "/portal", 303)
    # Signed out from elsewhere, too long away, or of the vendor's people no more.
    return _login_page(SignInForm(), problem=_("You are not signed in any more.") if _was_signed_in() else None)


def _was_signed_in() -> bool:
    """Whether the session of this browser was of somebody who was in: not one that never saw its second step, and no
    visit of the shop's staff.
    """
    token = request.cookies.get(portal.cookie_name())
    if not token:
        return False
    with db.system() as session:
        is_other = PortalSession.awaits_factor | PortalSession.visit_id.is_not(None)
        query = select(PortalSession.id).where(PortalSession.token_hash == hash_token(token), is_other)
        return session.scalar(query) is None


@bp.post("/login")
def ask_for_link() -> ResponseReturnValue:
    form, started = SignInForm(request.form), time.monotonic()
    if not form.validate():
        return _login_page(form), 422
    email = form.email.data or ""
    network = rules.client_address(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))
    browser = portal.find_browser(email)
    if not browser and not limits.allow("sign-in-from", network, limit=30, seconds=600):
        raise TooMany(_("Too many sign-in links were asked for from your network. Wait ten minutes, then try again."))
    asked = f"{browser or network} {email.lower()}"
    if limits.allow("sign-in-to", asked, limit=magic_links.MAX_FROM_ONE, seconds=3600):
        service.send_links(
            email,
            shop_domain=request.form.get("shop", ""),
            ip=network or "unknown",
            is_known=browser is not None,
            next_path=rules.safe_next(request.form.get("next")),
        )
    time.sleep(max(0.0, _EVEN_SECONDS - (time.monotonic() - started)))
    _dress(request.form.get("shop", ""))
    return render_template("portal/link_sent.html", email=email)


@bp.get("/enter/<token>")
def show_enter(token: str) -> ResponseReturnValue:
    with db.system() as session:
        link = magic_links.find_link(session, token)
        seats = magic_links.list_seats(session, link.email, shop_id=link.shop_id) if link else []
        if not seats:
            return _login_page(SignInForm(), problem=_GONE), 410
        portal.greet(session, seats[0].shop)
    return render_template("portal/enter.html", seats=seats)


@bp.post("/enter/<token>")
def enter(token: str) -> ResponseReturnValue:
    with db.system() as session:
        link = magic_links.find_link(session, token)
        seats = magic_links.list_seats(session, link.email, shop_id=link.shop_id) if link else []
        seat = _chosen(seats)
        if seats and seat is None:
            portal.greet(session, seats[0].shop)
            return render_template("portal/enter.html", seats=seats), 422
        if seat is None or magic_links.use_link(session, token) is None:
            return _login_page(SignInForm(), problem=_GONE), 410
        response = redirect(rules.safe_next(request.args.get("next")) or "/portal", 303)
        portal.sign_in(session, seat, response, by="e-mailed link")
    return response


@bp.get("/arrive/<ticket>")
def arrive(ticket: str) -> ResponseReturnValue:
    """From the storefront. Somebody may have sent their own ticket to another person, who then would work in the
    wrong place without noticing: so this names the place, and only a press of the button signs in. Who is there
    already goes on.
    """
    with db.system() as session:
        seat = service.find_handover(session, ticket)
        if seat is None:
            return _too_late()
        if portal.is_seated(seat):
            return redirect("/portal", 303)
        portal.dress(session, seat.shop)
        return render_template("portal/enter.html", seats=[seat])


@bp.post("/arrive/<ticket>")
def come_in(ticket: str) -> ResponseReturnValue:
    """Shopify vouched for the customer, and we for the ticket, a moment ago."""
    with db.system() as session:
        seat = service.redeem_handover(session, ticket)
        if seat is None:
            return _too_late()
        response = redirect("/portal", 303)
        portal.sign_in(session, seat, response, by="storefront")
    return response


@bp.post("/logout")
def leave() -> Response:
    response = Response(status=303, headers={"Location": "/portal/login"})
    with db.system() as session:
        if portal.sign_out(session, response):
            response.headers["Location"] = "/portal/visit/ended"
    return response


def _too_late() -> ResponseReturnValue:
    return _login_page(SignInForm(), problem=_LATE_IN_FRAME if web.is_framed() else _LATE), 410


def _chosen(seats: Sequence[Seat]) -> Seat | None:
    """The place that was asked for, or the only one."""
    wanted = request.form.get("vendor", type=int)
    if wanted is None and len(seats) == 1:
        return seats[0]
    return next((seat for seat in seats if seat.vendor.id == wanted), None)


def _login_page(form: SignInForm, *, problem: str | None = None) -> str:
    shop = request.values.get("shop", "")
    _dress(shop)
    next_path = rules.safe_next(request.values.get("next"))
    return render_template(
        "portal/login.html",
        form=form,
        problem=problem,
        shop_domain=shop,
        next_path=next_path,
        passkeys=passkeys.is_possible(),
    )


def _dress(domain: str) -> None:
    """In the look of the shop that was named, or whose pages were open here last, or of the only one there is."""
    if "look" in g:
        return
    with db.system() as session:
        portal.greet(session, service.find_shop(session, domain or portal.last_shop()))
