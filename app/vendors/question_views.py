"""What the shop asks of its vendors, and the documents that they sent."""

import io

from flask import Blueprint, Response, g, render_template, request, send_file
from flask.typing import ResponseReturnValue

from app import audit, web
from app.auth import merchant
from app.errors import Forbidden, ValidationErrors
from app.vendors import questions
from app.vendors.queries import get_vendor

bp = Blueprint("vendor_questions", __name__, url_prefix="/app")
merchant.protect(bp)


@bp.get("/settings/questions")
def list_questions() -> ResponseReturnValue:
    return _page()


@bp.post("/settings/questions")
def add() -> ResponseReturnValue:
    form = request.form
    try:
        question = questions.add_question(
            g.session,
            g.shop.id,
            kind=form.get("kind", ""),
            label=form.get("label", ""),
            hint=form.get("help", ""),
            choices=form.get("choices", ""),
            is_required="is_required" in form,
            actor=merchant.actor(),
        )
    except ValidationErrors as error:
        return _page(errors=error.errors), 422
    question.at_application = "at_application" in form
    return web.toast(_page(), "Vendors are asked this from now on.")


@bp.post("/settings/questions/<int:question_id>/remove")
def remove(question_id: int) -> ResponseReturnValue:
    questions.end_question(g.session, g.shop.id, question_id, actor=merchant.actor())
    return web.toast(_page(), "Not asked any more. Answers stay on the vendors' pages.")


@bp.get("/vendors/<int:vendor_id>/documents/<int:answer_id>")
def download(vendor_id: int, answer_id: int) -> ResponseReturnValue:
    """As a file to keep, never as a page. Who looked is in the log."""
    if not merchant.may_open("/app/vendors", change=True):
        raise Forbidden("Documents are open to staff who may decide about vendors. Ask for that under Settings, Staff.")
    vendor = get_vendor(g.session, g.shop.id, vendor_id)
    answer, content = questions.get_document(g.session, vendor, answer_id)
    subject, changes = ("vendor", vendor.id), {"document": [None, answer.words]}
    actor = merchant.actor()
    audit.record(g.session, g.shop.id, "vendor.open_document", subject, actor=actor, changes=changes)
    return hand_out(content, answer.words, answer.content_type or "application/octet-stream")


def hand_out(content: bytes, name: str, content_type: str) -> Response:
    """A document as a download that no browser shows in our name."""
    response = send_file(io.BytesIO(content), mimetype=content_type, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _page(*, errors: dict[str, str] | None = None) -> str:
    asked = questions.list_questions(g.session, g.shop.id)
    return render_template("merchant/questions.html", questions=asked, errors=errors or {}, most=questions.MOST)
