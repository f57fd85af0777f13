"""The vendor's edit of a product that is on sale: what goes live at once, what is proposed, and what was answered."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import actor, protect
from app.errors import Conflict, ValidationErrors
from app.languages import _, ngettext
from app.models.products import Product, ProductImage, ProductStatus
from app.products import (
    attributes,
    edit_forms,
    forms,
    option_forms,
    option_rules,
    pictures,
    proposal_rules,
    proposals,
    service,
)
from app.products.descriptions import plain_text
from app.products.portal import lock_own
from app.shops.queries import get_settings
from app.typed import tidy

bp = Blueprint("portal_edits", __name__, url_prefix="/portal/products")
protect(bp)


@bp.get("/<int:product_id>/edit")
def show_edit(product_id: int) -> ResponseReturnValue:
    product = lock_own(product_id)
    if product.status != ProductStatus.PUBLISHED:
        return redirect(f"/portal/products/{product_id}", 303)
    wanted = _proposed(product)
    category = wanted["category"] or {}
    values = {
        **{name: wanted[name] for name in ("title", "description", "seo_title", "seo_description")},
        "category_gid": category.get("gid") or "",
        "category_name": category.get("name") or "",
        "attributes": attributes.write(wanted["attributes"]),
    }
    variants = service.list_variants(g.session, product)
    images = _images(product)
    rows = edit_forms.rows_of(variants, wanted, images)
    new = edit_forms.new_rows_of(product, variants, wanted, images)
    return _page(product, forms.WordsForm(data=values), rows, new)


@bp.post("/<int:product_id>/edit")
def propose(product_id: int) -> ResponseReturnValue:
    """What the shop's rules let through goes live at once, the rest waits for its staff."""
    product, form = lock_own(product_id), forms.WordsForm(request.form)
    variants = service.list_variants(g.session, product)
    rows, wanted = edit_forms.read_rows(request.form, variants)
    options = option_forms.read_rows(request.form)
    new, added = edit_forms.read_new_rows(request.form, product, variants, option_forms.old_names(options))
    if form.validate() and not plain_text(form.description.data or ""):
        form.description.errors = [_("Describe the product: what it is, what it is made of, how big it is.")]
    if (
        form.errors
        or any(row.errors for row in rows)
        or any(row.errors for row in new)
        or any(row.has_errors for row in options)
    ):
        return _page(product, form, rows, new), 422
    for name in ("title", "description", "seo_title", "seo_description"):
        wanted[name] = form[name].data or ""
    wanted["category"], wanted["attributes"] = form.category, form.answers
    try:
        wanted["pictures"] = _read_pictures(product)
        edit_forms.choose_pictures(wanted, rows, new, added, _images(product))
        if options:
            wanted["options"] = option_forms.join(options, proposals.live_content(g.session, product)["options"])
        wanted["variants"] = edit_forms.join_variants(rows, added)
    except ValidationErrors as error:
        return _page(product, form, rows, new, refusal=error.message), 422
    try:
        proposed = proposals.propose(g.session, product, wanted, actor=actor())
    except Conflict as error:
        return _page(product, form, rows, new, refusal=error.message), 409
    flash(_say(proposed), "good")
    return redirect(f"/portal/products/{product_id}", 303)


@bp.post("/<int:product_id>/edit/withdraw")
def withdraw(product_id: int) -> ResponseReturnValue:
    product = lock_own(product_id)
    if (proposal := proposals.find_open(g.session, product)) is not None:
        proposals.withdraw(g.session, proposal, actor=actor())
    flash(_("The edit is withdrawn. The product stays on sale as it is."), "good")
    return redirect(f"/portal/products/{product_id}", 303)


def _say(proposed: proposals.Proposed) -> str:
    if not proposed.at_once and not proposed.waiting:
        return _("Nothing is different from what is on sale.")
    parts = []
    if proposed.at_once:
        parts.append(
            ngettext(
                "%(num)s change on the way to the shop now.",
                "%(num)s changes on the way to the shop now.",
                proposed.at_once,
            )
        )
    if proposed.waiting:
        parts.append(
            ngettext(
                "%(num)s change waits for %(shop)s. The product stays on sale as it is until then.",
                "%(num)s changes wait for %(shop)s. The product stays on sale as it is until then.",
                proposed.waiting,
                shop=g.shop.name,
            )
        )
    return " ".join(parts)


def _proposed(product: Product) -> proposal_rules.Snapshot:
    """What is on sale, with what the vendor wants instead of it."""
    live = proposals.live_content(g.session, product)
    held = proposals.find_open(g.session, product)
    return live | ({f: change[1] for f, change in held.changes.items() if f in live} if held else {})


def _read_pictures(product: Product) -> list[dict[str, Any]]:
    """The pictures as the form wants them. A form without any, of a page from before, leaves them as they are."""
    images = _images(product)
    if not any(f"alt_{image.id}" in request.form for image in images):
        wanted: list[dict[str, Any]] = _proposed(product)["pictures"]
        return wanted
    return [
        {**proposals.picture_of(image), "alt": tidy(request.form.get(f"alt_{image.id}"))[:512]}
        for image in pictures.read_order(request.form, images)
    ]


def _options(product: Product) -> list[option_forms.OptionRow]:
    """The options as they were typed, else as they are proposed; as they are on sale where an edit fits no more."""
    if typed := option_forms.read_rows(request.form):
        return typed
    live, wanted = proposals.live_content(g.session, product)["options"], _proposed(product)["options"]
    return option_forms.rows_of(live, wanted if option_rules.fits(live, wanted) else live)


def _images(product: Product) -> list[ProductImage]:
    """A product's pictures and those an edit would add, in the order that is proposed; then the rest."""
    rows = [*service.list_images(g.session, product), *service.list_images(g.session, product, live=False)]
    places = {picture["gid"]: place for place, picture in enumerate(_proposed(product)["pictures"])}
    return sorted(rows, key=lambda row: places.get(row.shopify_gid, len(places)))


def _page(
    product: Product,
    form: forms.WordsForm,
    rows: list[edit_forms.PriceRow],
    new: list[edit_forms.NewRow],
    *,
    refusal: str = "",
) -> str:
    return render_template(
        "portal/products/edit.html",
        product=product,
        form=form,
        rows=rows,
        new=edit_forms.with_empty(product, [row for row in new if not row.is_empty]),
        images=_images(product),
        proposed={picture["gid"]: picture for picture in _proposed(product)["pictures"]},
        options=_options(product),
        refusal=refusal,
        proposal=proposals.find_open(g.session, product),
        settings=get_settings(g.session, g.shop.id),
    )
