"""Home, More, and the small pages behind it: terms, where one is signed in, other vendors, the storefront's door."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, db, languages
from app.appearance.jinja import THEMES
from app.auth import magic_links, portal
from app.auth.roles import ROLE_WORDS, Role
from app.auth.rules import describe_device
from app.config import get_config
from app.errors import Forbidden, NotFound
from app.formats import write_day, write_money, write_money_short
from app.languages import _
from app.models.shops import ShopSettings
from app.models.vendors import PortalSession
from app.money import Money
from app.notices import queries as notices
from app.notices.rules import ICONS, VENDOR_WORDS
from app.payouts.queries import find_payout_day
from app.portal import queries, rules, service
from app.vendors.payout_details import held_until

bp = Blueprint("portal", __name__, url_prefix="/portal")
portal.protect(bp)
_NEWS: Final = 4
_LATER: Final = 3


@bp.get("")
def show_home() -> ResponseReturnValue:
    facts = queries.get_facts(g.session, g.vendor)
    tasks, steps = rules.list_tasks(facts, _opens), rules.list_steps(facts, _opens)
    return render_template(
        "portal/home.html",
        facts=facts,
        tasks=tasks,
        later=rules.list_later(tasks, steps)[:_LATER],
        news=notices.list_mine(g.session, limit=_NEWS).rows,
        words=VENDOR_WORDS,
        icons=ICONS,
        steps=steps,
        held_until=held_until(g.vendor),
        payout=(payout := queries.find_on_its_way(g.session, g.vendor.id)),
        payout_amount=payout.amount if payout else None,
        next_day=find_payout_day(g.session, g.shop, g.vendor.id),
        now=clock.now(),
        earnings=(earnings := queries.get_earnings(g.session, g.shop, g.vendor)),
        points=[(write_day(day), amount.minor, write_money(amount)) for day, amount in earnings.days],
        write_tick=lambda minor: write_money_short(Money(minor, g.shop.currency)),
    )


@bp.get("/more")
def show_more() -> ResponseReturnValue:
    connect = urlencode({"connect": service.issue_connection(g.vendor_user)})
    return render_template(
        "portal/more.html",
        role=ROLE_WORDS[Role(g.vendor_user.role)][0],
        sessions=[(entry, describe_device(entry.user_agent)) for entry in _list_sessions()],
        others=_list_others(),
        settings=g.session.get(ShopSettings, g.shop.id),
        storefront_url=get_config().storefront_url(g.shop.domain, g.shop.primary_host),
        connect_url=f"{get_config().storefront_url(g.shop.domain, g.shop.primary_host)}/a/market/portal?{connect}",
    )


@bp.post("/sessions")
def end_sessions() -> ResponseReturnValue:
    """End one session elsewhere, or all of them but this one."""
    wanted = request.form.get("session", type=int)
    ended = portal.revoke_sessions(g.session, g.vendor_user.id, session_id=wanted, keep=g.portal_session.id)
    flash(_("Signed out there.") if ended else _("That place was signed out already."), "good")
    return redirect("/portal/more", 303)


@bp.post("/theme")
def choose_theme() -> ResponseReturnValue:
    """Light, dark, or as the device has it; on this device only."""
    theme = request.form.get("theme", "")
    response = redirect("/portal/more", 303)
    if theme in THEMES:
        secure = get_config().is_secure
        response.set_cookie("theme", theme, max_age=31_536_000, secure=secure, httponly=True, samesite="Lax")
    else:
        response.delete_cookie("theme")
    return response


@bp.post("/language")
def choose_language() -> ResponseReturnValue:
    """Of these pages on every device, and of e-mails to this person."""
    language = languages.find_language([request.form.get("language")])
    response = redirect("/portal/more", 303)
    if language is not None:
        g.vendor_user.language = language
        portal.keep_language(response, language)
    return response


@bp.post("/switch")
def switch_vendor() -> ResponseReturnValue:
    """Go on as another vendor of the same shop for whom the same address works."""
    wanted = request.form.get("vendor", type=int)
    with db.system() as session:
        seats = magic_links.list_seats(session, g.vendor_user.email, shop_id=g.shop.id)
        seat = next((seat for seat in seats if seat.vendor.id == wanted), None)
        if seat is None:
            raise Forbidden(_("You do not work for that vendor, or not any more."))
        response = redirect("/portal", 303)
        portal.sign_in(session, seat, response, by=f"switched from vendor {g.vendor.id}", is_proved=True)
    return response


@bp.get("/terms")
def show_terms() -> ResponseReturnValue:
    settings = g.session.get(ShopSettings, g.shop.id)
    if settings is None or not settings.terms_text.strip():
        raise NotFound(_("This shop has not written terms for its vendors."))
    accepted = queries.has_accepted_terms(g.vendor, settings)
    return render_template("portal/terms.html", settings=settings, accepted=accepted)


@bp.post("/terms")
def accept_terms() -> ResponseReturnValue:
    service.accept_terms(g.session, g.vendor, g.vendor_user, request.form.get("version", ""))
    flash(_("Thank you. You have accepted the terms."), "good")
    return redirect("/portal", 303)


@bp.get("/connect/<ticket>")
def show_connect(ticket: str) -> ResponseReturnValue:
    """Back from the storefront with the customer that Shopify named: ask before connecting."""
    if service.read_connection(ticket, g.vendor_user) is None:
        raise Forbidden(_("This connection was started by somebody else, or too long ago. Start it again under More."))
    return render_template("portal/connect.html")


@bp.post("/connect/<ticket>")
def connect(ticket: str) -> ResponseReturnValue:
    customer_id = service.read_connection(ticket, g.vendor_user)
    if customer_id is None:
        raise Forbidden(_("This connection was started by somebody else, or too long ago. Start it again under More."))
    service.connect_customer(g.session, g.vendor, g.vendor_user, customer_id)
    flash(_("Connected. Signed in to the shop with that account, you get here with one click."), "good")
    return redirect("/portal/more", 303)


@bp.post("/disconnect")
def disconnect() -> ResponseReturnValue:
    service.connect_customer(g.session, g.vendor, g.vendor_user, None)
    flash(_("Disconnected. From now on only an e-mailed link opens these pages."), "good")
    return redirect("/portal/more", 303)


def _opens(href: str) -> bool:
    return portal.may_open(urlsplit(href).path, change=True)


def _list_sessions() -> Sequence[PortalSession]:
    """Where the person is signed in; a visit has no places of its own to show."""
    return [] if g.visit else portal.list_sessions(g.session, g.vendor_user.id)


def _list_others() -> list[magic_links.Seat]:
    """Other vendors of this shop that the person works for. They are outside the vendor's own scope."""
    with db.system() as session:
        seats = magic_links.list_seats(session, g.vendor_user.email, shop_id=g.shop.id)
    return [seat for seat in seats if seat.vendor.id != g.vendor.id]
