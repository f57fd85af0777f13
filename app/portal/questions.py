"""What the shop asks of a vendor: answers and documents, for the vendor's owners alone."""

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth import portal
from app.errors import ValidationErrors
from app.languages import _
from app.vendors import questions
from app.vendors.question_views import hand_out
from app.vendors.questions import Upload

bp = Blueprint("portal_questions", __name__, url_prefix="/portal/questions")
portal.protect(bp)


@bp.get("")
def show_questions() -> ResponseReturnValue:
    return _page()


@bp.post("")
def answer() -> ResponseReturnValue:
    asked = questions.list_asked(g.session, g.vendor)
    words = {one.question.id: request.form.get(f"q{one.question.id}", "") for one in asked}
    files = {one.question.id: upload for one in asked if (upload := _read_upload(f"q{one.question.id}"))}
    try:
        changed = questions.answer_all(g.session, g.vendor, words, files, actor=portal.actor())
    except ValidationErrors as error:
        return _page(errors=error.errors, words=words), 422
    flash(_("Thank you. The shop has your answers.") if changed else _("Nothing had changed."), "good")
    return redirect("/portal/questions", 303)


@bp.get("/documents/<int:answer_id>")
def download(answer_id: int) -> Response:
    found, content = questions.get_document(g.session, g.vendor, answer_id)
    return hand_out(content, found.words, found.content_type or "application/octet-stream")


@bp.post("/documents/<int:answer_id>/remove")
def remove(answer_id: int) -> ResponseReturnValue:
    questions.remove_document(g.session, g.vendor, answer_id, actor=portal.actor())
    flash(_("The document is deleted, here and at the shop."), "good")
    return redirect("/portal/questions", 303)


def _read_upload(name: str) -> Upload | None:
    file = request.files.get(name)
    if file is None or not file.filename:
        return None
    with file.stream:
        return Upload(file.filename, file.stream.read(questions.MAX_BYTES + 1))


def _page(*, errors: dict[str, str] | None = None, words: dict[int, str] | None = None) -> str:
    asked = questions.list_asked(g.session, g.vendor)
    return render_template("portal/questions.html", asked=asked, errors=errors or {}, words=words or {})
