"""The merchant's list of all vendors' products."""

from itertools import islice
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.config import get_config
from app.products import listing, review_queue

bp = Blueprint("products", __name__, url_prefix="/app/products")
protect(bp)

_AT_MOST: Final = 20_000
_COLUMNS: Final = (
    "product",
    "vendor",
    "status",
    "price_from",
    "price_to",
    "currency",
    "stock",
    "variants",
    "updated_at",
)


@bp.get("")
def list_products() -> ResponseReturnValue:
    args, wanted = request.args, _read_wanted()
    page = listing.list_products(
        g.session, g.shop.id, wanted, after=args.get("after", ""), before=args.get("before", "")
    )
    admin = f"{get_config().shopify_admin_url}/store/{g.shop.domain.removesuffix('.myshopify.com')}"
    return render_template(
        "merchant/products/list.html",
        page=page,
        total=listing.count_products(g.session, g.shop.id, wanted),
        waiting=review_queue.count_waiting(g.session, g.shop.id),
        admin=admin,
    )


@bp.get("/export.csv")
def export_products() -> ResponseReturnValue:
    """What the list shows, one line per product."""
    rows = islice(listing.walk(g.session, g.shop.id, _read_wanted()), _AT_MOST)
    return web.download_sheet("products.csv", _COLUMNS, (_cells(row) for row in rows))


def _cells(row: listing.Row) -> list[object]:
    product, prices = row.product, (row.price_from, row.price_to)
    amounts = [str(price.decimal) if price else "" for price in prices]
    currency = row.price_from.currency if row.price_from else ""
    what = [product.title, row.vendor.name, product.status.value]
    return [*what, *amounts, currency, row.stock, row.variants, product.updated_at]


def _read_wanted() -> listing.Wanted:
    args = request.args
    return listing.Wanted(
        vendor_id=args.get("vendor", None, int),
        search=args.get("q", "").strip(),
        status=args.get("status", ""),
        sort=args.get("sort", "updated"),
    )
