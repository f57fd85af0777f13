"""The merchant's rules for approval: an ordered list, each with what it would have done."""

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from app import web
from app.auth import meanwhile, merchant
from app.errors import NotFound
from app.models.approvals import ApprovalRule
from app.models.events import AuditEntry
from app.money import Money
from app.products import approval_queries, approval_rules, approvals
from app.products.approval_forms import RuleForm
from app.products.approval_rules import Conditions
from app.shops.queries import get_settings

bp = Blueprint("approval_rules", __name__, url_prefix="/app/review/rules")
merchant.protect(bp)


@bp.get("")
def list_rules() -> ResponseReturnValue:
    return _list_page()


@bp.get("/new")
def new_rule() -> ResponseReturnValue:
    return _rule_page(None, _form(None))


@bp.get("/<int:rule_id>")
def show_rule(rule_id: int) -> ResponseReturnValue:
    rule = approvals.get_rule(g.session, g.shop.id, rule_id)
    return _rule_page(rule, _form(rule))


@bp.post("/new")
def add_rule() -> ResponseReturnValue:
    return _save(None)


@bp.post("/<int:rule_id>")
def change_rule(rule_id: int) -> ResponseReturnValue:
    return _save(approvals.get_rule(g.session, g.shop.id, rule_id))


@bp.post("/<int:rule_id>/<action>")
def act(rule_id: int, action: str) -> ResponseReturnValue:
    """Move a rule up or down, or remove it."""
    actor = merchant.actor()
    if action == "remove":
        approvals.remove_rule(g.session, g.shop.id, rule_id, actor=actor)
        words = "Rule removed. What it approved stays on sale."
    elif action in {"up", "down"}:
        step = -1 if action == "up" else 1
        approvals.move_rule(g.session, g.shop.id, rule_id, step, actor=actor)
        words = "Order saved"
    else:
        raise NotFound("There is no such action.")
    return web.toast(_list_page(), words)


def _save(rule: ApprovalRule | None) -> ResponseReturnValue:
    """Save a rule; with `?do=try` only say what it would have done."""
    is_trial = request.args.get("do") == "try"
    if rule and not is_trial:
        meanwhile.refuse_second(_saves_of(rule))
    form = _form(rule, request.form)
    if not form.validate():
        return _rule_page(rule, form), 422
    if is_trial:
        return _rule_page(rule, form, tried=form.conditions)
    number = rule.id if rule else None
    actor = merchant.actor()
    is_on = bool(form.is_on.data)
    approvals.save_rule(g.session, g.shop.id, number, form.name.data or "", form.conditions, is_on=is_on, actor=actor)
    answer: Response = make_response(_list_page())
    answer.headers["HX-Push-Url"] = "/app/review/rules"
    return web.toast(answer, "Rule saved")


def _form(rule: ApprovalRule | None, sent: MultiDict[str, str] | None = None) -> RuleForm:
    _, groups = approval_queries.list_names(g.session, g.shop.id)
    held = Conditions.read(rule.conditions) if rule else Conditions()
    vendors = approval_queries.list_sellers(g.session, g.shop.id, held.vendor_ids)
    data = {"name": rule.name, "is_on": rule.is_on} if rule else {"is_on": True}
    return RuleForm(sent, currency=g.shop.currency, vendors=vendors, groups=groups, held=held, data=data)


def _saves_of(rule: ApprovalRule) -> ColumnElement[bool]:
    return meanwhile.saves_of_amounts("approval_rule.save", which=AuditEntry.subject_id == rule.id)


def _list_page() -> str:
    rules = approvals.list_rules(g.session, g.shop.id)
    vendors, groups = approval_queries.list_names(g.session, g.shop.id)
    sent = approval_queries.list_sent(g.session, g.shop.id)
    total, each = approval_queries.forecast(rules, sent)
    return render_template(
        "merchant/review/rules.html",
        rules=[(rule, Conditions.read(rule.conditions), each[place]) for place, rule in enumerate(rules)],
        vendors=vendors,
        groups=groups,
        total=total,
        last=len(sent),
        kinds=approval_rules.KINDS,
        fields=approval_rules.FIELDS,
        minor=lambda asked, amount: Money(amount, asked.price_currency or g.shop.currency),
        settings=get_settings(g.session, g.shop.id),
    )


def _rule_page(rule: ApprovalRule | None, form: RuleForm, tried: Conditions | None = None) -> str:
    sent = approval_queries.list_sent(g.session, g.shop.id) if tried else ()
    fitting = [one for one in sent if tried and approval_rules.fits(tried, one.case)]
    return render_template(
        "merchant/review/rule.html",
        rule=rule,
        form=form,
        seen=meanwhile.mark(_saves_of(rule)) if rule else "",
        tried=tried,
        last=len(sent),
        approved=len(fitting),
        turned_down=sum(one.turned_down for one in fitting),
    )
