"""Asking sellers to join, and what became of it."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.auth.staff import who
from app.errors import Conflict, ValidationErrors
from app.keyset import Page, Place
from app.models.invitations import VendorInvitation
from app.vendors import invitations
from app.vendors.invitations import Result

bp = Blueprint("vendor_invitations", __name__, url_prefix="/app/vendors/invitations")
protect(bp)

_COLUMNS: Final = ("address", "name", "state", "sent_at", "times_sent", "by", "expires_at", "joined_at", "withdrawn_at")


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


@bp.get("/export.csv")
def export_invitations() -> ResponseReturnValue:
    """What the list shows."""
    rows = web.every_row(_find)
    return web.download_sheet("invitations.csv", _COLUMNS, map(_cells, rows))


def _cells(row: VendorInvitation) -> list[object]:
    told = [row.sent_at, row.times_sent, who(row.invited_by), row.expires_at, row.accepted_at, row.withdrawn_at]
    return [row.email, row.name, invitations.state_of(row), *told]


def _find(place: Place) -> Page[VendorInvitation]:
    search = request.args.get("q", "").strip()[:100]
    return invitations.list_invitations(g.session, g.shop.id, search=search, place=place)


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
    return render_template(
        "merchant/vendors/invitations.html",
        page=_find(web.read_place()),
        state_of=invitations.state_of,
        results=results,
        errors=errors or {},
    )
