"""The picture part of the vendor's product form: what the page asks while it is open."""

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import protect
from app.errors import ValidationErrors
from app.languages import _
from app.models.products import ProductStatus
from app.products import fetching, pictures, queries, rules, service
from app.products.portal import lock_own

bp = Blueprint("portal_pictures", __name__, url_prefix="/portal/products")
protect(bp)


@bp.post("/<int:product_id>/pictures/target")
def name_target(product_id: int) -> ResponseReturnValue:
    """Where the browser sends a picture: {url, method, fields, ticket}."""
    wanted = request.get_json()
    pictures.check_takes_pictures(lock_own(product_id))
    shop = web.leave_transaction()
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
        pictures.add(g.session, lock_own(product_id), ticket)
        return _fragment(product_id)
    pictures.check_takes_pictures(lock_own(product_id))
    shop = web.leave_transaction()
    tickets = []
    for file in request.files.getlist("files"):
        content, mime, name = file.read(), file.mimetype, file.filename or "picture"
        if content:
            target = pictures.stage(shop, product_id, name, mime, len(content))
            pictures.upload(target, name, mime, content)
            tickets.append(target.ticket)
    product = lock_own(product_id)
    for ticket in tickets:
        pictures.add(g.session, product, ticket)
    page = f"/portal/products/{product_id}{'' if product.status in rules.EDITABLE else '/edit'}"
    flash(_("Added.") if tickets else _("Choose a picture first."), "good" if tickets else "warn")
    return redirect(f"{page}#pictures", 303)


@bp.get("/<int:product_id>/pictures")
def show_pictures(product_id: int) -> ResponseReturnValue:
    """The pictures as they are now; the page asks while one is being prepared."""
    return _fragment(product_id)


@bp.post("/<int:product_id>/pictures/<int:image_id>/remove")
def remove_picture(product_id: int, image_id: int) -> ResponseReturnValue:
    pictures.remove(g.session, lock_own(product_id), image_id)
    if request.headers.get("HX-Request"):
        return _fragment(product_id)
    return redirect(f"/portal/products/{product_id}#pictures", 303)


@bp.post("/<int:product_id>/pictures/<int:image_id>/again")
def fetch_again(product_id: int, image_id: int) -> ResponseReturnValue:
    """One that could not be had from the address in the vendor's file."""
    product = lock_own(product_id)
    fetching.try_again(g.session, product, image_id)
    if request.headers.get("HX-Request"):
        return _fragment(product_id)
    page = f"/portal/products/{product_id}{'' if product.status in rules.EDITABLE else '/edit'}"
    return redirect(f"{page}#pictures", 303)


def _fragment(product_id: int) -> str:
    detail = queries.get_detail(g.session, g.shop.id, product_id, vendor_id=g.vendor.id)
    if detail.product.status == ProductStatus.PUBLISHED:
        images = [*detail.images, *service.list_images(g.session, detail.product, live=False)]
        page = "portal/products/_edit_pictures.html"
    else:
        images, page = list(detail.images), "portal/products/_pictures.html"
    # What is being put in order on the page stays so.
    last = len(images)
    images.sort(key=lambda image: request.values.get(f"place_{image.id}", last, int))
    return render_template(page, product=detail.product, images=images)
