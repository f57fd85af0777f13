"""The storefront's door for e-mails that a signed-in customer chooses. JSON only, nothing is echoed into a page."""

import re
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth import limits
from app.auth import proxy as door
from app.db import speak_for_shop
from app.errors import AppError, TooMany, ValidationErrors
from app.languages import _
from app.mailings import queries, rules, service
from app.mailings.service import Wanted
from app.typed import storable

bp = Blueprint("mailings_proxy", __name__, url_prefix="/proxy")
door.protect_for_customers(bp)

_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@bp.get("/mails.json")
def show_choice() -> ResponseReturnValue:
    """{offered: topics, chosen: topics, email, waiting}: what the shop sends, and what this customer asked for."""
    choice = queries.find_choice(g.session, g.shop.id, g.customer_id)
    speak_for_shop(g.session)
    offered = queries.list_offered(queries.get_settings(g.session, g.shop.id))
    return jsonify(offered=offered, chosen=list(choice.topics), email=choice.email, waiting=choice.is_waiting)


@bp.post("/mails")
def choose() -> ResponseReturnValue:
    """Take {topics, email, locale, page, wording}: {ok, confirm}, or {ok: false, errors}. No topics: stop them all."""
    given: Any = request.get_json(silent=True) if request.is_json else None
    if not isinstance(given, dict) or not isinstance(given.get("topics"), list):
        # A form of another site cannot send JSON: this is what keeps strangers from choosing for a customer.
        raise AppError("A choice is sent as JSON with a list of topics.")
    if not limits.allow("mails", f"{g.shop.id}:{g.customer_id}", limit=30, seconds=3600):
        raise TooMany(_("You have changed this very often. Try again in an hour."))
    choice = queries.find_choice(g.session, g.shop.id, g.customer_id)
    speak_for_shop(g.session)
    offered = queries.list_offered(queries.get_settings(g.session, g.shop.id))
    # What the shop does not offer at the moment stays as it was: nobody saw a box for it. Who ticks nothing wants none.
    unseen = choice.topics if given["topics"] else ()
    topics = [topic for topic in rules.TOPICS if topic in (given["topics"] if topic in offered else unseen)]
    email = _read_email(given.get("email")) if topics else ""
    if email and (choice.is_waiting or email.lower() != choice.email.lower()):
        _spare(email)
    texts = {name: storable(str(given.get(name) or ""))[:200] for name in ("locale", "page", "wording")}
    locale = texts["locale"] if _LOCALE.fullmatch(texts["locale"]) else g.locale
    wanted = Wanted(topics, email, locale, texts["page"], texts["wording"])
    return jsonify(ok=True, confirm=service.choose(g.session, g.shop.id, g.customer_id, wanted))


def _spare(email: str) -> None:
    """An e-mail goes to an address that may be anybody's: few a day, whoever asks."""
    if not limits.allow("mails-unproven", f"{g.shop.id}:{email.lower()}", limit=5, seconds=86_400):
        raise TooMany(_("Several e-mails went to this address today. Look into that inbox, or try again tomorrow."))
    if not limits.allow("mails-asker", f"{g.shop.id}:{g.customer_id}", limit=10, seconds=86_400):
        raise TooMany(_("You have changed this very often. Try again in an hour."))


def _read_email(given: Any) -> str:
    try:
        found = validate_email(given if isinstance(given, str) else "", check_deliverability=False)
    except EmailNotValidError:
        words = _("This does not look like an e-mail address. Check it for typing mistakes.")
        raise ValidationErrors({"email": words}) from None
    return found.normalized
