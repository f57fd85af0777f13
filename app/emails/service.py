"""Owing somebody an e-mail, and paying that debt exactly once.

The row is the job: it is written with the change that caused it, and the queue is only rung. A send that may have
reached the provider is repeated under the same Idempotency-Key, so that the provider sends one e-mail all the same.
"""

import random
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from email.utils import formataddr
from http import HTTPStatus
from typing import Any, Final

import resend
from resend.exceptions import ResendError
from resend.http_client_requests import RequestsClient
from sqlalchemy import and_, case, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.db import assert_no_transaction, scoped, system
from app.emails import deliveries
from app.emails.choices import wants_email
from app.emails.kinds import AFTER_UNINSTALL, KINDS
from app.emails.readers import find_reader
from app.emails.render import Leaving, Rendered, render
from app.emails.wordings import find_wording
from app.errors import Conflict
from app.models.emails import Email, EmailStatus
from app.models.mailings import MailSubscriber
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.queue import enqueue, enqueue_after_commit

MAX_ATTEMPTS: Final = 10
_TIMEOUT_SECONDS: Final = 10
# Longer than a send can take: a row claimed by a worker that died is free again afterwards.
_LEASE: Final = timedelta(minutes=2)
_FIRST_PAUSE: Final = timedelta(seconds=20)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_PATIENCE: Final = timedelta(days=3)
"""So long is "too many" no attempt; a day's quota that is used up lasts until the next."""
_SWEEP_AFTER: Final = timedelta(seconds=30)
_SECRET_PATH: Final = re.compile(
    r"(/portal/(?:enter|join|payout-details/confirm)/|/letters/[a-z]+/|/reply/)[\w.-]{16,}"
)

_TEST: Final = "test:"
_AWAITED: Final = [name for name, kind in KINDS.items() if kind.is_awaited]


def queue_email(
    session: Session,
    shop_id: int,
    kind: str,
    to: str,
    context: Mapping[str, Any],
    *,
    vendor_id: int | None = None,
    locale: str | None = None,
    dedupe_key: str,
) -> int | None:
    """Write the e-mail `kind` for `to` and ring the sender after commit. Returns its id. `locale` is a customer's.

    `dedupe_key` names the reason, such as "payout_sent:7": the second e-mail for one reason is not written, and None
    comes back; so it does for an e-mail that its reader chose not to get. Raises KeyError for an unknown kind, and when
    `context` lacks what the kind needs.
    """
    if not wants_email(session, shop_id, kind, vendor_id):
        return None
    assert not KINDS[kind].topic
    shop = session.get_one(Shop, shop_id)
    reader = find_reader(session, shop, kind, to, vendor_id=vendor_id, locale=locale)
    own = find_wording(session, shop_id, kind, reader.language)
    rendered = render(kind, context, shop_name=shop.name, language=reader.language, locale=reader.locale, wording=own)
    return _queue(session, shop, kind, to, rendered, vendor_id=vendor_id, dedupe_key=dedupe_key)


def queue_chosen_email(
    session: Session,
    subscriber: MailSubscriber,
    kind: str,
    to: str,
    context: Mapping[str, Any],
    *,
    leaving: Leaving | None = None,
    dedupe_key: str,
) -> int | None:
    """As `queue_email`, to a customer who chooses what they get. What they may stop says how: `leaving`."""
    assert leaving or not KINDS[kind].topic
    shop = session.get_one(Shop, subscriber.shop_id)
    reader = find_reader(session, shop, kind, to, locale=subscriber.locale or None)
    own = find_wording(session, shop.id, kind, reader.language)
    spoken = {"language": reader.language, "locale": reader.locale}
    rendered = render(kind, context, shop_name=shop.name, **spoken, wording=own, leaving=leaving)
    return _queue(session, shop, kind, to, rendered, subscriber_id=subscriber.id, dedupe_key=dedupe_key)


def queue_test(session: Session, shop: Shop, kind: str, to: str, rendered: Rendered) -> None:
    """Send somebody of the shop an e-mail as it would look, marked as a test."""
    marked = replace(rendered, subject=f"[Test] {rendered.subject}")
    _queue(session, shop, kind, to, marked, dedupe_key=f"{_TEST}{kind}:{uuid.uuid4().hex}")


def _queue(
    session: Session,
    shop: Shop,
    kind: str,
    to: str,
    rendered: Rendered,
    *,
    vendor_id: int | None = None,
    subscriber_id: int | None = None,
    dedupe_key: str,
) -> int | None:
    settings = session.get(ShopSettings, shop.id)
    from_name = (settings.mail_from_name if settings else None) or shop.name
    statement = (
        insert(Email)
        .values(
            shop_id=shop.id,
            vendor_id=vendor_id,
            subscriber_id=subscriber_id,
            kind=kind,
            dedupe_key=dedupe_key,
            to_address=to,
            from_name=from_name,
            subject=rendered.subject,
            html=rendered.html,
            text_body=rendered.text,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Email.shop_id, Email.dedupe_key])
        .returning(Email.id)
    )
    email_id: int | None = session.execute(statement).scalar_one_or_none()
    if email_id is not None:
        _ring_after_commit(session, shop.id, email_id, kind)
    return email_id


def _ring_after_commit(session: Session, shop_id: int, email_id: int, kind: str) -> None:
    enqueue_after_commit(session, "jobs.emails.send_email", shop_id, email_id, queue=_queue_of(kind))


def _queue_of(kind: str) -> str:
    return "links" if kind in _AWAITED else "emails"


def send(shop_id: int, email_id: int) -> None:
    """Send one waiting e-mail and write down what became of it. Does nothing when it is not due or already sent."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        email = _claim(session, email_id, has_left=shop.status is not ShopStatus.INSTALLED)
    if email is None:
        return
    try:
        provider_id = _hand_over(email, email.reply_to or shop.email)
    except ResendError as error:
        outcome = _after_failure(email, error)
    else:
        # Its delivery may have been reported before the answer to the call was read; or the recipient was forgotten or
        # stopped it meanwhile, and the row says "not sent" of what had left.
        was_withdrawn = and_(Email.status == EmailStatus.FAILED, Email.provider_id.is_(None))
        is_news = or_(Email.status == EmailStatus.QUEUED, was_withdrawn, Email.to_address.not_like("%@%"))
        outcome = {
            "status": case((is_news, EmailStatus.SENT), else_=Email.status),
            "sent_at": clock.now(),
            "provider_id": provider_id,
            "error": case((is_news, None), else_=Email.error),
            "next_attempt_at": None,
            # A sign-in link has done its work in the recipient's inbox; here it would be a key lying about.
            # In the row as it is now: the recipient may have been forgotten while the e-mail was on its way.
            "html": func.regexp_replace(Email.html, _SECRET_PATH.pattern, r"\1hidden", "g"),
            "text_body": func.regexp_replace(Email.text_body, _SECRET_PATH.pattern, r"\1hidden", "g"),
        }
    with scoped(shop_id) as session:
        session.execute(update(Email).where(Email.id == email_id).values(**outcome))


def hide_secrets(words: str) -> str:
    """An e-mail's text without its sign-in links, for everybody but the person it was written to."""
    return _SECRET_PATH.sub(r"\1hidden", words)


def send_again(session: Session, email: Email) -> None:
    """Give a failed e-mail another round of attempts. Raises Conflict when it did not fail, or nobody wants it now."""
    if email.status != EmailStatus.FAILED or email.provider_id:  # the same key again would send nothing
        raise Conflict("Only an e-mail that failed can be sent again.")
    if "@" not in email.to_address:
        raise Conflict("The recipient asked to be forgotten, so this e-mail cannot be sent any more.")
    if not _is_chosen(session, email):
        raise Conflict("The customer stopped these e-mails, so this one cannot be sent any more.")
    email.status = EmailStatus.QUEUED
    email.attempts = 0
    email.next_attempt_at = None
    _ring_after_commit(session, email.shop_id, email.id, email.kind)


def withdraw(session: Session, subscriber_id: int, topics: Collection[str]) -> None:
    """Do not send what waits of these topics: the customer stopped them."""
    kinds = [name for name, kind in KINDS.items() if kind.topic in topics]
    waiting = (Email.subscriber_id == subscriber_id, Email.status == EmailStatus.QUEUED, Email.kind.in_(kinds))
    said = "The customer stopped these e-mails. It was not sent."
    values = {"status": EmailStatus.FAILED, "error": said, "next_attempt_at": None}
    session.execute(update(Email).where(*waiting).values(values))


def _is_chosen(session: Session, email: Email) -> bool:
    """Whether its reader still wants it; of what nobody chooses, always."""
    topic = KINDS[email.kind].topic if email.kind in KINDS else ""
    if not topic or email.dedupe_key.startswith(_TEST):
        return True
    subscriber = session.get(MailSubscriber, email.subscriber_id) if email.subscriber_id else None
    return subscriber is not None and topic in subscriber.topics


def sweep() -> int:
    """Ring for every waiting e-mail whose ring was lost or whose next attempt is due. Returns how many."""
    now = clock.now()
    with system() as session:
        due = session.execute(
            select(Email.shop_id, Email.id, Email.kind)
            .join(Shop, Shop.id == Email.shop_id)
            .where(
                or_(Shop.status == ShopStatus.INSTALLED, Email.kind.in_(AFTER_UNINSTALL)),
                Email.status == EmailStatus.QUEUED,
                or_(Email.next_attempt_at.is_(None), Email.next_attempt_at <= now),
                Email.created_at < now - _SWEEP_AFTER,
            )
            .order_by(Email.kind.in_(_AWAITED).desc(), Email.id)
            .limit(500)
        ).all()
    for shop_id, email_id, kind in due:
        enqueue("jobs.emails.send_email", shop_id, email_id, queue=_queue_of(kind))
    return len(due)


def _claim(session: Session, email_id: int, *, has_left: bool) -> Email | None:
    """Take the row for this attempt, so that two workers do not both send it. A shop that has left sends no more."""
    now = clock.now()
    allowed = Email.kind.in_(AFTER_UNINSTALL) if has_left else true()
    return session.execute(
        update(Email)
        .where(
            Email.id == email_id,
            Email.status == EmailStatus.QUEUED,
            or_(Email.next_attempt_at.is_(None), Email.next_attempt_at <= now),
            allowed,
        )
        .values(attempts=Email.attempts + 1, next_attempt_at=now + _LEASE)
        .returning(Email)
    ).scalar_one_or_none()


def _hand_over(email: Email, reply_to: str | None) -> str:
    """Give the e-mail to the provider and return its id there. Raises ResendError."""
    assert_no_transaction()
    _set_up_resend()
    params: resend.Emails.SendParams = {
        "from": formataddr((email.from_name, get_config().mail_from)),
        "to": [email.to_address],
        "subject": email.subject,
        "html": email.html,
        "text": email.text_body,
        "tags": [
            {"name": "kind", "value": email.kind},
            {"name": deliveries.TAG, "value": deliveries.tag_of(email.shop_id, email.id)},
        ],
    }
    if reply_to:
        params["reply_to"] = reply_to
    if stop := _find_stop_link(email):
        # RFC 8058: mail programs show a button of their own. The link as it was written: a repeated call says the same.
        params["headers"] = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    answer = resend.Emails.send(params, {"idempotency_key": f"email-{email.shop_id}-{email.id}"})
    return str(answer["id"])


def _find_stop_link(email: Email) -> str | None:
    """Ours, and only where somebody may stop something: what people wrote is quoted in e-mails, addresses included."""
    if email.kind not in KINDS or not KINDS[email.kind].topic:
        return None
    ours = rf"^{re.escape(get_config().app_url)}/letters/stop/[\w.-]+$"
    links: list[str] = re.findall(ours, email.text_body, re.MULTILINE)
    return links[-1] if links else None


def fetch_received(provider_id: str) -> Mapping[str, Any]:
    """A mail that came in: text, html, headers, attachments. Raises ResendError."""
    assert_no_transaction()
    _set_up_resend()
    content: Mapping[str, Any] = resend.Emails.Receiving.get(provider_id)
    return content


def _set_up_resend() -> None:
    config = get_config()
    resend.api_url = config.resend_api_url
    resend.api_key = config.resend_api_key
    resend.default_http_client = RequestsClient(timeout=_TIMEOUT_SECONDS)


def _after_failure(email: Email, error: ResendError) -> dict[str, Any]:
    """What to write after a failed attempt: another try later, or the end when trying again cannot help."""
    said = f"The mail provider answered: {error.message}"
    is_refusal = _is_permanent(error)
    now, asked = clock.now(), _read_retry_after(error)
    if not is_refusal and _status(error) == HTTPStatus.TOO_MANY_REQUESTS and now < email.created_at + _PATIENCE:
        # It was not looked at: that is no attempt. The longer it has waited the longer it waits: a quota that is
        # used up is not asked for all day. And at another moment each, or all would come back together.
        pause = max(asked, _FIRST_PAUSE, min((now - email.created_at) / 4, _LONGEST_PAUSE))
        pause *= random.uniform(1, 1.5)  # noqa: S311 - spreads retries
        return {"error": said, "next_attempt_at": now + pause, "attempts": email.attempts - 1}
    if is_refusal or email.attempts >= MAX_ATTEMPTS:
        return {"status": EmailStatus.FAILED, "error": said, "next_attempt_at": None}
    pause = min(_FIRST_PAUSE * 2 ** (email.attempts - 1), _LONGEST_PAUSE)
    return {"error": said, "next_attempt_at": now + max(pause, asked)}


def _read_retry_after(error: ResendError) -> timedelta:
    """How long the provider asks us to wait, an hour at most; nothing when it does not say, or says no number."""
    headers = {name.lower(): value for name, value in error.headers.items()}
    said = headers.get("retry-after", "").strip()
    seconds = int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else 0
    return min(timedelta(seconds=seconds), _LONGEST_PAUSE)


def _is_permanent(error: ResendError) -> bool:
    """Refused for what it is, not for the moment: 4xx other than a time-out, a running twin (409) or too many (429)."""
    code = _status(error)
    return 400 <= code < 500 and code not in (408, 409, 429)


def _status(error: ResendError) -> int:
    """0 when there was no answer."""
    try:
        return int(error.code)
    except (TypeError, ValueError):
        return 0
