"""POST /hooks/resend: the mail provider says what became of e-mails."""

import json
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import db, web
from app.config import get_config
from app.emails import deliveries

bp = Blueprint("email_deliveries", __name__, url_prefix="/hooks")
web.open_to_all(bp, why="the provider's signature is checked before anything is read")


@bp.post("/resend")
def take_news() -> ResponseReturnValue:
    """News of e-mails that are not ours are answered 200 like the others."""
    return take_signed(get_config().resend_webhook_secret, deliveries.take)


def take_signed(secret: str, take: Callable[[Session, dict[str, Any]], object]) -> Response:
    """What the provider says, given to `take` in a transaction of its own: 401 without a good signature, which the
    provider tries again.
    """
    body = request.get_data()
    if not deliveries.is_signed(secret, request.headers, body, now=time.time()):
        return Response("wrong signature", 401, mimetype="text/plain")
    try:
        news = json.loads(body)
    except ValueError:
        return Response("no JSON", 400, mimetype="text/plain")
    if isinstance(news, dict):
        with db.system() as session:
            take(session, news)
    return Response("", 200, mimetype="text/plain")
