"""Asking sellers to join, and what became of it."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.auth.staff import who
from app.errors import AppError, Conflict, ValidationErrors
from app.keyset import Page, Place
from app.models.invitations import VendorInvitation
from app.outcomes import Outcome
from app.vendors import invitations
from app.vendors.invitations import Result

bp = Blueprint("vendor_invitations", __name__, url_prefix="/app/vendors/invitations")
merchant.protect(bp)

_COLUMNS: Final = ("address", "name", "state", "sent_at", "times_sent", "by", "expires_at", "joined_at", "withdrawn_at")


_ACTIONS: Final = {
    "resend": (invitations.resend, "Sent to {} again."),
    "withdraw": (invitations.withdraw, "The link sent to {} opens nothing any more."),
}


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
            actor=merchant.actor(),
        )
    except ValidationErrors as error:
        return _page(errors=error.errors), 422
    done = sum(result.is_done for result in results)
    return web.toast(_page(results=results), f"{done} of {len(results)} invited.")


@bp.post("/together/<any(resend, withdraw):action>")
def change_together(action: str) -> ResponseReturnValue:
    """Send every invitation that was ticked again, or withdraw it."""
    changed = [_change_one(number, action) for number in web.read_ticked("invitation")]
    return web.answer_together(lambda outcomes: _page(outcomes=outcomes), changed)


@bp.get("/export.csv")
def export_invitations() -> ResponseReturnValue:
    """What the list shows."""
    rows = web.every_row(_find)
    return web.download_sheet("invitations.csv", _COLUMNS, map(_cells, rows))


def _cells(row: VendorInvitation) -> list[object]:
    told = [row.sent_at, row.times_sent, who(row.invited_by), row.expires_at, row.accepted_at, row.withdrawn_at]
    return [row.email, row.name, invitations.state_of(row), *told]


def _find(place: Place) -> Page[VendorInvitation]:
    search, state = web.read_search(), request.args.get("state", "")
    return invitations.list_invitations(g.session, g.shop.id, search=search, state=state, place=place)


@bp.post("/<int:invitation_id>/<any(resend, withdraw):action>")
def change(invitation_id: int, action: str) -> ResponseReturnValue:
    try:
        words = _change(invitation_id, action)
    except Conflict as error:
        return web.refuse(_page(), error)
    return web.toast(_page(), words)


def _change_one(invitation_id: int, action: str) -> Outcome:
    try:
        return Outcome(is_done=True, words=_change(invitation_id, action))
    except AppError as error:  # raised before anything was changed
        return Outcome(is_done=False, words=error.message)


def _change(invitation_id: int, action: str) -> str:
    change, words = _ACTIONS[action]
    return words.format(change(g.session, g.shop, invitation_id, actor=merchant.actor()).email)


def _page(
    *, results: Sequence[Result] = (), outcomes: Sequence[Outcome] = (), errors: dict[str, str] | None = None
) -> str:
    return render_template(
        "merchant/vendors/invitations.html",
        page=_find(web.read_place()),
        state_of=invitations.state_of,
        results=results,
        outcomes=outcomes,
        errors=errors or {},
    )
