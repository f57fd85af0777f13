"""The merchant's list of all vendors' products."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.merchant import protect
from app.config import get_config
from app.products import queries, review_queue

bp = Blueprint("products", __name__, url_prefix="/app/products")
protect(bp)


@bp.get("")
def list_products() -> ResponseReturnValue:
    args = request.args
    number = max(1, args.get("page", 1, int))
    page = queries.list_products(
        g.session,
        g.shop.id,
        vendor_id=args.get("vendor", None, int),
        search=args.get("q", "").strip(),
        status=args.get("status", ""),
        sort=args.get("sort", "updated"),
        page=number,
    )
    admin = f"{get_config().shopify_admin_url}/store/{g.shop.domain.removesuffix('.myshopify.com')}"
    return render_template(
        "merchant/products/list.html",
        page=page,
        number=number,
        per_page=queries.PER_PAGE,
        waiting=review_queue.count_waiting(g.session, g.shop.id),
        admin=admin,
    )
