"""Doing once what is asked for twice under one Idempotency-Key.

The answer is written in the transaction that does the work: killed in between, neither is there, and the repetition
does it. A lock that goes with the transaction says that the first is still under way.
"""

import hashlib
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Response
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock, db
from app.errors import AppError, Conflict, ValidationErrors
from app.models.api import ApiAnswer, ApiToken

KEPT: Final = timedelta(hours=24)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_HEADERS: Final = ("Location", "ETag")


class KeyInUse(Conflict):
    kind = "idempotency-in-flight"


class KeyReused(AppError):  # noqa: N818 - it reads as the answer it becomes
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    kind = "idempotency-key-reused"


def fingerprint(method: str, address: str, body: bytes) -> bytes:
    return hashlib.sha256(f"{method} {address}\n".encode() + body).digest()


def find_answer(session: Session, token_id: int, key: str, asked: bytes) -> Response | None:
    """What the same request was answered before; None when it is the first, which then holds the key.

    Raises KeyInUse while the first is under way, KeyReused when it asked for something else, ValidationErrors.
    """
    if not _KEY.fullmatch(key):
        raise ValidationErrors({"Idempotency-Key:": "A key has 1 to 255 printable characters and no space."})
    free = func.pg_try_advisory_xact_lock(func.hashtextextended(f"api:{token_id}:{key}", 0))
    if not session.scalar(select(free)):
        raise KeyInUse("The first request with this key is still under way. Wait a moment, then send it again.")
    since = clock.now() - KEPT
    query = select(ApiAnswer).where(ApiAnswer.token_id == token_id, ApiAnswer.key == key)
    stored = session.scalars(query).one_or_none()
    if stored is None:
        return None
    if stored.created_at < since:
        session.delete(stored)
        session.flush()
        return None
    if stored.request_hash != asked:
        raise KeyReused("This key was used for another request. Use a new key for each thing that you want done.")
    response = Response(stored.body, status=stored.status, mimetype="application/json")
    if not stored.body:
        del response.headers["Content-Type"]
    for header in stored.headers:
        name, _, value = header.partition(": ")
        response.headers[name] = value
    response.headers["Idempotency-Replayed"] = "true"
    return response


def keep_answer(session: Session, token: ApiToken, key: str, asked: bytes, response: Response) -> None:
    """To be committed with the work. Refusals are not kept: they changed nothing, and may be different next time."""
    session.add(
        ApiAnswer(
            shop_id=token.shop_id,
            vendor_id=token.vendor_id,
            token_id=token.id,
            key=key,
            request_hash=asked,
            status=response.status_code,
            headers=[f"{name}: {response.headers[name]}" for name in _HEADERS if name in response.headers],
            body=response.get_data(),
            created_at=clock.now(),
        )
    )


def forget_old_answers() -> int:
    """Delete what nobody asks for again. Returns how many."""
    with db.system() as session:
        old = delete(ApiAnswer).where(ApiAnswer.created_at < clock.now() - KEPT)
        return len(session.execute(old.returning(ApiAnswer.id)).all())
