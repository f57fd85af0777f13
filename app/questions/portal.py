"""What customers ask a vendor, in the vendor's own pages."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import actor, protect
from app.errors import ValidationErrors
from app.keyset import Page, Place
from app.languages import _
from app.questions import queries, service
from app.questions.views import cells_of
from app.typed import tidy_lines

bp = Blueprint("portal_customer_questions", __name__, url_prefix="/portal/customer-questions")
protect(bp)


@bp.get("")
def list_questions() -> ResponseReturnValue:
    return _page()


@bp.get("/export.csv")
def export_questions() -> ResponseReturnValue:
    """What the list shows, up to 2,500 questions."""
    rows = web.every_row(_find)
    heading = ["product", "question", "state", "asked_at", "answer"]
    return web.download_sheet("questions.csv", heading, (cells_of(row)[1:] for row in rows))


def _find(place: Place) -> Page[queries.Row]:
    args = request.args
    state, search, sort = args.get("show", ""), web.read_search(), args.get("sort", "")
    find: dict[str, Any] = {"state": state if state in {"open", "answered"} else "", "search": search}
    find["sort"] = sort if sort in {"newest", "oldest"} else ""
    return queries.list_questions(g.session, g.shop.id, vendor_id=g.vendor.id, place=place, **find)


@bp.post("/<int:question_id>/answer")
def answer(question_id: int) -> ResponseReturnValue:
    words = tidy_lines(request.form.get("answer"))
    try:
        question = service.answer(g.session, g.vendor, question_id, words, actor=actor())
    except ValidationErrors as refused:
        return _page(wrong=(question_id, refused.errors["answer"], words)), 422
    public = _("Your answer is on its way. It is shown in the shop.")
    flash(public if question.may_be_shown else _("Your answer is on its way. Only who asked reads it."), "good")
    return redirect(f"/portal/customer-questions#question-{question_id}", 303)


def _page(wrong: tuple[int, str, str] = (0, "", "")) -> str:
    """`wrong`: question, what is wrong, and what was typed."""
    state, search = request.args.get("show", ""), web.read_search()
    return render_template(
        "portal/questions/list.html",
        page=_find(web.read_place()),
        waiting=queries.count_open(g.session, g.vendor.id),
        state=state,
        search=search,
        wrong=wrong,
        longest=service.LONGEST_ANSWER,
    )
