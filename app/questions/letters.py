"""The page that the e-mail to an unknown asker leads to: one click proves the address."""

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth import letters
from app.auth import portal as portal_door
from app.errors import NotFound
from app.languages import _
from app.models.customer_questions import Question, QuestionState
from app.models.vendors import Vendor
from app.questions import service

bp = Blueprint("question_letters", __name__, url_prefix="/letters/question")
letters.protect(bp, service.PURPOSE)


@bp.get("/<ticket>")
def show(ticket: str) -> ResponseReturnValue:
    question = _get_question()
    return render_template(
        "letters/question.html",
        question=question,
        ticket=ticket,
        seller=g.session.get_one(Vendor, question.vendor_id),
        is_open=question.state is not QuestionState.UNCONFIRMED,
        storefront=portal_door.storefront_of(g.shop),
        sent="sent" in request.args,
    )


@bp.post("/<ticket>")
def confirm(ticket: str) -> ResponseReturnValue:
    """A click and no mere visit: programs that look through e-mails open every link."""
    service.confirm(g.session, _get_question())
    return redirect(f"/letters/question/{ticket}?sent=1", 303)


def _get_question() -> Question:
    question = g.session.get(Question, g.subject)
    if question is None:
        raise NotFound(_("This question is not there any more."))
    return question  # type: ignore[no-any-return]
