"""The door for links in e-mails to customers: a signed ticket names a shop and one thing in it, and opens no more."""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from app import crypto, languages, web
from app.auth import portal
from app.config import get_config
from app.errors import Forbidden, NotFound
from app.languages import _
from app.models.shops import Shop, ShopStatus


def link(shop_id: int, purpose: str, subject: int, *, seconds: int) -> str:
    """An address behind this door, for the thing whose id `subject` is."""
    claims = {"shop": shop_id, "subject": subject}
    ticket = crypto.sign_ticket(claims, get_config().secret_keys, _purpose(purpose), seconds=seconds)
    return f"{get_config().app_url}/letters/{purpose}/{ticket}"


def protect(bp: Blueprint, purpose: str, *, after_uninstall: bool = False) -> None:
    """Every address of `bp` has `<ticket>`, signed for `purpose`, which says g.shop, g.session and g.subject.

    `after_uninstall`: also of a shop that has left, and may come back.
    """

    def require_ticket() -> ResponseReturnValue | None:
        _enter(str((request.view_args or {}).get("ticket", "")), purpose, after_uninstall=after_uninstall)
        return None

    web.guard(bp, "letter", require_ticket)
    bp.after_request(portal.seal)


def _enter(ticket: str, purpose: str, *, after_uninstall: bool) -> None:
    claims = crypto.read_ticket(ticket, get_config().secret_keys, _purpose(purpose))
    if claims is None:
        raise Forbidden(_("This link is too old, or part of it is missing. Open it from the e-mail again."))
    session = web.open_scope(claims["shop"])
    shop = session.get(Shop, claims["shop"])
    if shop is None or (shop.status is not ShopStatus.INSTALLED and not after_uninstall):
        raise NotFound(_("What this link led to is not there any more."))
    g.shop, g.subject = shop, claims["subject"]
    language = languages.find_language([*request.accept_languages.values(), shop.locale]) or "en"
    languages.use(language)
    g.locale = languages.locale_for(language, shop.locale)
    portal.dress(session, shop)


def _purpose(name: str) -> str:
    return f"letter:{name}"
