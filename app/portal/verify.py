"""The second step of signing in, and passkeys, which need no first one."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, update

from app import clock, db, web
from app.auth import factors, hosts, limits, magic_links, passkeys, portal, rules
from app.auth.magic_links import Seat
from app.errors import AppError, TooMany
from app.languages import _, lazy
from app.models.shops import Shop
from app.models.vendors import PortalSession, Vendor, VendorUser

bp = Blueprint("portal_verify", __name__, url_prefix="/portal")
web.open_to_all(bp, why="people in the middle of signing in; each step is checked on its own")
bp.before_request(web.refuse_foreign_posts)
bp.before_request(portal.speak)
bp.after_request(portal.seal)

# With three codes good at any moment, five guesses find one of a million with a chance of 1 in 66,000; then the person
# signs in again from the beginning. From the storefront that takes a click, so an hour has its own limit.
_TRIES: Final = 5
_TRIES_AN_HOUR: Final = 30
_WRONG: Final = lazy("This code is not right, or it was used before. Wait for the next one and type that.")


@bp.get("/verify")
def show_verify() -> ResponseReturnValue:
    waiting = portal.find_unproved()
    if waiting is None:
        return redirect("/portal", 303)
    return _verify_page(waiting)


@bp.post("/verify")
def verify() -> ResponseReturnValue:
    """A code of the authenticator app, or a recovery code."""
    waiting = portal.find_unproved()
    if waiting is None:
        return redirect("/portal/login", 303)
    with db.system() as session:
        seat = _seat_of(session, waiting)
        left = _spend_try(session, waiting, seat)
        code = request.form.get("code", "")[:40]
        used = factors.use_code(session, seat.shop.id, seat.user.email, code) if left >= 0 else None
        if used is not None:
            response = redirect(rules.safe_next(request.args.get("next")) or "/portal", 303)
            portal.sign_in(session, seat, response, by=f"e-mailed link and {used}", is_proved=True)
            return response
        if left > 0:
            return _verify_page(waiting, problem=_WRONG), 422
        session.execute(update(PortalSession).where(PortalSession.id == waiting.id).values(revoked_at=clock.now()))
    if left < 0:
        raise TooMany(_("Too many codes were tried in the last hour. Wait an hour, or sign in with a passkey."))
    raise TooMany(_("Too many codes were wrong. Sign in again from the beginning: ask for a new link."))


@bp.post("/passkey/options")
def passkey_options() -> ResponseReturnValue:
    options, ticket = passkeys.begin_sign_in()
    return {"options": options, "ticket": ticket}


@bp.post("/passkey")
def sign_in_with_passkey() -> ResponseReturnValue:
    body = request.get_json(silent=True) or {}
    answer, ticket = str(body.get("answer", "")), str(body.get("ticket", ""))
    with db.system() as session:
        factor = passkeys.finish_sign_in(session, answer=answer, ticket=ticket)
        # The ticket is ours but stateless: used once is what makes a recorded answer worthless.
        if factor is None or not limits.allow("passkey-ticket", ticket, limit=1, seconds=600):
            raise AppError(_("This passkey does not open a seat here. Use an e-mailed link instead."))
        seats = magic_links.list_seats(session, factor.email, shop_id=factor.shop_id)
        if not seats:
            raise AppError(_("This passkey's owner does not work for a vendor here any more."))
        response = Response(status=204, headers={"Location": "/portal"})
        portal.sign_in(session, seats[0], response, by=f"passkey {factor.name}", is_proved=True)
    return response


def _spend_try(session: db.ScopedSession, waiting: PortalSession, seat: Seat) -> int:
    """Count a try before its code is looked at, and return how many are left; below zero this one was too many.

    One try of a person at a time: of a hundred sent at once, five are looked at.
    """
    email = seat.user.email.lower()
    who = func.hashtext(f"{seat.shop.id}:{email}")
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("stallkeeper:factor"), who)))
    spent: int | None = session.scalar(
        update(PortalSession)
        .where(PortalSession.id == waiting.id, PortalSession.revoked_at.is_(None))
        .values(factor_failures=PortalSession.factor_failures + 1)
        .returning(PortalSession.factor_failures)
    )
    if spent is None:
        return -1
    lately: int | None = session.scalar(
        select(func.sum(PortalSession.factor_failures))
        .join(VendorUser, VendorUser.id == PortalSession.vendor_user_id)
        .where(
            PortalSession.shop_id == seat.shop.id,
            func.lower(VendorUser.email) == email,
            # Not when it began: sessions could be laid by for days, to be used all at once.
            PortalSession.last_seen_at > clock.now() - timedelta(hours=1),
        )
    )
    return min(_TRIES - spent, _TRIES_AN_HOUR - (lately or 0))


def _seat_of(session: db.ScopedSession, waiting: PortalSession) -> Seat:
    row = session.execute(
        select(VendorUser, Vendor, Shop)
        .join(Vendor, Vendor.id == VendorUser.vendor_id)
        .join(Shop, Shop.id == VendorUser.shop_id)
        .where(VendorUser.id == waiting.vendor_user_id)
    ).one()
    return Seat(*row)


def _verify_page(waiting: PortalSession, *, problem: str | None = None) -> str:
    with db.system() as session:
        seat = _seat_of(session, waiting)
        portal.greet(session, seat.shop, seat.user.language)
        kinds = {factor.kind for factor in factors.list_factors(session, seat.shop.id, seat.user.email)}
    return render_template("portal/verify.html", seat=seat, kinds=kinds, problem=problem, has_moved=hosts.has_two())
