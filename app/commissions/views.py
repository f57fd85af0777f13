"""The merchant's commission rules: the list, one rule and the simulator."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, or_, select

from app import clock, formats, web
from app.auth import meanwhile, merchant
from app.commissions import previews, queries, rules, service, sets
from app.commissions.agreements import get_agreed
from app.commissions.forms import RuleForm, SimulatorForm, write_percent
from app.errors import Conflict, NotFound, ValidationErrors
from app.models.commissions import CommissionRule
from app.models.events import AuditEntry
from app.models.vendors import Vendor, VendorStatus
from app.money import Money
from app.typed import read_number

bp = Blueprint("commissions", __name__, url_prefix="/app/commissions")
merchant.protect(bp)

_RESTORE: Final = "commission_rule.restore"
_NEW_ORDER: Final = AuditEntry.action.in_(("commission_rule.reorder", _RESTORE))
_SAVES: Final = (*(f"commission_rule.{verb}" for verb in ("add", "change", "drop_plan", "remove")), _RESTORE)
_SAVED: Final = "Saved. It counts for orders from now on."
_ACTS: Final = {"remove": (service.remove_rule, "Removed"), "drop-plan": (service.drop_plan, "The plan is dropped")}


@bp.get("")
def list_rules() -> ResponseReturnValue:
    service.ensure_default_rule(g.session, g.shop.id)
    return list_page()


@bp.post("/order")
def reorder() -> ResponseReturnValue:
    """The numbers of all rules but the default, from the top."""
    meanwhile.refuse_second(_NEW_ORDER)
    given = map(read_number, request.form.get("order", "").split(","))
    numbers = [number for number in given if number is not None]
    try:
        service.reorder_rules(g.session, g.shop, numbers, actor())
    except Conflict as error:
        return web.refuse(list_page(), error)
    return web.toast(list_page(), "The order is saved. It counts for orders from now on.")


@bp.get("/simulator")
def simulate() -> ResponseReturnValue:
    """Which rule fires for a line, why, and what it takes."""
    form = SimulatorForm(request.args, currency=g.shop.currency, vendors=list_sellers())
    if not form.validate():
        return render_template("merchant/commissions/_answer.html", form=form, answer=None)
    quantity = int(form.quantity.data or "1")
    try:
        line = sets.complete(g.session, g.shop.id, form.line(clock.now()))
    except ValidationErrors as error:
        form.product.errors = list(error.errors.values())
        return render_template("merchant/commissions/_answer.html", form=form, answer=None)
    listed = queries.list_rules(g.session, g.shop.id)
    choice = rules.choose_rule(listed, line, shop_zone())
    base = line.unit_price * quantity
    fee = rules.fee(choice.winner, base, quantity, line.currency) if choice.winner else 0
    answer = {
        "choice": choice,
        "passed_over": _passed_over(listed, choice.winner, line),
        "price": Money(base, line.currency),
        "fee": Money(fee, line.currency),
        "vendor": Money(base - fee, line.currency),
        "hold_days": rules.days_on_hold(choice.winner, get_agreed(g.session, g.shop.id).of(line.vendor_id).hold_days),
    }
    return render_template("merchant/commissions/_answer.html", form=form, answer=answer)


@bp.get("/new")
def new_rule() -> ResponseReturnValue:
    return _rule_page(None, rule_form(None))


@bp.post("/new")
def add_rule() -> ResponseReturnValue:
    form = rule_form(None, bound=True)
    if not form.validate():
        return _rule_page(None, form), 422
    number = service.add_rule(g.session, g.shop, form.draft(), actor(), at=form.start())
    answer = _saved(number, form)
    answer.headers["HX-Push-Url"] = f"/app/commissions/{number}"
    return answer


@bp.get("/<int:number>")
def show_rule(number: int) -> ResponseReturnValue:
    return _rule_page(number, rule_form(number))


@bp.post("/<int:number>")
def change_rule(number: int) -> ResponseReturnValue:
    meanwhile.refuse_second(_saves_of(number))
    form = rule_form(number, bound=True)
    if not form.validate():
        return _rule_page(number, form), 422
    if not service.change_rule(g.session, g.shop, number, form.draft(), actor(), at=form.start()):
        return web.toast(_rule_page(number, rule_form(number)), "Nothing had changed")
    return _saved(number, form)


@bp.post("/<int:number>/<action>")
def act(number: int, action: str) -> ResponseReturnValue:
    """Remove the rule, or drop what is planned for it."""
    if action not in _ACTS:
        raise NotFound("There is no such action.")
    do, words = _ACTS[action]
    try:
        do(g.session, g.shop, number, actor())
    except Conflict as error:
        return web.refuse(str(error.message), error)
    return web.toast(list_page(), words)


def rule_form(number: int | None, *, bound: bool = False) -> RuleForm:
    """The form of a rule as it is planned or in force; of a new one for None. Raises NotFound."""
    version = queries.get_version(g.session, g.shop.id, number) if number else None
    return RuleForm(
        request.form if bound else None,
        currency=g.shop.currency,
        vendors=list_sellers(),
        groups=[(row.group.id, row.group.name) for row in sets.list_groups(g.session, g.shop.id)],
        zone=shop_zone(),
        rule=queries.to_rule(version) if version else None,
        begins=_planned_for(version),
    )


def list_page() -> str:
    listed = queries.list_rules(g.session, g.shop.id)
    describe, vendors = sets.name_conditions(g.session, g.shop), list_sellers()
    return render_template(
        "merchant/commissions/list.html",
        rules=listed,
        planned=queries.list_planned(g.session, g.shop.id),
        shadowed=rules.shadowed(listed),
        elsewhere=rules.in_other_currencies(listed, g.shop.currency),
        describe=lambda rule: describe(rule.conditions, rule.labels),
        percent=write_percent,
        money_of=Money,
        latest=previews.find_latest(g.session, g.shop.id, actor()),
        seen=meanwhile.mark(_NEW_ORDER),
        simulator=SimulatorForm(currency=g.shop.currency, vendors=vendors),
    )


def list_sellers() -> list[tuple[int, str]]:
    query = select(Vendor.id, Vendor.name).where(
        Vendor.shop_id == g.shop.id, Vendor.status.in_((VendorStatus.APPROVED, VendorStatus.SUSPENDED))
    )
    return [(vendor_id, name) for vendor_id, name in g.session.execute(query.order_by(Vendor.name))]


def shop_zone() -> ZoneInfo:
    return ZoneInfo(g.shop.timezone)


def actor() -> str:
    return merchant.actor()


def _passed_over(
    listed: list[rules.Rule], winner: rules.Rule | None, line: rules.SoldLine
) -> list[tuple[rules.Rule, str]]:
    """The rules above the winner, and why each does not fit."""
    above = listed[: listed.index(winner)] if winner else listed
    return [(rule, words) for rule in above if (words := rules.misfit(rule, line))]


def _saves_of(number: int) -> ColumnElement[bool]:
    its = or_(AuditEntry.subject_id == number, AuditEntry.action == _RESTORE)
    return meanwhile.saves_of_amounts(*_SAVES, which=its)


def _saved(number: int, form: RuleForm) -> Response:
    start = form.start()
    later = start and start > clock.now()
    words = f"Planned for {formats.write_date(start)}." if later else _SAVED
    return web.toast(_rule_page(number, rule_form(number)), words)


def _rule_page(number: int | None, form: RuleForm) -> str:
    version = queries.get_version(g.session, g.shop.id, number) if number else None
    return render_template(
        "merchant/commissions/rule.html",
        form=form,
        seen=meanwhile.mark(_saves_of(number)) if number else "",
        number=number,
        planned_for=_planned_for(version),
    )


def _planned_for(version: CommissionRule | None) -> datetime | None:
    return version.valid_from if version and version.valid_from > clock.now() else None
