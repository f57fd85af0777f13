"""The merchant's side of reviews: what waits, what was decided, and the rule for what need not wait."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import meanwhile, merchant
from app.errors import AppError, Conflict, NotFound, ValidationErrors
from app.models.events import AuditEntry
from app.outcomes import Outcome
from app.reviews import queries, service
from app.reviews.forms import ReviewSettingsForm
from app.vendors.queries import offer_vendors

bp = Blueprint("vendor_reviews", __name__, url_prefix="/app/reviews")
merchant.protect(bp)

_SAVES: Final = AuditEntry.action == "review.settings"
_DONE: Final = {
    "publish": "It is shown within a minute.",
    "reject": "It is not shown. The customer gets your reason.",
}


@bp.get("")
def list_reviews() -> ResponseReturnValue:
    return _list_page()


@bp.get("/export.csv")
def export_reviews() -> ResponseReturnValue:
    """What the list shows, up to 2,500 reviews."""
    heading = ["vendor", "order", "stars", "title", "words", "name", "state", "written_at", "answer"]
    rows = web.every_row(lambda place: queries.list_reviews(g.session, g.shop.id, **_wanted(), place=place))
    return web.download_sheet("reviews.csv", heading, (_cells(row) for row in rows))


def _cells(row: queries.Row) -> list[object]:
    said = row.review
    words = [said.stars, said.title, said.words, said.shown_name, said.state.value]
    return [row.vendor.name, row.order_name, *words, said.written_at, said.answer]


def _wanted() -> dict[str, Any]:
    """What the address asks for."""
    args = request.args
    stars, vendor_id = args.get("stars", 0, int), args.get("vendor", None, int)
    search = web.read_search()
    return {"state": args.get("state", "waiting"), "stars": stars, "vendor_id": vendor_id, "search": search}


@bp.post("/decide")
def decide_many() -> ResponseReturnValue:
    """Publish or reject every ticked review; the page says of each what became of it."""
    action, reason = request.form.get("do", ""), request.form.get("reason", "")
    if action not in _DONE:
        raise NotFound("There is no such action.")
    decided = [_decide_one(number, action, reason) for number in web.read_ticked("tick")]
    return web.answer_together(_list_page, decided)


@bp.get("/settings")
def show_settings() -> ResponseReturnValue:
    return _settings_page(ReviewSettingsForm(obj=queries.get_settings(g.session, g.shop.id)))


@bp.post("/settings")
def change_settings() -> ResponseReturnValue:
    meanwhile.refuse_second(_SAVES)
    form = ReviewSettingsForm(request.form)
    if not form.validate():
        return _settings_page(form), 422
    is_new = service.change_settings(g.session, g.shop.id, form.data, actor=merchant.actor())
    return web.toast(_settings_page(form), "Settings saved" if is_new else "Nothing had changed")


@bp.get("/<int:review_id>")
def show_review(review_id: int) -> ResponseReturnValue:
    return _review_page(review_id)


@bp.post("/<int:review_id>/<action>")
def decide(review_id: int, action: str) -> ResponseReturnValue:
    if action not in _DONE:
        raise NotFound("There is no such action.")
    try:
        _carry_out(review_id, action, request.form.get("reason", ""))
    except ValidationErrors as error:
        return _review_page(review_id, error=error.errors["reason"]), 422
    except Conflict as error:
        return web.refuse(_review_page(review_id), error)
    return web.toast(_review_page(review_id), _DONE[action])


def _carry_out(review_id: int, action: str, reason: str) -> None:
    if action == "publish":
        service.publish(g.session, g.shop.id, review_id, actor=merchant.actor())
    else:
        service.reject(g.session, g.shop.id, review_id, reason, actor=merchant.actor())


def _decide_one(review_id: int, action: str, reason: str) -> Outcome:
    try:
        row = queries.get_row(g.session, g.shop.id, review_id)
        _carry_out(review_id, action, reason)
    except ValidationErrors as error:
        return Outcome(is_done=False, words=error.errors["reason"], title=_title(row))
    except AppError as error:
        return Outcome(is_done=False, words=error.message, title=f"Review {review_id}")
    return Outcome(is_done=True, words=f"Of {row.vendor.name}.", title=_title(row))


def _title(row: queries.Row) -> str:
    return f"{row.review.stars} ★ {row.review.title or row.review.words[:60] or row.review.shown_name or 'No words'}"


def _list_page(results: Sequence[Outcome] = ()) -> str:
    find = _wanted()
    page = queries.list_reviews(g.session, g.shop.id, **find, place=web.read_place())
    waiting = queries.count_waiting(g.session, g.shop.id)
    return render_template(
        "merchant/reviews/list.html",
        page=page,
        vendors=offer_vendors(g.session, g.shop.id, find["vendor_id"]),
        find=find,
        results=results,
        waiting=waiting,
        titled=_title,
        is_empty=not queries.list_reviews(g.session, g.shop.id).total if not page.total else False,
    )


def _review_page(review_id: int, error: str = "") -> str:
    row = queries.get_row(g.session, g.shop.id, review_id)
    waiting = queries.find_place(g.session, g.shop.id, review_id)
    return render_template(
        "merchant/reviews/review.html",
        row=row,
        review=row.review,
        error=error,
        reason=request.form.get("reason", ""),
        place=waiting.place,
        total=waiting.total,
        previous=waiting.before,
        next=waiting.after,
    )


def _settings_page(form: ReviewSettingsForm) -> str:
    return render_template("merchant/reviews/settings.html", form=form, seen=meanwhile.mark(_SAVES))
