"""The e-mail log: what was sent to whom, and what became of it."""

from collections.abc import Sequence

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.emails import queries, service
from app.emails.kinds import KINDS
from app.errors import Conflict, NotFound
from app.keyset import Page, Place
from app.models.emails import Email
from app.outcomes import Outcome

bp = Blueprint("emails", __name__, url_prefix="/app/emails")
protect(bp)


@bp.get("")
def list_emails() -> ResponseReturnValue:
    return _list_page()


@bp.post("/together")
def send_ticked_again() -> ResponseReturnValue:
    """Another round of attempts for every e-mail that was ticked and failed."""
    return web.answer_together(_list_page, [_send_one_again(number) for number in web.read_ticked("email")])


@bp.get("/export.csv")
def export_emails() -> ResponseReturnValue:
    """What the list shows, up to 5,000 e-mails; what they said is not in it."""
    heading = ["subject", "email", "to", "status", "written_at", "sent_at", "error"]
    rows = (
        [each.subject, each.kind, each.to_address, each.status.value, each.created_at, each.sent_at, each.error]
        for each in web.every_row(_find)
    )
    return web.download_sheet("emails.csv", heading, rows)


def _find(place: Place) -> Page[Email]:
    args = request.args
    return queries.list_emails(
        g.session,
        g.shop.id,
        search=web.read_search(),
        status=args.get("status", ""),
        kind=args.get("kind", ""),
        sort=args.get("sort", "newest"),
        place=place,
    )


@bp.get("/<int:email_id>")
def show_email(email_id: int) -> ResponseReturnValue:
    email = queries.get_email(g.session, g.shop.id, email_id)
    return _page(email)


@bp.post("/<int:email_id>/send")
def send_again(email_id: int) -> ResponseReturnValue:
    """Another round of attempts for an e-mail that failed."""
    email = queries.get_email(g.session, g.shop.id, email_id)
    service.send_again(g.session, email)
    return web.toast(_page(email), "The e-mail is being sent again.")


def _send_one_again(email_id: int) -> Outcome:
    try:
        email = queries.get_email(g.session, g.shop.id, email_id)
    except NotFound as error:
        return Outcome(is_done=False, words=error.message)
    title = f"“{email.subject}” to {email.to_address}"
    try:
        service.send_again(g.session, email)
    except Conflict as error:
        return Outcome(is_done=False, words=error.message, title=title)
    return Outcome(is_done=True, words="It is being sent again.", title=title)


def _list_page(results: Sequence[Outcome] = ()) -> str:
    return render_template("merchant/emails/list.html", page=_find(web.read_place()), kinds=KINDS, results=results)


def _page(email: Email) -> str:
    html = service.hide_secrets(email.html)
    return render_template("merchant/emails/detail.html", email=email, html=html, kinds=KINDS)
