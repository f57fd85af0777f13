"""How a person signs in: authenticator apps, passkeys, recovery codes. Everybody's own, whatever their role."""

from typing import Final

import segno
from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import audit, clock, db, languages
from app.auth import factors, magic_links, passkeys, portal, visits
from app.auth.rules import describe_device
from app.config import get_config
from app.emails.service import queue_email
from app.errors import AppError, NotFound
from app.languages import _, lazy
from app.portal.forms import AuthenticatorForm

bp = Blueprint("portal_security", __name__, url_prefix="/portal/security")
portal.protect(bp)

_LIMIT: Final = 10


@bp.get("")
def show_security() -> ResponseReturnValue:
    return _security_page()


@bp.get("/app")
def show_app() -> ResponseReturnValue:
    return _app_page(AuthenticatorForm(secret=factors.new_secret()))


@bp.post("/app")
def add_app() -> ResponseReturnValue:
    form = AuthenticatorForm(request.form)
    if not form.validate():
        return _app_page(form), 422
    name, secret, code = form.app_name.data or _("Authenticator app"), form.secret.data or "", form.code.data or ""
    with db.scoped(g.shop.id) as session:
        _check_room(session)
        if factors.add_totp(session, g.shop.id, _email(), secret, code, name=name) is None:
            form.code.errors = [_("This is not the code that the app shows now. Look again, and type the newest.")]
            return _app_page(form), 422
        codes = _after_adding(session, lazy("“%(name)s” was added as a second step", name=name))
    return _done(_("From now on signing in needs a code of “%(name)s”, too.", name=name), codes)


@bp.post("/passkeys/options")
def passkey_options() -> ResponseReturnValue:
    with db.scoped(g.shop.id) as session:
        _check_room(session)
        options, ticket = passkeys.begin_registration(session, g.shop.id, _email())
    return {"options": options, "ticket": ticket}


@bp.post("/passkeys")
def add_passkey() -> ResponseReturnValue:
    name = describe_device(request.user_agent.string)
    answer, ticket = request.form.get("answer", ""), request.form.get("ticket", "")
    with db.scoped(g.shop.id) as session:
        made = passkeys.finish_registration(session, g.shop.id, _email(), answer=answer, ticket=ticket, name=name)
        if made is None:
            raise AppError(_("The passkey could not be checked. Nothing was changed; try once more."))
        codes = _after_adding(session, lazy("a passkey of %(name)s was added", name=name))
    return _done(_("Your passkey signs you in from now on, without an e-mail."), codes)


@bp.post("/factors/<int:factor_id>/remove")
def remove(factor_id: int) -> ResponseReturnValue:
    with db.scoped(g.shop.id) as session:
        name = factors.remove_factor(session, g.shop.id, _email(), factor_id)
        if name is None:
            raise NotFound(_("This was removed already."))
        _tell(session, lazy("“%(name)s” was removed", name=name))
        is_guarded = factors.is_guarded(session, g.shop.id, _email())
    flash(_("Removed.") if is_guarded else _("Removed. An e-mailed link is enough to sign in again."), "good")
    return redirect("/portal/security", 303)


@bp.post("/recovery-codes")
def renew_codes() -> ResponseReturnValue:
    with db.scoped(g.shop.id) as session:
        if not factors.is_guarded(session, g.shop.id, _email()):
            raise AppError(_("Recovery codes stand in for a second step. Add one first."))
        codes = factors.renew_recovery_codes(session, g.shop.id, _email())
        _tell(session, lazy("new recovery codes were made"))
    return _done(_("The old codes work no more."), codes)


def _after_adding(session: db.ScopedSession, change: str) -> list[str]:
    """Tell the person; with the first factor come recovery codes, and places that never showed one are signed out."""
    _tell(session, change)
    if len(factors.list_factors(session, g.shop.id, _email())) == 1:
        for seat in magic_links.list_seats(session, _email(), shop_id=g.shop.id):
            portal.revoke_sessions(session, seat.user.id, keep=g.portal_session.id)
    if factors.count_recovery_codes(session, g.shop.id, _email()):
        return []
    return factors.renew_recovery_codes(session, g.shop.id, _email())


def _tell(session: db.ScopedSession, change: str) -> None:
    """By e-mail and in the log: a thief must not change this unnoticed."""
    actor, subject = portal.actor(), ("vendor", g.vendor.id)
    with languages.speaking("en"):
        said = str(change)
    audit.record(session, g.shop.id, "portal.security", subject, actor=actor, vendor_id=g.vendor.id, reason=said)
    context = {"vendor_name": g.vendor_user.name or g.vendor.name, "change": change}
    context["link"] = f"{get_config().portal_url}/portal/more"
    key = f"vendor_security_changed:{g.request_id}"
    queue_email(session, g.shop.id, "vendor_security_changed", _email(), context, dedupe_key=key)


def _check_room(session: db.ScopedSession) -> None:
    if len(factors.list_factors(session, g.shop.id, _email())) >= _LIMIT:
        raise AppError(_("You have %(limit)s ways of signing in. Remove one before you add another.", limit=_LIMIT))


def _done(message: str, codes: list[str]) -> ResponseReturnValue:
    """Codes are shown in the answer itself, once: they must not wait in a cookie for the next page."""
    if not codes:
        flash(message, "good")
        return redirect("/portal/security", 303)
    return render_template("portal/security/codes.html", message=message, codes=codes)


def _security_page() -> str:
    with db.scoped(g.shop.id) as session:
        found = factors.list_factors(session, g.shop.id, _email())
        codes_left = factors.count_recovery_codes(session, g.shop.id, _email())
    can_add = passkeys.is_possible()
    return render_template(
        "portal/security/show.html",
        factors=found,
        codes_left=codes_left,
        passkeys=can_add,
        visits=visits.list_visits(g.session, g.vendor.id) if portal.may("business") else [],
        now=clock.now(),
    )


def _app_page(form: AuthenticatorForm) -> str:
    secret = form.secret.data or ""
    uri = factors.otpauth_uri(secret, _email(), g.look.name or _("Vendor portal"))
    code = segno.make(uri, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff")
    return render_template("portal/security/app.html", form=form, code=code, secret=secret, uri=uri)


def _email() -> str:
    email: str = g.vendor_user.email
    return email
