"""The verbs of e-mails that customers choose: asking, proving the address, changing, stopping, forgetting.

Nobody gets one before they opened the link in an e-mail to that very address, and a stop takes the address away: who
wants them again proves it again. Shopify's own marketing consent is another one; it is neither read nor changed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.auth import letters, limits
from app.db import system
from app.emails.service import queue_chosen_email, withdraw
from app.errors import Conflict, TooMany
from app.languages import _, lazy
from app.mailings import queries, rules
from app.models.emails import Email
from app.models.events import DomainEvent
from app.models.mailings import ConsentStep, MailConsent, MailingSettings, MailSubscriber

CONFIRMING: Final = "confirm"
STOPPING: Final = "stop"
TOPIC_WORDS: Final = {
    "vendors": lazy("What vendors I follow put on sale"),
    "wishlist": lazy("What on my wishlist is back in stock or cheaper"),
    "cart": lazy("A cart that I left, once"),
}
_DAY: Final = 86_400
_MONTH: Final = 30 * _DAY
_LINKS_A_MONTH: Final = 4
_STOP_SECONDS: Final = 5 * 365 * _DAY
"""Whoever finds an old e-mail must be able to stop the new ones."""
REPLACED: Final = lazy("You have chosen again since this e-mail was sent. Open the link in the newest one.")
_OTHERS: Final = lazy(
    "Others had e-mails sent to this address. Open the link in one and say that it was not you, then try again."
)
_OLD: Final = "What this e-mail said was removed after 90 days."
_GONE: Final = "The customer stopped these e-mails; what they said was removed."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a customer ticked, where they did so, and which words stood there."""

    topics: list[str]
    email: str
    locale: str
    place: str
    wording: str


def choose(session: Session, shop_id: int, customer_id: int, wanted: Wanted) -> bool:
    """Take a choice over. Returns whether the address has to be proven first; then an e-mail with a link is on its way.

    The same choice again sends no second one. Raises TooMany.
    """
    subscriber = _lock(session, shop_id, customer_id)
    if not wanted.topics:
        _stop(session, subscriber, ConsentStep.STOPPED, wanted.place)
        return False
    if subscriber.confirmed_at and subscriber.email.lower() == wanted.email.lower():
        _change(session, subscriber, wanted)
        return False
    waiting = session.get(MailConsent, subscriber.waiting_id) if subscriber.waiting_id else None
    if waiting and (waiting.email, waiting.topics) == (wanted.email, wanted.topics) and _is_open(waiting):
        return True
    _spare(session, subscriber, wanted.email)
    consent = _record(session, subscriber, ConsentStep.ASKED, wanted)
    subscriber.waiting_id, subscriber.locale = consent.id, wanted.locale
    _send_link(session, subscriber, consent)
    return True


def confirm(session: Session, consent_id: int) -> MailConsent:
    """The address is proven. Again changes nothing. Raises Conflict when a newer choice took this one's place."""
    consent = session.get(MailConsent, consent_id)
    if consent is None:
        raise _outdated()
    subscriber = session.get_one(MailSubscriber, consent.subscriber_id, with_for_update=True)
    if subscriber.waiting_id != consent.id:
        if subscriber.confirmed_at and subscriber.email == consent.email:
            return consent
        raise _outdated()
    now = clock.now()
    _take_topics(session, subscriber, consent.topics)
    subscriber.email, subscriber.waiting_id = consent.email, None
    subscriber.confirmed_at, subscriber.stopped_at, subscriber.next_look_at = now, None, now
    proven = Wanted(consent.topics, consent.email, subscriber.locale, "e-mail", consent.wording)
    _record(session, subscriber, ConsentStep.CONFIRMED, proven)
    return consent


def disown(session: Session, consent_id: int) -> None:
    """The owner of the address did not ask: who did has no link sent there for a month, whatever they chose since, and
    others who were told that too many asked may ask again. Once they have proven the address this changes nothing.
    """
    consent = session.get(MailConsent, consent_id)
    subscriber = session.get(MailSubscriber, consent.subscriber_id, with_for_update=True) if consent else None
    if consent is None or subscriber is None or queries.find_proof(session, consent_id)[0] in queries.SETTLED:
        return
    address = consent.email.lower()
    _drop_waiting(session, subscriber, address)
    _record(session, subscriber, ConsentStep.REFUSED, Wanted([], consent.email, subscriber.locale, "e-mail", ""))
    limits.allow(**_monthly(subscriber, address), tries=_LINKS_A_MONTH)
    limits.forget("mails-askers", f"{subscriber.shop_id}:{address}")


def stop(session: Session, subscriber_id: int) -> None:
    """By the link in an e-mail. Again, or of somebody who is gone, changes nothing."""
    subscriber = session.get(MailSubscriber, subscriber_id, with_for_update=True)
    if subscriber is not None:
        _stop(session, subscriber, ConsentStep.STOPPED, "e-mail")


def stop_refused(session: Session, event: DomainEvent) -> None:
    """ChosenEmailRefused: an address that bounced, or whose owner calls it unwanted, is written to no more."""
    email = session.get(Email, event.subject["email_id"])
    if email is None or email.subscriber_id is None:
        return
    subscriber = session.get(MailSubscriber, email.subscriber_id, with_for_update=True)
    if subscriber is None:
        return
    if subscriber.email.lower() == email.to_address.lower():
        _stop(session, subscriber, ConsentStep.REFUSED, "e-mail")
    else:
        _drop_waiting(session, subscriber, email.to_address.lower())


def stop_link(subscriber: MailSubscriber) -> str:
    """Where the customer stops them without signing in."""
    return letters.link(subscriber.shop_id, STOPPING, subscriber.id, seconds=_STOP_SECONDS)


def change_settings(session: Session, shop_id: int, wanted: dict[str, Any], *, actor: str) -> bool:
    """Take over checked settings. Returns whether anything changed."""
    held = queries.get_settings(session, shop_id)
    changes = {name: [getattr(held, name), new] for name, new in wanted.items() if getattr(held, name) != new}
    if changes:
        # Two people may save the first ones at once: the later one wins.
        new = wanted | {"updated_at": clock.now()}
        row = insert(MailingSettings).values(shop_id=shop_id, **new)
        session.execute(row.on_conflict_do_update(index_elements=["shop_id"], set_=new))
        session.expire_all()
        audit.record(session, shop_id, "mailings.settings", ("shop", shop_id), actor=actor, changes=changes)
    return bool(changes)


def remove_old(now: datetime | None = None) -> int:
    """Choices that were stopped or never proven, and what was written because of them, in every shop; and what e-mails
    said of customers' lists months ago. Returns how many choices.
    """
    now = now or clock.now()
    before = now - rules.KEPT_UNWANTED
    ended = (MailSubscriber.confirmed_at.is_(None), MailSubscriber.created_at < before, ~_stepped_since(before))
    with system() as session:
        query = select(MailSubscriber.id).where(*ended).limit(5000)
        gone = session.scalars(query.with_for_update(skip_locked=True)).all()
        emptied = {"to_address": "[removed]", "html": f"<p>{_GONE}</p>", "text_body": _GONE, "error": None}
        session.execute(update(Email).where(Email.subscriber_id.in_(gone)).values(emptied))
        session.execute(delete(MailSubscriber).where(MailSubscriber.id.in_(gone)))
        old = (Email.kind.in_(rules.KIND_OF.values()), Email.created_at < now - rules.WORDS_LAST)
        words = {"html": f"<p>{_OLD}</p>", "text_body": _OLD}
        session.execute(update(Email).where(*old, Email.text_body.not_in((_OLD, _GONE))).values(words))
    return len(gone)


def _stepped_since(moment: datetime) -> Any:
    steps = (MailConsent.subscriber_id == MailSubscriber.id, MailConsent.created_at >= moment)
    return select(MailConsent.id).where(*steps).exists()


def _lock(session: Session, shop_id: int, customer_id: int) -> MailSubscriber:
    new = {"shop_id": shop_id, "customer_id": customer_id}
    session.execute(insert(MailSubscriber).values(new).on_conflict_do_nothing())
    theirs = (MailSubscriber.shop_id == shop_id, MailSubscriber.customer_id == customer_id)
    locked = select(MailSubscriber).where(*theirs).with_for_update()
    return session.scalars(locked, execution_options={"populate_existing": True}).one()


def _change(session: Session, subscriber: MailSubscriber, wanted: Wanted) -> None:
    """Of an address that is proven."""
    subscriber.locale, subscriber.waiting_id = wanted.locale, None
    if subscriber.topics == wanted.topics:
        return
    _take_topics(session, subscriber, wanted.topics)
    _record(session, subscriber, ConsentStep.CHANGED, wanted)


def _take_topics(session: Session, subscriber: MailSubscriber, topics: list[str]) -> None:
    """News begin with the choice, and what waits of a dropped topic is not sent."""
    dropped, added = set(subscriber.topics) - set(topics), set(topics) - set(subscriber.topics)
    if "vendors" in added:
        subscriber.vendors_at = clock.now()
    if "wishlist" in added:
        subscriber.seen = {}
    subscriber.topics = topics
    withdraw(session, subscriber.id, dropped)


def _stop(session: Session, subscriber: MailSubscriber, step: ConsentStep, place: str) -> None:
    if not subscriber.confirmed_at and not subscriber.waiting_id:
        return
    _record(session, subscriber, step, Wanted([], subscriber.email, subscriber.locale, place, ""))
    subscriber.email, subscriber.topics, subscriber.seen = "", [], {}
    subscriber.confirmed_at = subscriber.waiting_id = None
    subscriber.stopped_at = clock.now()
    withdraw(session, subscriber.id, rules.TOPICS)


def _drop_waiting(session: Session, subscriber: MailSubscriber, address: str) -> None:
    waiting = session.get(MailConsent, subscriber.waiting_id) if subscriber.waiting_id else None
    if waiting is not None and waiting.email.lower() == address:
        subscriber.waiting_id = None


def _record(session: Session, subscriber: MailSubscriber, step: ConsentStep, wanted: Wanted) -> MailConsent:
    consent = MailConsent(
        shop_id=subscriber.shop_id,
        customer_id=subscriber.customer_id,
        subscriber_id=subscriber.id,
        step=step,
        topics=wanted.topics,
        email=wanted.email,
        place=wanted.place,
        wording=wanted.wording,
        created_at=clock.now(),
    )
    session.add(consent)
    session.flush()
    return consent


def _spare(session: Session, subscriber: MailSubscriber, email: str) -> None:
    """An e-mail goes to an address that may be anybody's. Few go there for one customer, so that nobody uses up what
    another may ask for, and only for few customers who never ordered with it: for as long as their links last, in each
    of which the owner can say that it was somebody else. Raises TooMany.
    """
    asker, address = f"{subscriber.shop_id}:{subscriber.customer_id}", email.lower()
    if not limits.allow("mails-asker", asker, limit=10, seconds=_DAY):
        raise TooMany(_("You have changed this very often. Try again tomorrow."))
    is_stranger = not queries.is_known_with(session, subscriber, address)
    week = int(rules.LINK_LASTS.total_seconds())
    if is_stranger and not limits.allow("mails-askers", f"{subscriber.shop_id}:{address}", limit=5, seconds=week):
        raise TooMany(_OTHERS)
    if not limits.allow("mails-unproven", f"{asker}:{address}", limit=3, seconds=_DAY):
        raise TooMany(_("Several e-mails went to this address today. Look into that inbox, or try again tomorrow."))
    if not limits.allow(**_monthly(subscriber, address)):
        raise TooMany(_("Many e-mails went to this address lately. Look into that inbox, or try again in a month."))


def _monthly(subscriber: MailSubscriber, address: str) -> dict[str, Any]:
    """How many links one customer may have sent to an address that they have not proven."""
    asker = f"{subscriber.shop_id}:{subscriber.customer_id}"
    return {"what": "mails-unproven-month", "who": f"{asker}:{address}", "limit": _LINKS_A_MONTH, "seconds": _MONTH}


def _is_open(consent: MailConsent) -> bool:
    """Whether its link can still be opened for a good while."""
    return clock.now() < consent.created_at + rules.LINK_LASTS / 2


def _send_link(session: Session, subscriber: MailSubscriber, consent: MailConsent) -> None:
    link = letters.link(consent.shop_id, CONFIRMING, consent.id, seconds=int(rules.LINK_LASTS.total_seconds()))
    choices = [TOPIC_WORDS[topic] for topic in consent.topics]
    context = {"choices": choices, "link": link, "link_lasts": rules.LINK_LASTS}
    key = f"customer_mails_confirm:{consent.id}"
    queue_chosen_email(session, subscriber, "customer_mails_confirm", consent.email, context, dedupe_key=key)


def _outdated() -> Conflict:
    return Conflict(REPLACED)
