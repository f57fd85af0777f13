"""What became of e-mails after the provider took them, as its signed webhooks say (Svix's scheme).

They come at least once, in any order, and perhaps before the answer to the call that sent the e-mail: so each e-mail
carries its own number as a tag, and news only ever moves it forward.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import or_, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers

from app import clock, events
from app.models.emails import Email, EmailStatus
from app.typed import read_moment, read_number

TAG: Final = "email"
_TOLERANCE_SECONDS: Final = 300
_FROM: Final = {
    EmailStatus.DELIVERED: (EmailStatus.QUEUED, EmailStatus.SENT),
    EmailStatus.FAILED: (EmailStatus.QUEUED, EmailStatus.SENT),
    EmailStatus.BOUNCED: (EmailStatus.QUEUED, EmailStatus.SENT, EmailStatus.DELIVERED, EmailStatus.FAILED),
    EmailStatus.COMPLAINED: (EmailStatus.QUEUED, EmailStatus.SENT, EmailStatus.DELIVERED),
}
_NEWS: Final = {
    "email.delivered": EmailStatus.DELIVERED,
    "email.bounced": EmailStatus.BOUNCED,
    "email.suppressed": EmailStatus.BOUNCED,
    "email.complained": EmailStatus.COMPLAINED,
    "email.failed": EmailStatus.FAILED,
}
_WORDS: Final = {
    "email.bounced": "The recipient's mail server refused it.",
    "email.suppressed": "The address refused e-mails before, so the provider does not try it any more.",
    "email.complained": "The recipient marked it as unwanted.",
    "email.failed": "The provider could not send it.",
}


def tag_of(shop_id: int, email_id: int) -> str:
    return f"{shop_id}-{email_id}"


def is_signed(secret: str, headers: Headers, body: bytes, *, now: float) -> bool:
    """Whether the provider signed this. `secret` is whsec_ and base64; `now` in seconds keeps replays out."""
    message_id, moment = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    if not secret or abs(now - (read_number(moment) or 0)) > _TOLERANCE_SECONDS:
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    signed = f"{message_id}.{moment}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    given = (part.partition(",") for part in headers.get("svix-signature", "").split(" "))
    return any(version == "v1" and hmac.compare_digest(wanted, sign.encode()) for version, _, sign in given)


def take(session: Session, news: Mapping[str, Any]) -> bool:
    """Write down what a webhook says. The session is the system's: the tag says which shop. False: nothing changed."""
    kind, data = str(news.get("type")), news.get("data")
    found = _read_tag(data) if isinstance(data, dict) else None
    if kind not in _NEWS or found is None:
        return False
    assert isinstance(data, dict)
    (shop_id, email_id), provider_id = found, str(data.get("email_id"))
    status = _NEWS[kind]
    statement = (
        update(Email)
        .where(
            Email.shop_id == shop_id,
            Email.id == email_id,
            or_(Email.provider_id.is_(None), Email.provider_id == provider_id),
            Email.status.in_(_FROM[status]),
            Email.to_address.contains("@"),  # of whom was forgotten, no address may come back in an error
        )
        .values(
            status=status,
            provider_id=provider_id,
            error=_explain(kind, data),
            reported_at=read_moment(news.get("created_at")) or clock.now(),
        )
    )
    told = session.execute(statement.returning(Email.subscriber_id)).first()
    if told is not None and told.subscriber_id and _is_refusal(status, data):
        events.publish(session, shop_id, "ChosenEmailRefused", email_id=email_id)
    return told is not None


def _is_refusal(status: EmailStatus, data: Mapping[str, Any]) -> bool:
    """Whether the address is not to be written to again; a full mailbox may be emptied."""
    if status is EmailStatus.COMPLAINED:
        return True
    bounce = data.get("bounce")
    kind = bounce.get("type") if isinstance(bounce, dict) else None
    return status is EmailStatus.BOUNCED and kind != "Transient"


def _read_tag(data: Mapping[str, Any]) -> tuple[int, int] | None:
    """Tags come as a list of names and values, or as one object."""
    tags = data.get("tags")
    if isinstance(tags, list):
        tags = {tag.get("name"): tag.get("value") for tag in tags if isinstance(tag, dict)}
    shop_id, _, email_id = str(tags.get(TAG) if isinstance(tags, dict) else "").partition("-")
    shop, email = read_number(shop_id), read_number(email_id)
    return None if shop is None or email is None else (shop, email)


def _explain(kind: str, data: Mapping[str, Any]) -> str | None:
    details: Mapping[str, Any] = next(
        (data[name] for name in ("bounce", "failed") if isinstance(data.get(name), dict)), {}
    )
    said = str(details.get("message") or details.get("reason") or "")[:500]
    return f"{_WORDS[kind]} {said}".strip() if kind in _WORDS else None
