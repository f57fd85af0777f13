"""How the merchant pays: the account that pays, the rails and their keys, the schedule."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Form

from app import clock, db, web
from app.auth import meanwhile, merchant
from app.commissions.queries import get_settings
from app.errors import NotFound
from app.models.events import AuditEntry
from app.models.payouts import RailName
from app.payouts import queries, settings
from app.payouts.calendar import next_day
from app.payouts.forms import PayerForm, PayPalForm, ScheduleForm, StripeForm
from app.payouts.rails import RAILS
from app.payouts.rails.payments import RailRefusedError, RailSilentError

bp = Blueprint("payout_settings", __name__, url_prefix="/app/payouts/settings")
merchant.protect(bp)

_PAYER_SAVES: Final = AuditEntry.action == "payer_account.change"
_SCHEDULE_SAVES: Final = AuditEntry.action == "payout_schedule.change"
_FORMS: Mapping[RailName, type[Form]] = {RailName.PAYPAL: PayPalForm, RailName.STRIPE: StripeForm}


@bp.get("")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("/payer")
def save_payer() -> ResponseReturnValue:
    meanwhile.refuse_second(_PAYER_SAVES)
    form = _payer_form(bound=True)
    if not form.validate():
        return _page(payer=form), 422
    settings.save_payer(
        g.session,
        g.shop,
        name=form.name.data or "",
        iban=form.iban.data or "",
        bic=form.bic.data or "",
        actor=merchant.actor(),
    )
    return web.toast(_page(), "Saved")


@bp.post("/schedule")
def save_schedule() -> ResponseReturnValue:
    meanwhile.refuse_second(_SCHEDULE_SAVES)
    form = ScheduleForm(request.form)
    if not form.validate():
        return _page(schedule=form), 422
    chosen = {"schedule": form.schedule.data, "day": form.day, "today": clock.today(g.shop.timezone)}
    settings.save_schedule(g.session, g.shop, **chosen, actor=merchant.actor())
    return web.toast(_page(), "Saved")


@bp.post("/<rail>")
def save_keys(rail: str) -> ResponseReturnValue:
    """Keys are kept when the provider has taken them: a typing mistake shows now, not on payday."""
    name = _name(rail)
    form = _FORMS[name](request.form)
    if not form.validate():
        return _page(rail_form=(name, form)), 422
    keys = {field: str(form[field].data) for field in settings.KEY_FIELDS[name]}
    db.commit(g.session)  # the provider is asked outside any transaction
    try:
        RAILS[name].check(keys)
    except (RailRefusedError, RailSilentError) as error:
        later = " Nothing was saved: try again in a few minutes." if isinstance(error, RailSilentError) else ""
        form[settings.KEY_FIELDS[name][-1]].errors = [f"{error}{later}"]
        return _page(rail_form=(name, form)), 422
    settings.save_keys(g.session, g.shop, name, keys, actor=merchant.actor())
    return web.toast(_page(), f"{queries.RAIL_WORDS[name]} takes the keys. Vendors can choose it now.")


@bp.post("/<rail>/remove")
def remove_keys(rail: str) -> ResponseReturnValue:
    settings.remove_keys(g.session, g.shop, _name(rail), actor=merchant.actor())
    return web.toast(_page(), "Removed. Vendors who chose it are asked for other details.")


@bp.post("/offer/<rail>/<answer>")
def offer(rail: str, answer: str) -> ResponseReturnValue:
    """Whether vendors may choose a rail."""
    if rail not in set(RailName) or answer not in {"yes", "no"}:
        raise NotFound("There is no such rail.")
    rails = set(queries.list_rails(g.session, g.shop.id))
    known = rail == RailName.BANK or RailName(rail) in queries.list_rail_keys(g.session, g.shop.id)
    if answer == "yes" and not known:
        raise NotFound("Enter the keys first.")
    settings.offer_rails(
        g.session, g.shop, rails | {rail} if answer == "yes" else rails - {rail}, actor=merchant.actor()
    )
    return web.toast(_page(), "Saved")


def _page(
    *,
    payer: PayerForm | None = None,
    schedule: Form | None = None,
    rail_form: tuple[RailName, Form] | None = None,
) -> str:
    held, today = queries.find_settings(g.session, g.shop.id), clock.today(g.shop.timezone)
    by_month = held.schedule == "monthly"
    shown = {
        "schedule": held.schedule,
        "weekday": str(1 if by_month else held.schedule_day),
        "month_day": held.schedule_day if by_month else 1,
    }
    return render_template(
        "merchant/payouts/settings.html",
        payer=payer or _payer_form(),
        payer_seen=meanwhile.mark(_PAYER_SAVES),
        schedule=schedule or ScheduleForm(data=shown),
        schedule_seen=meanwhile.mark(_SCHEDULE_SAVES),
        next_day=next_day(held.schedule, held.schedule_day, held.schedule_from or today, today),
        forms={name: form() for name, form in _FORMS.items()} | dict([rail_form] if rail_form else []),
        keys=queries.list_rail_keys(g.session, g.shop.id),
        offered=queries.list_rails(g.session, g.shop.id),
        rail_words=queries.RAIL_WORDS,
        chosen=queries.count_chosen_rails(g.session, g.shop.id),
    )


def _name(rail: str) -> RailName:
    if rail not in set(_FORMS):
        raise NotFound("There is no such rail.")
    return RailName(rail)


def _payer_form(*, bound: bool = False) -> PayerForm:
    held = get_settings(g.session, g.shop.id)
    formdata = request.form if bound else None
    return PayerForm(formdata, name=held.payer_name or "", last4=held.payer_last4 or "", bic=held.payer_bic or "")
