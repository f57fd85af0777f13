"""Around the rules list: previews before saving, history and restoring, vendor groups, the search for a category."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock, formats, web
from app.auth.merchant import protect
from app.commissions import groups, previews, queries, service, sets
from app.commissions.forms import write_percent
from app.commissions.rules import Conditions, Rule
from app.commissions.service import Draft
from app.commissions.views import actor, list_page, list_sellers, rule_form
from app.errors import NotFound, ValidationErrors
from app.keyset import Sort, only, read_page
from app.models.events import AuditEntry
from app.money import Money
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyError
from app.typed import read_moment

bp = Blueprint("commission_list", __name__, url_prefix="/app/commissions")
protect(bp)

_FOUND_AT_MOST = 12
_CHANGES = {
    "commission_rule.add": "Added",
    "commission_rule.change": "Changed",
    "commission_rule.remove": "Removed",
    "commission_rule.move": "Moved",
    "commission_rule.reorder": "Put into another order",
    "commission_rule.restore": "Restored an earlier list",
    "commission_rule.drop_plan": "Dropped a plan",
}
_PARTS = {
    "name": "Name",
    "rate_bps": "Commission",
    "flat": "Plus per item",
    "floor": "At least",
    "cap": "At most",
    "net_of_tax": "Without tax",
    "with_shipping": "Of the shipping too",
    "hold_days": "Days to hold money",
    "conditions": "Fits",
    "order": "Order",
    "as_at": "As at",
    "counts_from": "Counts from",
}
_FIGURES = ("sold", "taken", "before", "after", "difference")
_MOMENTS = {"as_at": formats.write_datetime, "counts_from": formats.write_date}


@bp.post("/preview")
def ask_for_preview() -> ResponseReturnValue:
    """Of the list with a rule added or changed as in the form, with one removed, or in another order."""
    listed = queries.list_rules(g.session, g.shop.id)
    if "order" in request.form:
        places = {number: at for at, number in enumerate(request.form["order"].split(","))}
        wanted = sorted(listed, key=lambda rule: (rule.is_default, places.get(str(rule.id), len(places))))
    elif "remove" in request.form:
        wanted = [rule for rule in listed if str(rule.id) != request.form["remove"] or rule.is_default]
    else:
        number = request.form.get("number", type=int)
        form = rule_form(number, bound=True)
        if not form.validate():
            return render_template("merchant/commissions/_preview.html", form=form, preview=None), 422
        wanted = _with(listed, number, form.draft())
    return _preview_part(previews.ask(g.session, g.shop, wanted, actor()).id)


@bp.get("/previews/<int:preview_id>")
def show_preview(preview_id: int) -> ResponseReturnValue:
    return _preview_part(preview_id)


@bp.post("/previews/<int:preview_id>/stop")
def stop_preview(preview_id: int) -> ResponseReturnValue:
    previews.stop(g.session, g.shop.id, preview_id)
    return web.toast(Response(), "Stopped. Nothing was changed.")


@bp.get("/history")
def show_history() -> ResponseReturnValue:
    """Who changed what when, and the list as it was at a moment."""
    at = read_moment(request.args.get("list", ""))
    query = select(AuditEntry).where(AuditEntry.shop_id == g.shop.id, AuditEntry.action.in_(_CHANGES))
    newest = Sort((AuditEntry.id,), is_descending=True)
    versions = queries.list_versions(g.session, g.shop.id, at) if at else []
    describe = sets.name_conditions(g.session, g.shop)
    return render_template(
        "merchant/commissions/history.html",
        page=read_page(g.session, query, newest, web.read_place(), limit=50, make=only),
        names=queries.name_rules(g.session, g.shop.id),
        changes=_CHANGES,
        at=at,
        versions=versions,
        listed=[queries.to_rule(version) for version in versions],
        describe=lambda rule: describe(rule.conditions, rule.labels),
        percent=write_percent,
        money_of=Money,
        labels=_PARTS,
        say=lambda name, value: _say(name, value, describe),
    )


@bp.post("/restore")
def restore() -> ResponseReturnValue:
    at = read_moment(request.form.get("list", ""))
    if at is None or at > clock.now():
        raise NotFound("There is no such list.")
    service.restore_list(g.session, g.shop, at, actor())
    return web.toast(list_page(), "The list is what it was. It counts for orders from now on.")


@bp.get("/categories")
def search_categories() -> ResponseReturnValue:
    """Shopify's product categories for what was typed."""
    search = " ".join(request.args.get("search", "").split())[:100]
    shop = web.leave_transaction()
    found, failed = [], False
    if len(search) >= 2:
        try:
            asked = {"search": search, "first": _FOUND_AT_MOST}
            found = graphql(shop, "taxonomy", asked, patience_seconds=PAGE_SECONDS)["categories"]["nodes"]
        except ShopifyError:
            failed = True
    return render_template("merchant/commissions/_categories.html", found=found, search=search, failed=failed)


@bp.get("/groups")
def list_groups() -> ResponseReturnValue:
    return _groups_page()


@bp.post("/groups")
def save_group() -> ResponseReturnValue:
    """A new group, or one by `group`: its name and its vendors."""
    number, chosen = request.form.get("group", type=int), request.form.getlist("vendors", type=int)
    try:
        groups.save_group(g.session, g.shop.id, number, request.form.get("name", ""), chosen, actor=actor())
    except ValidationErrors as error:
        return _groups_page(errors={number or 0: error.errors["name"]}), 422
    return web.toast(_groups_page(), "Saved. It counts for orders from now on.")


@bp.post("/groups/<int:group_id>/remove")
def remove_group(group_id: int) -> ResponseReturnValue:
    groups.remove_group(g.session, g.shop.id, group_id, actor=actor())
    return web.toast(_groups_page(), "Removed")


def _with(listed: list[Rule], number: int | None, draft: Draft) -> list[Rule]:
    """The list with a rule as it is drafted: in its place, or above the default."""
    old = next((rule for rule in listed if rule.id == number), None)
    rule = Rule(
        id=number or 0,
        version=0,
        name=draft.name,
        rate_bps=draft.rate_bps,
        conditions=draft.conditions,
        flat=draft.flat,
        floor=draft.floor,
        cap=draft.cap,
        net_of_tax=draft.net_of_tax,
        with_shipping=draft.with_shipping,
        hold_days=draft.hold_days,
        is_default=bool(old and old.is_default),
        labels=draft.labels,
    )
    if old is not None:
        return [rule if one.id == number else one for one in listed]
    return [*(one for one in listed if not one.is_default), rule, *(one for one in listed if one.is_default)]


def _say(name: str, value: Any, describe: Callable[[Conditions, Mapping[str, str]], list[str]]) -> str:
    """A part of a rule as the log keeps it, in words."""
    if name == "rate_bps":
        return f"{write_percent(Decimal(value))} %"
    if name == "hold_days":
        return "as agreed" if value is None else str(value)
    if name in _MOMENTS:
        return _MOMENTS[name](datetime.fromisoformat(value))
    if name == "conditions":
        return ", ".join(describe(queries.read_conditions(value), value.get("labels", {}))) or "nothing"
    if isinstance(value, dict):
        return ", ".join(formats.write_money(Money(minor, currency)) for currency, minor in value.items()) or "none"
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def _preview_part(preview_id: int) -> str:
    preview = previews.get_preview(g.session, g.shop.id, preview_id)
    currency = g.shop.currency_at(preview.made_at)
    rows = previews.list_rows(g.session, preview, currency)
    return render_template(
        "merchant/commissions/_preview.html",
        preview=preview,
        rows=rows,
        sums={name: Money(sum(getattr(row, name).minor for row in rows), currency) for name in _FIGURES},
        days=previews.DAYS,
    )


def _groups_page(*, errors: dict[int, str] | None = None) -> str:
    return render_template(
        "merchant/commissions/groups.html",
        groups=sets.list_groups(g.session, g.shop.id),
        used=groups.list_used(g.session, g.shop.id),
        vendors=list_sellers(),
        errors=errors or {},
        name=request.form.get("name", ""),
    )
