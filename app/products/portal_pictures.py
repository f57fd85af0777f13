"""The picture part of the vendor's product form, and the search for a category: what the page asks while it is open."""

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import db
from app.auth.portal import protect
from app.errors import ValidationErrors
from app.languages import _
from app.models.products import Product
from app.products import pictures, queries, service
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

bp = Blueprint("portal_pictures", __name__, url_prefix="/portal/products")
protect(bp)

_FOUND_AT_MOST = 12


@bp.get("/categories")
def search_categories() -> ResponseReturnValue:
    """Shopify's product categories for what was typed, as options to choose from."""
    search = " ".join(request.args.get("search", "").split())[:100]
    shop = _leave_transaction()
    found, failed = [], False
    if len(search) >= 2:
        try:
            asked = {"search": search, "first": _FOUND_AT_MOST}
            found = graphql(shop, "taxonomy", asked, patience_seconds=PAGE_SECONDS)["categories"]["nodes"]
        except ShopifyError:
            failed = True
    return render_template("portal/products/_categories.html", found=found, search=search, failed=failed)


@bp.post("/<int:product_id>/pictures/target")
def name_target(product_id: int) -> ResponseReturnValue:
    """Where the browser sends a picture: {url, method, fields, ticket}."""
    wanted = request.get_json()
    pictures.check_editable(_lock(product_id))
    shop = _leave_transaction()
    try:
        name, mime, size = str(wanted["name"]), str(wanted["type"]), int(wanted["size"])
    except (KeyError, TypeError, ValueError):
        raise ValidationErrors({"pictures": _("Choose a picture.")}) from None
    target = pictures.stage(shop, product_id, name, mime, size)
    return jsonify({"url": target.url, "method": target.method, "fields": target.fields, "ticket": target.ticket})


@bp.post("/<int:product_id>/pictures")
def add_picture(product_id: int) -> ResponseReturnValue:
    """Keep a picture: by the ticket of a finished upload, or, without scripts, as files of this form."""
    if ticket := request.form.get("ticket"):
        pictures.add(g.session, _lock(product_id), ticket)
        return _fragment(product_id)
    pictures.check_editable(_lock(product_id))
    shop = _leave_transaction()
    tickets = []
    for file in request.files.getlist("files"):
        content, mime, name = file.read(), file.mimetype, file.filename or "picture"
        if content:
            target = pictures.stage(shop, product_id, name, mime, len(content))
            pictures.upload(target, name, mime, content)
            tickets.append(target.ticket)
    product = _lock(product_id)
    for ticket in tickets:
        pictures.add(g.session, product, ticket)
    flash(_("Added.") if tickets else _("Choose a picture first."), "good" if tickets else "warn")
    return redirect(f"/portal/products/{product_id}#pictures", 303)


@bp.get("/<int:product_id>/pictures")
def show_pictures(product_id: int) -> ResponseReturnValue:
    """The pictures as they are now; the page asks while one is being prepared."""
    return _fragment(product_id)


@bp.post("/<int:product_id>/pictures/<int:image_id>/<action>")
def change_picture(product_id: int, image_id: int, action: str) -> ResponseReturnValue:
    """Move a picture to the front (`earlier`) or back (`later`), or take it away (`remove`)."""
    product = _lock(product_id)
    if action == "remove":
        pictures.remove(g.session, product, image_id)
    else:
        pictures.shift(g.session, product, image_id, -1 if action == "earlier" else 1)
    if request.headers.get("HX-Request"):
        return _fragment(product_id)
    return redirect(f"/portal/products/{product_id}#pictures", 303)


def _lock(product_id: int) -> Product:
    return service.lock_product(g.session, g.shop.id, product_id, vendor_id=g.vendor.id)


def _leave_transaction() -> ShopCredentials:
    """End the door's reading transaction, so that nothing is held while Shopify answers."""
    shop = ShopCredentials(g.shop.id, g.shop.domain)
    db.commit(g.session)
    return shop


def _fragment(product_id: int) -> str:
    detail = queries.get_detail(g.session, g.shop.id, product_id, vendor_id=g.vendor.id)
    return render_template("portal/products/_pictures.html", product=detail.product, images=detail.images)
