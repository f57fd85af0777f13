"""POST /hooks/resend: the mail provider says what became of e-mails."""

import json
import time

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from app import db, web
from app.config import get_config
from app.emails import deliveries

bp = Blueprint("email_deliveries", __name__, url_prefix="/hooks")
web.open_to_all(bp, why="the provider's signature is checked before anything is read")


@bp.post("/resend")
def take_news() -> ResponseReturnValue:
    """401 without a good signature, which the provider tries again; 200 also for news of e-mails that are not ours."""
    body = request.get_data()
    if not deliveries.is_signed(get_config().resend_webhook_secret, request.headers, body, now=time.time()):
        return Response("wrong signature", 401, mimetype="text/plain")
    try:
        news = json.loads(body)
    except ValueError:
        return Response("no JSON", 400, mimetype="text/plain")
    if isinstance(news, dict):
        with db.system() as session:
            deliveries.take(session, news)
    return Response("", 200, mimetype="text/plain")
