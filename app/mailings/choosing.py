"""What a signed-in customer's pages ask and send about their e-mails, in the theme and in the account alike."""

import re
from typing import Any, Final

from sqlalchemy.orm import Session

from app.auth import limits
from app.auth.proxy import refuse_erased
from app.db import speak_for_shop
from app.errors import AppError, NotFound, TooMany
from app.languages import _
from app.mailings import queries, rules, service
from app.mailings.service import Wanted
from app.models.shops import Shop, ShopStatus
from app.typed import read_email, storable

_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def show(session: Session, shop_id: int, customer_id: int) -> dict[str, Any]:
    """{offered: topics, chosen: topics, email, waiting}: what the shop sends, and what this customer asked for.

    Their own rows are read as themselves; from then on the session speaks for the shop.
    """
    choice = queries.find_choice(session, shop_id, customer_id)
    speak_for_shop(session)
    offered = queries.list_offered(queries.get_settings(session, shop_id))
    return {"offered": offered, "chosen": list(choice.topics), "email": choice.email, "waiting": choice.is_waiting}


def take(session: Session, shop_id: int, customer_id: int, given: Any, locale: str) -> bool:
    """Take {topics, email, locale, page, wording}; no topics: stop them all. Returns whether a link has to be opened.

    `locale` is for pages that do not say theirs. Raises AppError, Erased, NotFound, TooMany,
    ValidationErrors.
    """
    if not isinstance(given, dict) or not isinstance(given.get("topics"), list):
        # A form of another site cannot send JSON: this is what keeps strangers from choosing for a customer.
        raise AppError("A choice is sent as JSON with a list of topics.")
    if not limits.allow("mails", f"{shop_id}:{customer_id}", limit=30, seconds=3600):
        raise TooMany(_("You have changed this very often. Try again in an hour."))
    refuse_erased(session, shop_id, customer_id)
    told = show(session, shop_id, customer_id)
    if session.get_one(Shop, shop_id, populate_existing=True).status != ShopStatus.INSTALLED:
        # The storefront's door may know it a moment longer: of a shop that has left nothing is stored.
        raise NotFound(_("This shop has no marketplace at the moment."))
    # What the shop does not offer at the moment stays as it was: nobody saw a box for it. Who ticks nothing wants none.
    unseen = told["chosen"] if given["topics"] else ()
    topics = [topic for topic in rules.TOPICS if topic in (given["topics"] if topic in told["offered"] else unseen)]
    email = read_email(given.get("email")) if topics else ""
    texts = {name: storable(str(given.get(name) or ""))[:200] for name in ("locale", "page", "wording")}
    spoken = texts["locale"] if _LOCALE.fullmatch(texts["locale"]) else locale
    wanted = Wanted(topics, email, spoken, texts["page"], texts["wording"])
    return service.choose(session, shop_id, customer_id, wanted)
