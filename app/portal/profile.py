"""What customers see of a vendor, and where the vendor's money goes."""

import contextlib
from collections.abc import Mapping
from textwrap import shorten
from typing import Final

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import audit, db
from app.auth import portal
from app.config import get_config
from app.errors import NotFound, ValidationErrors
from app.languages import _, lazy
from app.models.vendors import PictureKind, Vendor
from app.payouts.queries import RAIL_WORDS, list_rails
from app.portal.forms import PayoutForm, PictureForm, ProfileForm
from app.vendors import face, payout_details, pictures, replaced
from app.vendors.payout_details import PayoutDetails
from app.vendors.service import check_name, request_profile_sync

_PAYOUT_ANSWERS: Final = {
    "changed": lazy("Saved. We wrote to you about it, and payouts wait for 72 hours as a precaution."),
    "same": lazy("These are the details we have. Nothing was changed."),
    "asked": lazy("We sent you an e-mail. Nothing changes before you confirm it with the link in it."),
}
bp = Blueprint("portal_profile", __name__, url_prefix="/portal")
portal.protect(bp)

_PUBLIC = ("name", "tagline", "announcement", "about", "location", "website", "policies")
_KINDS: Final = {"picture": PictureKind.LOGO, "cover": PictureKind.COVER}
_PRIVATE = ("contact_name", "phone", "locale")


@bp.get("/profile")
def show_profile() -> ResponseReturnValue:
    return _profile_page(_form())


@bp.post("/profile")
def change_profile() -> ResponseReturnValue:
    form = ProfileForm(request.form, current_locale=g.vendor.locale)
    vendor: Vendor = g.vendor
    is_valid = form.validate()
    g.session.refresh(vendor, with_for_update=True)
    # Also of a form with mistakes: when it comes again, it is about what the page says now.
    if not _fits_what_others_wrote(form, vendor) or not is_valid:
        return _profile_page(form), 422
    if form.name.data != vendor.name:
        try:
            with db.scoped(vendor.shop_id) as session:  # other vendors' names are outside this vendor's scope
                check_name(session, vendor.shop_id, form.name.data or "", vendor_id=vendor.id)
        except ValidationErrors as refused:
            form.name.errors = [*form.name.errors, *refused.errors.values()]
            return _profile_page(form), 422
    changes = {
        field: [getattr(vendor, field), form[field].data or ""]
        for field in (*_PUBLIC, *_PRIVATE)
        if (form[field].data or "") != getattr(vendor, field)
    }
    for field, (_before, after) in changes.items():
        setattr(vendor, field, after)
    if form.social != vendor.social:
        changes["social"] = [", ".join(vendor.social.values()), ", ".join(form.social.values())]
        vendor.social = form.social
    if changes:
        _record("vendor.edit_profile", changes)
    if changes.keys() & {*_PUBLIC, "social"}:
        request_profile_sync(g.session, vendor)
        flash(_("Saved. Your page in the shop follows within a minute."), "good")
    else:
        flash(_("Saved.") if changes else _("Nothing was changed."), "good")
    return redirect("/portal/profile", 303)


@bp.post("/profile/replaced/<field>/<int:entry_id>")
def put_back(field: str, entry_id: int) -> ResponseReturnValue:
    """Use again what the shop's staff replaced."""
    replaced.put_back(g.session, g.vendor, field, entry_id, actor=portal.actor())
    flash(_("Your words are back. Your page in the shop follows within a minute."), "good")
    return redirect("/portal/profile", 303)


@bp.post("/profile/replaced/leave")
def leave_replaced() -> ResponseReturnValue:
    replaced.put_aside(g.session, g.vendor, actor=portal.actor())
    return redirect("/portal/profile", 303)


@bp.get("/profile/sync")
def show_sync() -> ResponseReturnValue:
    """Whether the public page follows the profile yet; the profile page asks until it does."""
    return render_template("portal/_sync.html", vendor=g.vendor)


@bp.get("/profile/<any(picture, cover):which>")
def show_picture(which: str) -> ResponseReturnValue:
    picture = pictures.find_picture(g.session, g.vendor.id, _KINDS[which])
    if picture is None:
        raise NotFound(_("There is no picture yet."))
    response = Response(picture.content, mimetype=picture.content_type)
    response.set_etag(picture.digest)
    response.cache_control.private, response.cache_control.no_cache = True, True
    return response.make_conditional(request)


@bp.post("/profile/<any(picture, cover):which>")
def change_picture(which: str) -> ResponseReturnValue:
    form = PictureForm(request.files)
    if not form.validate():
        return _profile_page(_form(), refused={which: form}), 422
    try:
        with contextlib.closing(form.picture.data) as upload:
            pictures.change_picture(g.session, g.vendor, upload.stream, actor=portal.actor(), kind=_KINDS[which])
    except ValidationErrors as refused:
        form.picture.errors = list(refused.errors.values())
        return _profile_page(_form(), refused={which: form}), 422
    flash(_("Your picture is here. Your page in the shop follows within a minute."), "good")
    return redirect("/portal/profile", 303)


@bp.post("/profile/<any(picture, cover):which>/remove")
def remove_picture(which: str) -> ResponseReturnValue:
    if pictures.remove_picture(g.session, g.vendor, actor=portal.actor(), kind=_KINDS[which]):
        flash(_("Your picture is removed. Your page in the shop follows within a minute."), "good")
    return redirect("/portal/profile", 303)


@bp.get("/payout-details")
def show_payout_details() -> ResponseReturnValue:
    return _payout_page(_payout_form())


@bp.post("/payout-details")
def change_payout() -> ResponseReturnValue:
    form = _payout_form(bound=True)
    if not form.validate():
        return _payout_page(form), 422
    details = PayoutDetails(form.account.data or "", form.holder.data or "", form.rail.data)
    said = payout_details.ask_to_change(g.session, g.vendor, details, actor=portal.actor())
    flash(str(_PAYOUT_ANSWERS[said]), "good")
    return redirect("/portal/payout-details", 303)


@bp.get("/payout-details/confirm/<token>")
def show_confirmation(token: str) -> ResponseReturnValue:
    """Where the link in the e-mail leads. Looking changes nothing: mail programs follow links by themselves."""
    waiting = payout_details.find_waiting(g.vendor, token)
    return render_template("portal/payout_confirm.html", waiting=waiting and _describe(waiting))


@bp.post("/payout-details/confirm/<token>")
def confirm_payout(token: str) -> ResponseReturnValue:
    if payout_details.confirm(g.session, g.vendor, token, actor=portal.actor()):
        flash(str(_PAYOUT_ANSWERS["changed"]), "good")
        return redirect("/portal/payout-details", 303)
    return render_template("portal/payout_confirm.html", waiting=None), 409


@bp.post("/payout-details/forget")
def forget_payout() -> ResponseReturnValue:
    """The change that waits is not wanted."""
    payout_details.drop(g.session, g.vendor, actor=portal.actor())
    flash(_("The change was dropped. You are paid as before."), "good")
    return redirect("/portal/payout-details", 303)


def _form() -> ProfileForm:
    return ProfileForm(obj=g.vendor, data=g.vendor.social, current_locale=g.vendor.locale)


def _fits_what_others_wrote(form: ProfileForm, vendor: Vendor) -> bool:
    """Whether nobody wrote something else where this form does, while it was open. What only they changed is kept."""
    wanted = {field: form[field].data or "" for field in _PUBLIC}
    changed = replaced.find_changed(vendor, form.seen.data or "", wanted)
    for field, is_wanted in changed.items():
        now = getattr(vendor, field)
        if not is_wanted:
            form[field].data = now
            continue
        said = _(
            "This was changed meanwhile, and now says “%(words)s”. Save again to put yours in its place.",
            words=shorten(now, 200, placeholder=" …"),
        )
        form[field].errors = [*form[field].errors, said]
    return not any(changed.values())


def _profile_page(form: ProfileForm, *, refused: Mapping[str, PictureForm] | None = None) -> str:
    # From now on the form is about what the page says now.
    form.seen.data = replaced.write_seen(g.vendor)
    return render_template(
        "portal/profile.html",
        form=form,
        replaced=replaced.list_replaced(g.session, g.vendor),
        picture_forms=_picture_forms(refused or {}),
        pictures={which: pictures.find_picture(g.session, g.vendor.id, kind) for which, kind in _KINDS.items()},
        served={which: pictures.find_address(g.session, g.vendor, kind) for which, kind in _KINDS.items()},
        networks={key: name for key, (name, _host, _pattern) in face.NETWORKS.items()},
        is_translated=bool(g.vendor.translations),
        page_url=f"{get_config().storefront_url(g.shop.domain, g.shop.primary_host)}/pages/vendors/{g.vendor.handle}",
    )


def _picture_forms(refused: Mapping[str, PictureForm]) -> dict[str, PictureForm]:
    """One for each picture; the fields have the same name, and ids of their own."""
    forms = {which: refused.get(which) or PictureForm() for which in _KINDS}
    for which, form in forms.items():
        form.picture.id = which
    forms["cover"].picture.label.text = _("Wide picture")
    return forms


def _payout_form(*, bound: bool = False) -> PayoutForm:
    rails = [(rail, RAIL_WORDS[rail]) for rail in list_rails(g.session, g.shop.id)]
    return PayoutForm(request.form if bound else None, rails=rails, chosen=g.vendor.payout_rail)


def _payout_page(form: PayoutForm) -> str:
    waiting = payout_details.find_waiting(g.vendor)
    return render_template(
        "portal/payout_details.html",
        form=form,
        held_until=payout_details.held_until(g.vendor),
        waiting=waiting and _describe(waiting),
        rail_words=RAIL_WORDS,
        is_offered=g.vendor.payout_rail in list_rails(g.session, g.shop.id),
    )


def _describe(details: PayoutDetails) -> str:
    shown = payout_details.shown_part(details.rail, details.account)
    return payout_details.describe(details.rail, shown)


def _record(action: str, changes: dict[str, list[str]]) -> None:
    subject = ("vendor", g.vendor.id)
    audit.record(g.session, g.shop.id, action, subject, actor=portal.actor(), vendor_id=g.vendor.id, changes=changes)
