"""The pages on which an owner says who else works here, and what they may do."""

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import db
from app.auth import limits, portal
from app.auth.roles import ROLE_WORDS, Role
from app.errors import ValidationErrors
from app.languages import _
from app.portal import people
from app.portal.forms import InvitationForm, RoleForm

bp = Blueprint("portal_staff", __name__, url_prefix="/portal/staff")
portal.protect(bp)


@bp.get("")
def list_staff() -> ResponseReturnValue:
    return _staff_page(InvitationForm())


@bp.post("")
def invite() -> ResponseReturnValue:
    form = InvitationForm(request.form)
    if not form.validate():
        return _staff_page(form), 422
    if not limits.allow("invite", str(g.vendor.id), limit=20, seconds=86_400):
        form.email.errors = [_("Twenty people were invited today. Invite more tomorrow.")]
        return _staff_page(form), 429
    email, name, role = form.email.data or "", form.person_name.data or "", Role(form.role.data)
    try:
        with db.scoped(g.shop.id) as session:  # sign-in links are outside a vendor's own scope
            people.invite(session, g.vendor, g.vendor_user, email=email, name=name, role=role)
    except ValidationErrors as refused:
        form.email.errors = list(refused.errors.values())
        return _staff_page(form), 422
    flash(_("%(name)s is invited. The link in the e-mail works for a week.", name=name or email), "good")
    return redirect("/portal/staff", 303)


@bp.get("/<int:user_id>")
def show_person(user_id: int) -> ResponseReturnValue:
    person = people.get_person(g.session, g.vendor.id, user_id)
    return render_template("portal/staff/person.html", person=person, form=RoleForm(role=person.role))


@bp.post("/<int:user_id>/role")
def change_role(user_id: int) -> ResponseReturnValue:
    person, form = people.get_person(g.session, g.vendor.id, user_id), RoleForm(request.form)
    if not form.validate():
        return render_template("portal/staff/person.html", person=person, form=form), 422
    role = Role(form.role.data)
    people.change_role(g.session, g.vendor, g.vendor_user, person, role)
    flash(
        _(
            "%(name)s now has the role “%(role)s”.",
            name=person.name or person.email,
            role=ROLE_WORDS[role][0],
        ),
        "good",
    )
    return redirect("/portal/staff" if person.id != g.vendor_user.id else "/portal/more", 303)


@bp.post("/<int:user_id>/invitation")
def invite_again(user_id: int) -> ResponseReturnValue:
    person = people.get_person(g.session, g.vendor.id, user_id)
    if not limits.allow("invite", str(g.vendor.id), limit=20, seconds=86_400):
        flash(_("Twenty invitations were sent today. Send more tomorrow."), "warn")
        return redirect(f"/portal/staff/{user_id}", 303)
    with db.scoped(g.shop.id) as session:
        people.send_invitation(session, g.vendor, g.vendor_user, person)
    flash(_("Sent to %(email)s again.", email=person.email), "good")
    return redirect(f"/portal/staff/{user_id}", 303)


@bp.post("/<int:user_id>/remove")
def remove(user_id: int) -> ResponseReturnValue:
    person = people.get_person(g.session, g.vendor.id, user_id)
    people.remove(g.session, g.vendor, g.vendor_user, person)
    flash(
        _("%(name)s does not work here any more, and is signed out everywhere.", name=person.name or person.email),
        "good",
    )
    return redirect("/portal/staff" if person.id != g.vendor_user.id else "/portal/login", 303)


def _staff_page(form: InvitationForm) -> str:
    staff = people.list_people(g.session, g.vendor.id)
    return render_template("portal/staff/list.html", form=form, staff=staff, roles=ROLE_WORDS)
