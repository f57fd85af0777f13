"""The e-mail log: what was sent to whom, and what became of it."""

from flask import Blueprint, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.emails import queries, service
from app.emails.kinds import KINDS
from app.errors import Conflict
from app.keyset import Page, Place
from app.models.emails import Email, EmailStatus

bp = Blueprint("emails", __name__, url_prefix="/app/emails")
protect(bp)


@bp.get("")
def list_emails() -> ResponseReturnValue:
    return render_template("merchant/emails/list.html", page=_find(web.read_place()), kinds=KINDS)


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
        search=args.get("q", "").strip(),
        status=args.get("status", ""),
        kind=args.get("kind", ""),
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
    if email.status != EmailStatus.FAILED or email.provider_id:  # the same key again would send nothing
        raise Conflict("Only an e-mail that failed can be sent again.")
    service.send_again(g.session, email)
    return web.toast(make_response(_page(email)), "The e-mail is being sent again.")


def _page(email: Email) -> str:
    html = service.hide_secrets(email.html)
    return render_template("merchant/emails/detail.html", email=email, html=html, kinds=KINDS)
