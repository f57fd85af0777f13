"""Asking sellers to join, and what became of it."""

from collections.abc import Sequence

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.errors import Conflict, ValidationErrors
from app.vendors import invitations
from app.vendors.invitations import Result

bp = Blueprint("vendor_invitations", __name__, url_prefix="/app/vendors/invitations")
protect(bp)


@bp.get("")
def list_invitations() -> ResponseReturnValue:
    return _page()


@bp.post("")
def invite() -> ResponseReturnValue:
    form = request.form
    lines = invitations.read_lines(form.get("addresses", "")[:20_000])
    try:
        results = invitations.invite_all(
            g.session,
            g.shop,
            lines,
            note=form.get("note", ""),
            is_approved="is_approved" in form,
            actor=f"staff:{g.staff}",
        )
    except ValidationErrors as error:
        return _page(errors=error.errors), 422
    done = sum(result.is_done for result in results)
    return web.toast(make_response(_page(results=results)), f"{done} of {len(results)} invited.")


@bp.post("/<int:invitation_id>/resend")
def resend(invitation_id: int) -> ResponseReturnValue:
    try:
        sent = invitations.resend(g.session, g.shop, invitation_id, actor=f"staff:{g.staff}")
    except Conflict as error:
        return _refuse(error)
    return web.toast(make_response(_page()), f"Sent to {sent.email} again.")


@bp.post("/<int:invitation_id>/withdraw")
def withdraw(invitation_id: int) -> ResponseReturnValue:
    try:
        gone = invitations.withdraw(g.session, g.shop, invitation_id, actor=f"staff:{g.staff}")
    except Conflict as error:
        return _refuse(error)
    return web.toast(make_response(_page()), f"The link sent to {gone.email} opens nothing any more.")


def _refuse(error: Conflict) -> Response:
    return web.toast(make_response(_page(), 409), error.message, is_error=True)


def _page(*, results: Sequence[Result] = (), errors: dict[str, str] | None = None) -> str:
    number = max(1, request.args.get("page", 1, int))
    search = request.args.get("q", "").strip()[:100]
    return render_template(
        "merchant/vendors/invitations.html",
        page=invitations.list_invitations(g.session, g.shop.id, search=search, page=min(number, 10_000)),
        number=number,
        per_page=invitations.PER_PAGE,
        state_of=invitations.state_of,
        results=results,
        errors=errors or {},
    )
