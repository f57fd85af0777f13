"""The merchant's page for one edit: what is on sale, what the vendor wants instead, and the decision field by field."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, NotFound, ValidationErrors
from app.products import proposal_queries, proposals, queries, replies, review_list
from app.products.review import read_wanted

bp = Blueprint("review_edits", __name__, url_prefix="/app/review/edits")
merchant.protect(bp)

_DONE: Final = {
    "accept": "The changes to “{title}” go live now.",
    "ask_for_changes": "{vendor} is asked to change the edit of “{title}”.",
    "reject": "The edit of “{title}” is rejected; {vendor} gets your reason by e-mail.",
}


@bp.get("/<int:proposal_id>")
def show_edit(proposal_id: int) -> ResponseReturnValue:
    return _page(proposal_id)


@bp.post("/<int:proposal_id>/<action>")
def decide(proposal_id: int, action: str) -> ResponseReturnValue:
    """Take over the ticked fields, ask for changes, or reject."""
    if action not in _DONE:
        raise NotFound("There is no such action.")
    form, actor = request.form, merchant.actor()
    proposal = proposals.lock_proposal(g.session, g.shop.id, proposal_id)
    try:
        if action == "accept":
            proposals.accept(g.session, proposal, form.getlist("field"), form.get("seen", ""), actor=actor)
        else:
            version = form.get("version", 0, int)
            proposals.decline(g.session, proposal, action, form.get("reason", ""), version, actor=actor)
    except ValidationErrors as error:
        return _page(proposal_id, {action: error.message}), 422
    except Conflict as error:
        return web.refuse(_page(proposal_id), error)
    product, vendor, _ = proposal_queries.get_edit(g.session, g.shop.id, proposal_id)
    words = _DONE[action].format(title=product.title, vendor=vendor.name)
    return web.toast(_page(proposal_id), words)


def _page(proposal_id: int, errors: dict[str, str] | None = None) -> str:
    product, vendor, edit = proposal_queries.get_edit(g.session, g.shop.id, proposal_id)
    return render_template(
        "merchant/review/edit.html",
        detail=queries.get_detail(g.session, g.shop.id, product.id),
        product=product,
        vendor=vendor,
        edit=edit,
        proposal=edit.proposal,
        history=queries.list_history(g.session, product),
        errors=errors or {},
        reason=request.form.get("reason", ""),
        standing=review_list.find_standing(g.session, g.shop.id, f"/app/review/edits/{proposal_id}", read_wanted()),
        replies=replies.list_filled(g.session, g.shop.id, vendor=vendor.name, product=product.title, shop=g.shop.name),
    )
