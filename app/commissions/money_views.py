"""The merchant's money settings: for all vendors, for one alone, and who changed them."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, select

from app import web
from app.auth import meanwhile, merchant
from app.commissions import agreements
from app.commissions.money_forms import MoneyForm, VendorMoneyForm, described
from app.commissions.money_words import SETTING_WORDS, say
from app.commissions.queries import get_settings
from app.commissions.schedules import say_schedule
from app.commissions.terms import Terms
from app.errors import NotFound, ValidationErrors
from app.models.events import AuditEntry
from app.models.payouts import PayoutSettings
from app.models.vendors import Vendor
from app.money import Money

bp = Blueprint("money_settings", __name__, url_prefix="/app/settings/money")
merchant.protect(bp)

_SAVES = meanwhile.saves_of_amounts("money_settings.change")


@bp.get("")
def show_settings() -> ResponseReturnValue:
    return _settings_page(_form())


@bp.post("")
def save_settings() -> ResponseReturnValue:
    meanwhile.refuse_second(_SAVES)
    form = _form(bound=True)
    if not form.validate():
        return _settings_page(form), 422
    try:
        changes = agreements.save_settings(g.session, g.shop, form.chosen(), merchant.actor())
    except ValidationErrors as error:
        form.reserve_days.errors = [error.errors["reserve_days"]]
        return _settings_page(form), 422
    return web.toast(_settings_page(_form()), "Saved for orders from now on" if changes else "Nothing had changed")


@bp.get("/vendors/<int:vendor_id>")
def show_vendor(vendor_id: int) -> ResponseReturnValue:
    vendor = _vendor(vendor_id)
    return _vendor_page(vendor, _vendor_form(vendor))


@bp.post("/vendors/<int:vendor_id>")
def save_vendor(vendor_id: int) -> ResponseReturnValue:
    vendor = _vendor(vendor_id)
    meanwhile.refuse_second(_saves_of(vendor))
    form = _vendor_form(vendor, bound=True)
    if not form.validate():
        return _vendor_page(vendor, form), 422
    try:
        changes = agreements.save_overrides(g.session, g.shop, vendor.id, form.chosen(), merchant.actor())
    except ValidationErrors as error:
        form.reserve_days.errors = [error.errors["reserve_days"]]
        return _vendor_page(vendor, form), 422
    page = _vendor_page(vendor, _vendor_form(vendor))
    return web.toast(page, "Saved for orders from now on" if changes else "Nothing had changed")


def _form(*, bound: bool = False) -> MoneyForm:
    settings = get_settings(g.session, g.shop.id)
    return MoneyForm(request.form if bound else None, settings=settings, currency=g.shop.currency)


def _vendor_form(vendor: Vendor, *, bound: bool = False) -> VendorMoneyForm:
    overrides = agreements.get_overrides(g.session, vendor.id)
    shared = agreements.get_agreed(g.session, g.shop.id).shared
    formdata = request.form if bound else None
    return VendorMoneyForm(
        formdata, shared=shared, overrides=overrides, currency=g.shop.currency, schedule=_schedule_for_all()
    )


def _schedule_for_all() -> str:
    held = g.session.get(PayoutSettings, g.shop.id)
    return say_schedule(held.schedule, held.schedule_day) if held else say_schedule("manual", 1)


def _settings_page(form: MoneyForm) -> str:
    alone = agreements.list_vendors_with_terms(g.session, g.shop.id)
    vendors = g.session.scalars(select(Vendor).where(Vendor.id.in_(alone)).order_by(Vendor.name)).all()
    shared, history = agreements.get_agreed(g.session, g.shop.id).shared, _history()
    return render_template(
        "merchant/money/settings.html",
        form=form,
        seen=meanwhile.mark(_SAVES),
        agreed=shared,
        minimum=Money(shared.payout_minimum_minor, g.shop.currency),
        vendors=[(vendor, [SETTING_WORDS[name] for name in alone[vendor.id]]) for vendor in vendors],
        **history,
    )


def _vendor_page(vendor: Vendor, form: VendorMoneyForm) -> str:
    agreed = agreements.get_agreed(g.session, g.shop.id)
    return render_template(
        "merchant/money/vendor.html",
        form=form,
        seen=meanwhile.mark(_saves_of(vendor)),
        vendor=vendor,
        now=described(agreed.of(vendor.id), g.shop.currency),
        schedule=_own_schedule(agreed.of(vendor.id)) or _schedule_for_all(),
        alone=agreements.get_overrides(g.session, vendor.id),
        **_history(vendor.id),
    )


def _saves_of(vendor: Vendor) -> ColumnElement[bool]:
    return meanwhile.saves_of_amounts("vendor_terms.change", which=AuditEntry.vendor_id == vendor.id)


def _own_schedule(terms: Terms) -> str:
    own = terms.payout_schedule
    return say_schedule(own["schedule"], own["day"]) if own else ""


def _history(vendor_id: int | None = None) -> dict[str, object]:
    changes = agreements.list_changes(g.session, g.shop.id, vendor_id)
    names = select(Vendor.id, Vendor.name).where(Vendor.id.in_({change.vendor_id for change in changes}))
    return {
        "history": changes,
        "names": {row.id: row.name for row in g.session.execute(names)},
        "words": SETTING_WORDS,
        "say": lambda name, value, at: say(name, value, g.shop.currency_at(at)),
    }


def _vendor(vendor_id: int) -> Vendor:
    vendor: Vendor | None = g.session.get(Vendor, vendor_id)
    if vendor is None or vendor.shop_id != g.shop.id:
        raise NotFound("There is no such vendor.")
    return vendor
