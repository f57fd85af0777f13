"""The page that the e-mail leads to: the customer writes, changes, or asks not to be asked again."""

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth import letters, limits
from app.auth import portal as portal_door
from app.errors import NotFound, TooMany
from app.languages import _
from app.models.orders import VendorOrder
from app.models.vendors import Vendor
from app.reviews import queries, requests, rules, service
from app.reviews.forms import ReviewForm

bp = Blueprint("review_letters", __name__, url_prefix="/letters/review")
letters.protect(bp, requests.PURPOSE)


@bp.get("/<ticket>")
def show_form(ticket: str) -> ResponseReturnValue:
    part = _get_part()
    review = queries.find_review(g.session, part.id)
    if review is None:
        return _page(ticket, part, ReviewForm(name=rules.name_to_show(part.customer_name)))
    held = {"stars": review.stars, "title": review.title, "words": review.words, "name": review.shown_name}
    return _page(ticket, part, ReviewForm(data=held))


@bp.post("/<ticket>")
def send(ticket: str) -> ResponseReturnValue:
    part, form = _get_part(), ReviewForm(request.form)
    if not form.validate():
        return _page(ticket, part, form), 422
    if not limits.allow("review", f"{part.id}", limit=10, seconds=3600):
        raise TooMany(_("You have changed this review very often. Try again in an hour; nothing is lost."))
    service.write(g.session, part, form.draft())
    return redirect(f"/letters/review/{ticket}?sent=1", 303)


@bp.post("/<ticket>/stop")
def stop(ticket: str) -> ResponseReturnValue:
    requests.stop(g.session, _get_part())
    return redirect(f"/letters/review/{ticket}?stopped=1", 303)


def _get_part() -> VendorOrder:
    part = g.session.get(VendorOrder, g.subject)
    if part is None:
        raise NotFound(_("What this link led to is not there any more."))
    return part  # type: ignore[no-any-return]


def _page(ticket: str, part: VendorOrder, form: ReviewForm) -> str:
    return render_template(
        "letters/review.html",
        form=form,
        ticket=ticket,
        seller=g.session.get_one(Vendor, part.vendor_id),
        part=part,
        lines=queries.list_lines(g.session, part),
        review=queries.find_review(g.session, part.id),
        sent="sent" in request.args,
        stopped="stopped" in request.args,
        storefront=portal_door.storefront_of(g.shop),
    )
