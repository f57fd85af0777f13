"""The merchant reads what is asked and answered, and hides what should not stand there."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import AppError, NotFound
from app.keyset import Page, Place
from app.outcomes import Outcome
from app.questions import queries, service
from app.vendors.queries import offer_vendors

bp = Blueprint("questions", __name__, url_prefix="/app/questions")
merchant.protect(bp)

_DONE: Final = {"hide": "Hidden. Neither customers nor the vendor see it any more.", "show": "It is back."}


@bp.get("")
def list_questions() -> ResponseReturnValue:
    return _page()


@bp.post("/together/<any(hide, show):action>")
def decide_together(action: str) -> ResponseReturnValue:
    """Hide every question that was ticked, or give it back."""
    return web.answer_together(_page, [_decide_one(number, action) for number in web.read_ticked("question")])


@bp.get("/export.csv")
def export_questions() -> ResponseReturnValue:
    """What the list shows, up to 2,500 questions; who asked is not in it."""
    heading = ["vendor", "product", "question", "state", "asked_at", "answer"]
    rows = web.every_row(_find)
    return web.download_sheet("questions.csv", heading, (cells_of(row) for row in rows))


def cells_of(row: queries.Row) -> list[object]:
    """A question's line in a file."""
    asked, title = row.question, row.product.title if row.product else ""
    return [row.vendor.name, title, asked.words, asked.state.value, asked.asked_at, asked.answer]


def _find(place: Place) -> Page[queries.Row]:
    args = request.args
    find: dict[str, Any] = {"state": args.get("state", ""), "search": web.read_search()}
    return queries.list_questions(g.session, g.shop.id, vendor_id=args.get("vendor", None, int), place=place, **find)


@bp.post("/<int:question_id>/<action>")
def decide(question_id: int, action: str) -> ResponseReturnValue:
    if action not in _DONE:
        raise NotFound("There is no such action.")
    try:
        service.hide(g.session, g.shop.id, question_id, hidden=action == "hide", actor=merchant.actor())
    except AppError as error:
        return web.refuse(_page(), error)
    return web.toast(_page(), _DONE[action])


def _decide_one(question_id: int, action: str) -> Outcome:
    try:
        asked = service.hide(g.session, g.shop.id, question_id, hidden=action == "hide", actor=merchant.actor())
    except AppError as error:
        return Outcome(is_done=False, words=error.message, title=f"Question {question_id}")
    return Outcome(is_done=True, words=_DONE[action], title=f"“{asked.words[:60]}”")


def _page(results: Sequence[Outcome] = ()) -> str:
    args = request.args
    state, search = args.get("state", ""), web.read_search()
    vendor_id = args.get("vendor", None, int)
    return render_template(
        "merchant/questions/list.html",
        page=_find(web.read_place()),
        vendors=offer_vendors(g.session, g.shop.id, vendor_id),
        vendor_id=vendor_id,
        state=state,
        search=search,
        results=results,
    )
