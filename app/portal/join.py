"""Taking an invitation up: the link proves the address, the form makes the vendor, and the person is signed in."""

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import db, web
from app.auth import limits, magic_links, portal
from app.errors import TooMany, ValidationErrors
from app.languages import _, lazy
from app.models.invitations import VendorInvitation
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from app.vendors import invitations, sync
from app.vendors.forms import ApplicationForm

bp = Blueprint("portal_join", __name__, url_prefix="/portal/join")
web.open_to_all(bp, why="sellers who are invited have no seat yet; each link is checked on its own")
bp.before_request(web.refuse_foreign_posts)
bp.after_request(portal.seal)

_AWAY = lazy("The shop could not be reached just now. Nothing was lost: send it again in a minute.")


@bp.get("/<token>")
def show_form(token: str) -> ResponseReturnValue:
    invitation, shop, terms = _look_up(token)
    if invitation is None or shop is None:
        return render_template("portal/join.html", form=None), 410
    return _page(shop, ApplicationForm(name=invitation.name, email=invitation.email), terms)


@bp.post("/<token>")
def join(token: str) -> ResponseReturnValue:
    invitation, shop, terms = _look_up(token)
    if invitation is None or shop is None:
        return render_template("portal/join.html", form=None), 410
    if not limits.allow("join", str(invitation.id), limit=30, seconds=600):
        raise TooMany(_("That was tried very often. Wait ten minutes; what you typed is still there when you go back."))
    values = request.form.copy()
    values["email"] = invitation.email
    form = ApplicationForm(values)
    form.terms_needed = bool(terms)
    if not form.validate():
        return _page(shop, form, terms), 422
    try:
        # Outside any transaction: Shopify may take its time.
        entries = sync.find_entries(ShopCredentials(shop.id, shop.domain), form.application().name)
        with db.scoped(shop.id) as session:
            vendor = invitations.accept(session, shop, token, form.application(), entries)
    except ValidationErrors as error:
        form.name.errors = [*error.errors.values()]
        return _page(shop, form, terms), 422
    except ShopifyError:
        return _page(shop, form, terms, problem=_AWAY), 503
    if vendor is None:
        return render_template("portal/join.html", form=None), 410
    return _let_in(shop.id, vendor.id, invitation.email)


def _let_in(shop_id: int, vendor_id: int, email: str) -> Response:
    """The link was as good as one that is e-mailed for signing in."""
    response: Response = redirect("/portal", 303)  # type: ignore[assignment]
    with db.system() as session:
        seats = magic_links.list_seats(session, email, shop_id=shop_id)
        seat = next((seat for seat in seats if seat.vendor.id == vendor_id), None)
        if seat is not None:
            portal.sign_in(session, seat, response, by="invitation")
    return response


def _look_up(token: str) -> tuple[VendorInvitation | None, Shop | None, str]:
    """The invitation, its shop when that still has the app, and the shop's terms."""
    with db.system() as session:
        invitation = invitations.find_open(session, token)
        shop = session.get(Shop, invitation.shop_id) if invitation else None
        if shop is None or shop.status is not ShopStatus.INSTALLED:
            return None, None, ""
        portal.greet(session, shop)
        settings = session.get(ShopSettings, shop.id)
    return invitation, shop, settings.terms_text.strip() if settings else ""


def _page(shop: Shop, form: ApplicationForm, terms: str, *, problem: str | None = None) -> str:
    return render_template("portal/join.html", form=form, terms=terms, shop_name=shop.name, problem=problem)
