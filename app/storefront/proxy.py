"""The storefront's door for what customers keep: one call sends edits and brings news. JSON only, nothing is echoed."""

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from app import clock
from app.auth import proxy as door
from app.errors import AppError, Conflict
from app.languages import _
from app.storefront import queries, service
from app.storefront.queries import News
from app.storefront.wire import LARGEST_BODY, read_batch, write_answer
from app.typed import read_number

bp = Blueprint("storefront_proxy", __name__, url_prefix="/proxy")
door.protect_for_customers(bp)


@bp.get("/sync")
def show_news() -> ResponseReturnValue:
    """Everything after revision `since`: {revision, restart, now, items: [{kind, key, clock, value}]}."""
    since = read_number(request.args.get("since", "0"))
    if since is None:
        raise AppError("`since` is a revision that an earlier answer gave.")
    return _answer(queries.read_news(g.session, g.shop.id, g.customer_id, since))


@bp.post("/sync")
def sync() -> ResponseReturnValue:
    """Take {account, since, merged, items, room} and answer as `show_news` does, with what was refused, by its place,
    and how many bytes have room now if that was asked.
    """
    if not request.is_json:
        # A form of another site cannot send JSON: this is what keeps strangers from writing into a customer's lists.
        raise AppError("Items are sent as JSON.")
    request.max_content_length = LARGEST_BODY
    batch = read_batch(request.get_data(), clock.now())
    if batch.account != str(g.customer_id):
        # Somebody else signed in since the page was opened: these items are not theirs.
        raise Conflict(_("Another account is signed in now. Open the page again."))
    news, unplaced = service.sync(g.session, g.shop.id, g.customer_id, batch)
    refused = batch.refused | dict.fromkeys(unplaced, "full")
    room = service.find_room(g.session, g.shop.id, g.customer_id) if batch.room else 0
    return _answer(news, stored=len(batch.edits) - len(unplaced), refused=refused, room=room)


def _answer(news: News, **more: object) -> Response:
    return Response(write_answer(news, **more), content_type="application/json")
