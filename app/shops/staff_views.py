"""Who of the shop's staff may do what in the app."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant, staff
from app.auth.staff_roles import ROLE_WORDS, StaffRole
from app.errors import Conflict, ValidationErrors

bp = Blueprint("staff", __name__, url_prefix="/app/settings/staff")
merchant.protect(bp)


@bp.get("")
def list_staff() -> ResponseReturnValue:
    return _page()


@bp.post("/<int:member_id>")
def change_role(member_id: int) -> ResponseReturnValue:
    role = _read_role()
    try:
        member = staff.change_role(g.session, g.shop, member_id, role, actor=merchant.actor())
    except Conflict as error:
        return web.refuse(_page(), error)
    return web.toast(_page(), f"{member.called}: {ROLE_WORDS[role][0]}")


@bp.post("/newcomers")
def change_newcomers() -> ResponseReturnValue:
    role = _read_role()
    staff.change_newcomer_role(g.session, g.shop, role, actor=merchant.actor())
    return web.toast(_page(), f"New staff start with: {ROLE_WORDS[role][0]}")


def _read_role() -> StaffRole:
    chosen = request.form.get("role", "")
    if chosen not in set(StaffRole):
        raise ValidationErrors({"role": "Choose one of the roles in the list."})
    return StaffRole(chosen)


def _page() -> str:
    return render_template(
        "merchant/staff.html",
        members=staff.list_members(g.session, g.shop.id),
        newcomers=staff.newcomer_role(g.session, g.shop.id),
        roles=ROLE_WORDS,
    )
