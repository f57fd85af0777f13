"""The merchant's commission rules: the list, one rule and the simulator."""

from typing import Final

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock, web
from app.auth.merchant import protect
from app.commissions import queries, rules, service
from app.commissions.forms import RuleForm, SimulatorForm, write_percent
from app.errors import Conflict, NotFound
from app.models.vendors import Vendor, VendorStatus
from app.money import Money

bp = Blueprint("commissions", __name__, url_prefix="/app/commissions")
protect(bp)

_SAVED: Final = "Saved. It counts for orders from now on."


@bp.get("")
def list_rules() -> ResponseReturnValue:
    service.ensure_default_rule(g.session, g.shop.id)
    return _list_page()


@bp.get("/simulator")
def simulate() -> ResponseReturnValue:
    """Which rule fires for a line, why, and what it takes."""
    form = SimulatorForm(request.args, currency=g.shop.currency, vendors=_vendors())
    if not form.validate():
        return render_template("merchant/commissions/_answer.html", form=form, answer=None)
    line, quantity = form.line(clock.now()), int(form.quantity.data or "1")
    choice = rules.choose_rule(queries.list_rules(g.session, g.shop.id), line)
    base = line.unit_price * quantity
    fee = rules.fee(choice.winner, base, quantity, line.currency) if choice.winner else 0
    answer = {
        "choice": choice,
        "price": Money(base, line.currency),
        "fee": Money(fee, line.currency),
        "vendor": Money(base - fee, line.currency),
        "number": form.vendor.data,
    }
    return render_template("merchant/commissions/_answer.html", form=form, answer=answer)


@bp.get("/new")
def new_rule() -> ResponseReturnValue:
    return _rule_page(None, _rule_form(None))


@bp.post("/new")
def add_rule() -> ResponseReturnValue:
    form = _rule_form(None, bound=True)
    if not form.validate():
        return _rule_page(None, form, status=422)
    number = service.add_rule(g.session, g.shop, form.draft(), _actor())
    return web.toast(_rule_page(number, form), _SAVED)


@bp.get("/<int:number>")
def show_rule(number: int) -> ResponseReturnValue:
    return _rule_page(number, _rule_form(number))


@bp.post("/<int:number>")
def change_rule(number: int) -> ResponseReturnValue:
    form = _rule_form(number, bound=True)
    if not form.validate():
        return _rule_page(number, form, status=422)
    service.change_rule(g.session, g.shop, number, form.draft(), _actor())
    return web.toast(_rule_page(number, form), _SAVED)


@bp.post("/<int:number>/<action>")
def act(number: int, action: str) -> ResponseReturnValue:
    """Up, down, remove."""
    try:
        if action == "remove":
            service.remove_rule(g.session, g.shop, number, _actor())
        elif action in {"up", "down"}:
            service.move_rule(g.session, g.shop, number, up=action == "up", actor=_actor())
        else:
            raise NotFound("There is no such action.")
    except Conflict as error:
        return web.toast(make_response(str(error.message), 409), error.message, is_error=True)
    return web.toast(_list_page(), "Removed" if action == "remove" else "Moved")


def _list_page() -> Response:
    listed = queries.list_rules(g.session, g.shop.id)
    vendors = _vendors()
    html = render_template(
        "merchant/commissions/list.html",
        rules=listed,
        shadowed=rules.shadowed(listed),
        describe=lambda rule: rules.describe_conditions(rule.conditions, dict(vendors)),
        percent=write_percent,
        money_of=Money,
        simulator=SimulatorForm(currency=g.shop.currency, vendors=vendors),
    )
    return Response(html, mimetype="text/html")


def _rule_form(number: int | None, *, bound: bool = False) -> RuleForm:
    rule = queries.to_rule(queries.get_version(g.session, g.shop.id, number)) if number else None
    return RuleForm(request.form if bound else None, currency=g.shop.currency, vendors=_vendors(), rule=rule)


def _rule_page(number: int | None, form: RuleForm, *, status: int = 200) -> Response:
    html = render_template("merchant/commissions/rule.html", form=form, number=number, vendors=_vendors())
    return Response(html, status=status, mimetype="text/html")


def _vendors() -> list[tuple[int, str]]:
    query = select(Vendor.id, Vendor.name).where(
        Vendor.shop_id == g.shop.id, Vendor.status.in_((VendorStatus.APPROVED, VendorStatus.SUSPENDED))
    )
    return [(vendor_id, name) for vendor_id, name in g.session.execute(query.order_by(Vendor.name))]


def _actor() -> str:
    return f"staff:{g.staff}"
