"""The review queue: what vendors sent, and the merchant's decision on it."""

from typing import Final

from flask import Blueprint, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.errors import Conflict, NotFound, ValidationErrors
from app.products import queries, service

bp = Blueprint("review", __name__, url_prefix="/app/review")
protect(bp)

_DONE: Final = {
    "approve": "“{title}” is approved and goes on sale now.",
    "ask_for_changes": "{vendor} is asked to change “{title}”.",
    "reject": "“{title}” is rejected; {vendor} gets your reason by e-mail.",
}


@bp.get("")
def show_queue() -> ResponseReturnValue:
    return _queue_page()


@bp.post("/approve")
def approve_many() -> ResponseReturnValue:
    """Approve every product that was ticked; what was decided meanwhile is left as it is."""
    ids = sorted(set(request.form.getlist("product", type=int)))
    approved, left = 0, ""
    for product_id in ids:
        try:
            service.approve(g.session, service.lock_product(g.session, g.shop.id, product_id), actor=f"staff:{g.staff}")
            approved += 1
        except (Conflict, NotFound) as error:
            left = f" {error.message}"
    words = f"{approved} {'product is' if approved == 1 else 'products are'} approved and going on sale.{left}"
    answer = make_response(_queue_page())
    return web.toast(answer, words if ids else "Tick the products that you want to approve.", is_error=bool(left))


@bp.get("/<int:product_id>")
def show_product(product_id: int) -> ResponseReturnValue:
    return _product_page(product_id)


@bp.post("/<int:product_id>/<action>")
def decide(product_id: int, action: str) -> ResponseReturnValue:
    """Approve, ask for changes, or reject. The page then shows the decision and the way to the next product."""
    if action not in _DONE:
        raise NotFound("There is no such action.")
    product = service.lock_product(g.session, g.shop.id, product_id)
    actor = f"staff:{g.staff}"
    try:
        if action == "approve":
            service.approve(g.session, product, actor=actor)
        else:
            service.decline(g.session, product, action, request.form.get("reason", ""), actor=actor)
    except ValidationErrors as error:
        return _product_page(product_id, errors={action: error.errors["reason"]}), 422
    except Conflict as error:
        return web.toast(make_response(_product_page(product_id), 409), error.message, is_error=True)
    detail = queries.get_detail(g.session, g.shop.id, product_id)
    words = _DONE[action].format(title=product.title, vendor=detail.vendor.name)
    return web.toast(make_response(_product_page(product_id)), words)


def _queue_page() -> str:
    rows = queries.list_queue(g.session, g.shop.id, vendor_id=request.args.get("vendor", None, int))
    return render_template("merchant/review/queue.html", rows=rows)


def _product_page(product_id: int, errors: dict[str, str] | None = None) -> str:
    detail = queries.get_detail(g.session, g.shop.id, product_id)
    ids = [row.product.id for row in queries.list_queue(g.session, g.shop.id)]
    place = ids.index(product_id) if product_id in ids else None
    others = [i for i in ids if i != product_id]
    return render_template(
        "merchant/review/product.html",
        detail=detail,
        history=queries.list_history(g.session, detail.product),
        errors=errors or {},
        reason=request.form.get("reason", ""),
        place=place,
        total=len(ids),
        previous_id=ids[place - 1] if place else None,
        next_id=ids[place + 1]
        if place is not None and place + 1 < len(ids)
        else (others[0] if place is None and others else None),
    )
