"""What customers see of a vendor, and where the vendor's money goes."""

import contextlib

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import audit, db
from app.auth import portal
from app.config import get_config
from app.errors import NotFound, ValidationErrors
from app.models.vendors import Vendor
from app.portal.forms import PayoutForm, PictureForm, ProfileForm
from app.vendors import pictures
from app.vendors.payout_details import PayoutDetails, change_payout_details, held_until
from app.vendors.service import check_name, request_profile_sync

bp = Blueprint("portal_profile", __name__, url_prefix="/portal")
portal.protect(bp)

_PUBLIC = ("name", "tagline", "about", "location", "website", "policies")
_PRIVATE = ("contact_name", "phone", "locale")


@bp.get("/profile")
def show_profile() -> ResponseReturnValue:
    return _profile_page(ProfileForm(obj=g.vendor, current_locale=g.vendor.locale))


@bp.post("/profile")
def change_profile() -> ResponseReturnValue:
    form = ProfileForm(request.form, current_locale=g.vendor.locale)
    if not form.validate():
        return _profile_page(form), 422
    vendor: Vendor = g.vendor
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
    for field, (_, after) in changes.items():
        setattr(vendor, field, after)
    if changes:
        _record("vendor.edit_profile", changes)
    if changes.keys() & set(_PUBLIC):
        request_profile_sync(g.session, vendor)
        flash("Saved. Your page in the shop follows within a minute.", "good")
    else:
        flash("Saved." if changes else "Nothing was changed.", "good")
    return redirect("/portal/profile", 303)


@bp.get("/profile/sync")
def show_sync() -> ResponseReturnValue:
    """Whether the public page follows the profile yet; the profile page asks until it does."""
    return render_template("portal/_sync.html", vendor=g.vendor)


@bp.get("/profile/picture")
def show_picture() -> ResponseReturnValue:
    picture = pictures.find_picture(g.session, g.vendor.id)
    if picture is None:
        raise NotFound("There is no picture yet.")
    response = Response(picture.content, mimetype=picture.content_type)
    response.set_etag(picture.digest)
    response.cache_control.private, response.cache_control.no_cache = True, True
    return response.make_conditional(request)


@bp.post("/profile/picture")
def change_picture() -> ResponseReturnValue:
    form = PictureForm(request.files)
    if not form.validate():
        return _profile_page(ProfileForm(obj=g.vendor, current_locale=g.vendor.locale), picture_form=form), 422
    try:
        with contextlib.closing(form.picture.data) as upload:
            pictures.change_picture(g.session, g.vendor, upload.stream, actor=_actor())
    except ValidationErrors as refused:
        form.picture.errors = list(refused.errors.values())
        return _profile_page(ProfileForm(obj=g.vendor, current_locale=g.vendor.locale), picture_form=form), 422
    flash("Your picture is here. Your page in the shop follows within a minute.", "good")
    return redirect("/portal/profile", 303)


@bp.get("/payout-details")
def show_payout_details() -> ResponseReturnValue:
    return _payout_page(PayoutForm())


@bp.post("/payout-details")
def change_payout() -> ResponseReturnValue:
    form = PayoutForm(request.form)
    if not form.validate():
        return _payout_page(form), 422
    details = PayoutDetails(account=form.iban.data or "", holder=form.holder.data or "")
    if change_payout_details(g.session, g.vendor, details, actor=_actor()):
        flash("Saved. We wrote to you about it, and payouts wait for 72 hours as a precaution.", "good")
    else:
        flash("These are the details we have. Nothing was changed.", "good")
    return redirect("/portal/payout-details", 303)


def _profile_page(form: ProfileForm, *, picture_form: PictureForm | None = None) -> str:
    return render_template(
        "portal/profile.html",
        form=form,
        picture_form=picture_form or PictureForm(),
        picture=pictures.find_picture(g.session, g.vendor.id),
        page_url=f"{get_config().storefront_url(g.shop.domain, g.shop.primary_host)}/pages/vendors/{g.vendor.handle}",
    )


def _payout_page(form: PayoutForm) -> str:
    return render_template("portal/payout_details.html", form=form, held_until=held_until(g.vendor))


def _actor() -> str:
    return f"vendor_user:{g.vendor_user.id}"


def _record(action: str, changes: dict[str, list[str]]) -> None:
    subject = ("vendor", g.vendor.id)
    audit.record(g.session, g.shop.id, action, subject, actor=_actor(), vendor_id=g.vendor.id, changes=changes)
