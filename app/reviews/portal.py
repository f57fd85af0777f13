"""What customers say of a vendor, in the vendor's own pages: to read, to answer, to report."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import actor, protect
from app.errors import Conflict, ValidationErrors
from app.keyset import Page, Place
from app.languages import _
from app.reviews import queries, rules, service
from app.typed import tidy_lines
from app.vendors.rules import average_rating

bp = Blueprint("portal_reviews", __name__, url_prefix="/portal/reviews")
protect(bp)


@bp.get("")
def list_reviews() -> ResponseReturnValue:
    return _page()


@bp.get("/export.csv")
def export_reviews() -> ResponseReturnValue:
    """What the list shows, up to 2,500 reviews."""
    rows = (
        [row.order_name, said.stars, said.title, said.words, said.shown_name, said.written_at, said.answer]
        for row in web.every_row(_find)
        for said in [row.review]
    )
    heading = ["order", "stars", "title", "words", "name", "written_at", "answer"]
    return web.download_sheet("reviews.csv", heading, rows)


@bp.post("/<int:review_id>/answer")
def answer(review_id: int) -> ResponseReturnValue:
    words = tidy_lines(request.form.get("answer"))
    try:
        service.answer(g.session, g.vendor, review_id, words, actor=actor())
    except ValidationErrors as refused:
        return _page(wrong=(review_id, "answer", refused.errors["answer"], words)), 422
    flash(_("Your answer stands under the review.") if words else _("Your answer was taken away."), "good")
    return redirect(f"/portal/reviews#review-{review_id}", 303)


@bp.post("/<int:review_id>/report")
def report(review_id: int) -> ResponseReturnValue:
    reason = tidy_lines(request.form.get("reason"))
    try:
        service.report(g.session, g.vendor, review_id, reason, actor=actor())
    except ValidationErrors as refused:
        return _page(wrong=(review_id, "reason", refused.errors["reason"], reason)), 422
    except Conflict as refused:
        flash(refused.message, "warn")
    else:
        flash(_("%(shop)s looks at it. Until then it stays where it is.", shop=g.shop.name), "good")
    return redirect(f"/portal/reviews#review-{review_id}", 303)


def _find(place: Place) -> Page[queries.Row]:
    args = request.args
    wanted: dict[str, Any] = {"state": args.get("show", ""), "stars": args.get("stars", None, int)}
    search, sort = web.read_search(), args.get("sort", "newest")
    return queries.list_for_vendor(g.session, g.vendor, search=search, sort=sort, place=place, **wanted)


def _page(wrong: tuple[int, str, str, str] | None = None) -> str:
    """`wrong`: review, field, what is wrong, and what was typed."""
    vendor = g.vendor
    return render_template(
        "portal/reviews/list.html",
        page=_find(web.read_place()),
        average=average_rating(vendor.rating_sum, vendor.rating_count) if vendor.rating_count else None,
        counts=vendor.shown_reviews.get("counts", []),
        wrong=wrong or (0, "", "", ""),
        longest_answer=rules.LONGEST_ANSWER,
    )
