"""The merchant's page of saved replies."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, NotFound, ValidationErrors
from app.products import replies

bp = Blueprint("saved_replies", __name__, url_prefix="/app/review/replies")
merchant.protect(bp)


@bp.get("")
def list_replies() -> ResponseReturnValue:
    return _page()


@bp.post("")
def add_reply() -> ResponseReturnValue:
    return _save(None)


@bp.post("/<int:reply_id>/<action>")
def act(reply_id: int, action: str) -> ResponseReturnValue:
    """Change or remove a reply."""
    if action == "save":
        return _save(reply_id)
    if action != "remove":
        raise NotFound("There is no such action.")
    replies.remove_reply(g.session, g.shop.id, reply_id, actor=merchant.actor())
    return web.toast(_page(), "Reply removed")


def _save(reply_id: int | None) -> ResponseReturnValue:
    form, actor = request.form, merchant.actor()
    try:
        replies.save_reply(g.session, g.shop.id, reply_id, form.get("title", ""), form.get("body", ""), actor=actor)
    except ValidationErrors as error:
        return _page(wrong=reply_id or 0, errors=error.errors), 422
    except Conflict as error:
        return web.refuse(_page(wrong=reply_id or 0), error)
    return web.toast(_page(), "Reply saved")


def _page(wrong: int | None = None, errors: dict[str, str] | None = None) -> str:
    """`wrong` is the reply that was refused, 0 for a new one: its form keeps what was typed."""
    return render_template(
        "merchant/review/replies.html",
        replies=replies.list_replies(g.session, g.shop.id),
        placeholders=replies.PLACEHOLDERS,
        wrong=wrong,
        errors=errors or {},
    )
