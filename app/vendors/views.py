"""The merchant's vendor pages: the list, one vendor, and the decisions."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.audit_words import name_deed
from app.auth import merchant
from app.auth.roles import ROLE_WORDS
from app.errors import Conflict, NotFound, ValidationErrors
from app.keyset import Page, Place
from app.outcomes import Outcome
from app.vendors import effects, holidays, people, queries, questions, rules, service

bp = Blueprint("vendors", __name__, url_prefix="/app/vendors")
merchant.protect(bp)

_DONE: Final = {
    "approve": "{name} is approved. The e-mail with the way in is on its way.",
    "reject": "{name} is declined and gets your reason by e-mail.",
    "suspend": "{name} is paused. The public page is being hidden.",
    "reinstate": "{name} sells again and is told so by e-mail.",
    "close": "{name} is closed.",
}
_TOGETHER: Final = {"approve": "Approve", "reject": "Decline", "suspend": "Pause", "reinstate": "Let sell again"}


@bp.get("/")
@bp.get("", strict_slashes=False)
def list_vendors() -> ResponseReturnValue:
    return _list_page()


@bp.post("/together")
def decide_together() -> ResponseReturnValue:
    """One decision for every vendor that was ticked. Each stands for itself: the answer says what became of it."""
    action, reason = request.form.get("action", ""), request.form.get("reason", "")
    ids = web.read_ticked("vendor")
    if action not in _TOGETHER:
        raise NotFound("There is no such action.")
    if not ids:
        return web.toast(_list_page(action=action, reason=reason), "Tick the vendors first.", is_error=True)
    if action in rules.REASON_NEEDED and not reason.strip():
        return _list_page(ticked=ids, action=action, error="Say why in a sentence. The vendors read it."), 422
    return web.answer_together(_list_page, [_decide_one(vendor_id, action, reason) for vendor_id in ids])


def _decide_one(vendor_id: int, action: str, reason: str) -> Outcome:
    try:
        vendor = service.move(g.session, g.shop.id, vendor_id, action, actor=merchant.actor(), reason=reason)
    except (Conflict, NotFound) as error:  # raised before anything was changed
        return Outcome(is_done=False, words=error.message)
    return Outcome(is_done=True, words=_DONE[action].format(name=vendor.name))


@bp.get("/export.csv")
def export_vendors() -> ResponseReturnValue:
    """What the list shows, up to 5,000 vendors."""
    heading = ["name", "status", "email", "contact", "phone", "town", "country", "on_sale", "applied_at", "approved_at"]
    rows = web.every_row(_find)
    return web.download_sheet("vendors.csv", heading, (_cells(row) for row in rows))


def _cells(row: queries.Row) -> list[object]:
    vendor = row.vendor
    person = [vendor.email, vendor.contact_name, vendor.phone, vendor.location, vendor.country]
    return [vendor.name, vendor.status.value, *person, row.published, vendor.applied_at, vendor.approved_at]


def _find(place: Place) -> Page[queries.Row]:
    args = request.args
    return queries.list_vendors(
        g.session,
        g.shop.id,
        search=web.read_search(),
        status=args.get("status", ""),
        case=args.get("case", ""),
        sort=args.get("sort", "newest"),
        place=place,
    )


def _list_page(
    results: Sequence[Outcome] = (),
    *,
    ticked: Sequence[int] = (),
    action: str = "approve",
    reason: str = "",
    error: str | None = None,
) -> str:
    return render_template(
        "merchant/vendors/list.html",
        page=_find(web.read_place()),
        cases=[("", "All cases"), *queries.CASES.items()],
        pending=queries.count_pending(g.session, g.shop.id),
        results=results,
        ticked=ticked,
        together=_TOGETHER,
        action=action,
        reason=reason,
        error=error,
    )


@bp.get("/<int:vendor_id>")
def show_vendor(vendor_id: int) -> ResponseReturnValue:
    return _page(vendor_id)


@bp.post("/<int:vendor_id>/notes")
def add_note(vendor_id: int) -> ResponseReturnValue:
    vendor = queries.get_vendor(g.session, g.shop.id, vendor_id)
    try:
        people.add_note(g.session, vendor, request.form.get("note", ""), actor=merchant.actor())
    except ValidationErrors as error:
        return _page(vendor_id, errors=error.errors), 422
    return web.toast(_page(vendor_id), "Note kept.")


@bp.post("/<int:vendor_id>/ask")
def ask(vendor_id: int) -> ResponseReturnValue:
    """A question by e-mail; the answer comes to the store's own mailbox."""
    try:
        vendor = service.ask(g.session, g.shop.id, vendor_id, request.form.get("question", ""), actor=merchant.actor())
    except ValidationErrors as error:
        return _page(vendor_id, errors=error.errors), 422
    except Conflict as error:
        return web.refuse(_page(vendor_id), error)
    return web.toast(_page(vendor_id), f"{vendor.name} is asked by e-mail.")


@bp.post("/<int:vendor_id>/people/<int:user_id>/reset")
def reset_factors(vendor_id: int, user_id: int) -> ResponseReturnValue:
    """For somebody who lost their phone and their recovery codes."""
    vendor = queries.get_vendor(g.session, g.shop.id, vendor_id)
    reason = request.form.get("reason", "")
    try:
        user = people.reset_factors(g.session, g.shop, vendor, user_id, reason=reason, actor=merchant.actor())
    except ValidationErrors as error:
        return _page(vendor_id, errors={f"reset-{user_id}": error.errors["reason"]}), 422
    return web.toast(_page(vendor_id), f"{user.email} signs in with their mail alone, and is told so.")


@bp.post("/<int:vendor_id>/<action>")
def decide(vendor_id: int, action: str) -> ResponseReturnValue:
    """Approve, reject, suspend, reinstate, close; `sync` writes the public page again."""
    if action == "sync":
        service.request_profile_sync(g.session, queries.get_vendor(g.session, g.shop.id, vendor_id))
        return web.toast(_page(vendor_id), "The public page is being written again.")
    if action not in _DONE:
        raise NotFound("There is no such action.")
    try:
        vendor = service.move(
            g.session, g.shop.id, vendor_id, action, actor=merchant.actor(), reason=request.form.get("reason")
        )
    except ValidationErrors as error:
        return _page(vendor_id, errors={action: error.errors["reason"]}), 422
    except Conflict as error:
        return web.refuse(_page(vendor_id), error)
    return web.toast(_page(vendor_id), _DONE[action].format(name=vendor.name))


def _page(vendor_id: int, errors: dict[str, str] | None = None) -> str:
    vendor = queries.get_vendor(g.session, g.shop.id, vendor_id)
    standing = effects.read_standing(g.session, vendor)
    return render_template(
        "merchant/vendors/detail.html",
        vendor=vendor,
        actions=rules.list_actions(vendor.status),
        products=queries.count_products(g.session, vendor),
        history=queries.list_history(g.session, vendor),
        name_deed=name_deed,
        people=people.list_people(g.session, vendor),
        unreachable=people.find_unreachable(g.session, vendor),
        roles=ROLE_WORDS,
        asked=questions.list_asked(g.session, vendor, with_ended=True),
        errors=errors or {},
        note=request.form.get("note", ""),
        question=request.form.get("question", ""),
        is_away=holidays.is_away(vendor, clock.now()),
        plans_holiday=holidays.is_ahead(vendor, clock.now()),
        on_sale=standing.on_sale,
        effects=effects.list_effects(standing),
        reason=request.form.get("reason", ""),
    )
