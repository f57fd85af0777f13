"""Customers' answers by e-mail: the provider rings, the number is stored, the words are fetched by a job.

The ring comes at least once and may be the only one: what it is about is written down before it is answered.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from resend.exceptions import ResendError
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.db import scoped, system
from app.emails.service import fetch_received
from app.errors import ValidationErrors
from app.messages import rules, service
from app.models.messages import Author, MailState, OrderThread, ReceivedMail
from app.queue import enqueue, enqueue_after_commit

JOB: Final = "jobs.messages.fetch_mail"
_MOST_ATTEMPTS: Final = 10
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=2)


def take(session: Session, news: Mapping[str, Any]) -> bool:
    """Note a mail that is for one of our conversations. The session is the system's. False: it is for nobody here."""
    data = news.get("data")
    if news.get("type") != "email.received" or not isinstance(data, dict):
        return False
    addresses = [str(one) for name in ("to", "cc", "bcc") for one in _listed(data.get(name))]
    token = rules.find_token(addresses, get_config().mail_inbound_domain)
    provider_id = str(data.get("email_id") or "")
    if token is None or not 0 < len(provider_id) <= 100:
        return False
    thread = session.scalars(select(OrderThread).where(OrderThread.token == token)).one_or_none()
    if thread is None:
        return False
    noted = insert(ReceivedMail).values(shop_id=thread.shop_id, thread_id=thread.id, provider_id=provider_id)
    once = noted.on_conflict_do_nothing(index_elements=["shop_id", "provider_id"]).returning(ReceivedMail.id)
    number = session.execute(once).scalar_one_or_none()
    if number is not None:
        enqueue_after_commit(session, JOB, thread.shop_id, number, queue="emails")
    return number is not None


def fetch(shop_id: int, number: int) -> None:
    """Read a noted mail at the provider and put what was written anew into its conversation; once."""
    now = clock.now()
    with scoped(shop_id) as session:
        mail = session.get(ReceivedMail, number, with_for_update=True)
        if mail is None or mail.state is not MailState.WAITING or (mail.next_attempt_at or now) > now:
            return
        if mail.attempts >= _MOST_ATTEMPTS:
            # Whatever it was that went wrong, and whoever died of it.
            mail.state, mail.error = MailState.REFUSED, mail.error or "It could not be read."
            return
        mail.attempts += 1
        mail.next_attempt_at = now + min(_FIRST_PAUSE * 2 ** (mail.attempts - 1), _LONGEST_PAUSE)
    try:
        content = fetch_received(mail.provider_id)
    except ResendError as error:
        with scoped(shop_id) as session:
            held = session.get_one(ReceivedMail, number, with_for_update=True)
            held.error = f"The mail provider answered: {error.message}"
        return
    _keep(shop_id, number, content)


def sweep() -> None:
    """Ring again for mails whose ring was lost or whose next attempt is due."""
    now = clock.now()
    due = or_(ReceivedMail.next_attempt_at.is_(None), ReceivedMail.next_attempt_at <= now)
    with system() as session:
        waiting = select(ReceivedMail.shop_id, ReceivedMail.id).where(ReceivedMail.state == MailState.WAITING, due)
        rows = session.execute(waiting.order_by(ReceivedMail.id).limit(200)).all()
    for shop_id, number in rows:
        enqueue(JOB, shop_id, number, queue="emails")


def _keep(shop_id: int, number: int, content: Mapping[str, Any]) -> None:
    words, was_cut = rules.shorten(_words_of(content))
    note = rules.describe_losses(len(_listed(content.get("attachments"))), was_cut=was_cut)
    headers = content.get("headers")
    if isinstance(headers, dict) and rules.is_automatic({str(k): str(v) for k, v in headers.items()}):
        _refuse(shop_id, number, "An automatic answer.")
        return
    with scoped(shop_id) as session:
        mail = session.get_one(ReceivedMail, number, with_for_update=True)
        if mail.state is not MailState.WAITING:
            return
        thread = session.get_one(OrderThread, mail.thread_id, with_for_update=True)
        try:
            service.add(session, thread, Author.CUSTOMER, words or note, note=note if words else "")
        except ValidationErrors as error:
            mail.state, mail.error = MailState.REFUSED, error.errors["body"]
        else:
            mail.state, mail.error = MailState.TAKEN, None


def _words_of(content: Mapping[str, Any]) -> str:
    text = content.get("text")
    if isinstance(text, str) and text.strip():
        return _plain(rules.trim_reply(text))
    html = content.get("html")
    return _plain(rules.read_html(html)) if isinstance(html, str) else ""


def _plain(text: str) -> str:
    """PostgreSQL keeps no NUL, and nobody reads other control characters."""
    return "".join(letter for letter in text if letter in "\n\t" or letter.isprintable())


def _refuse(shop_id: int, number: int, why: str) -> None:
    with scoped(shop_id) as session:
        mail = session.get_one(ReceivedMail, number, with_for_update=True)
        if mail.state is MailState.WAITING:
            mail.state, mail.error = MailState.REFUSED, why


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
