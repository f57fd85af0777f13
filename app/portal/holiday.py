"""The page on which a vendor says when nothing is sent."""

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.auth import portal
from app.errors import ValidationErrors
from app.languages import _
from app.portal.forms import HolidayForm
from app.vendors import holidays

bp = Blueprint("portal_holiday", __name__, url_prefix="/portal/holiday")
portal.protect(bp)


@bp.get("")
def show_holiday() -> ResponseReturnValue:
    vendor, zone = g.vendor, ZoneInfo(g.shop.timezone)
    if not holidays.is_ahead(vendor, clock.now()):
        return _page(HolidayForm())
    return _page(
        HolidayForm(
            first_day=vendor.away_from.astimezone(zone).date(),
            back_on=vendor.away_until.astimezone(zone).date(),
            hides="yes" if vendor.away_hides else "no",
            note=vendor.away_note,
        )
    )


@bp.post("")
def plan() -> ResponseReturnValue:
    form = HolidayForm(request.form)
    if not form.validate():
        return _page(form), 422
    assert form.first_day.data
    assert form.back_on.data
    try:
        holidays.plan(
            g.session,
            g.shop,
            g.vendor,
            form.first_day.data,
            form.back_on.data,
            hides=form.hides.data == "yes",
            note=form.note.data or "",
            actor=portal.actor(),
        )
    except ValidationErrors as refused:
        form.back_on.errors = list(refused.errors.values())
        return _page(form), 422
    flash(_("Planned. It begins and ends by itself."), "good")
    return redirect("/portal/holiday", 303)


@bp.post("/end")
def come_back() -> ResponseReturnValue:
    holidays.come_back(g.session, g.vendor, actor=portal.actor())
    flash(_("Welcome back. Customers see it within a minute."), "good")
    return redirect("/portal/holiday", 303)


def _page(form: HolidayForm) -> str:
    now = clock.now()
    away, ahead = holidays.is_away(g.vendor, now), holidays.is_ahead(g.vendor, now)
    return render_template("portal/holiday.html", form=form, away=away, ahead=ahead)
