"""The vendor's edit of a product that is on sale: what goes live at once, what is proposed, and what was answered."""

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.auth.portal import actor, protect
from app.errors import Conflict
from app.languages import _, ngettext
from app.models.products import Product, ProductStatus, Variant
from app.money import Money, read_amount
from app.products import forms, proposal_rules, proposals, queries, service
from app.products.descriptions import plain_text

bp = Blueprint("portal_edits", __name__, url_prefix="/portal/products")
protect(bp)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One variant as it was typed, with what is wrong in it by column."""

    variant: Variant
    price: str
    sku: str
    errors: dict[str, str]


@bp.get("/<int:product_id>/edit")
def show_edit(product_id: int) -> ResponseReturnValue:
    product = _lock(product_id)
    if product.status != ProductStatus.PUBLISHED:
        return redirect(f"/portal/products/{product_id}", 303)
    wanted = _proposed(product)
    category = wanted["category"] or {}
    values = {
        **{name: wanted[name] for name in ("title", "description", "seo_title", "seo_description")},
        "category_gid": category.get("gid") or "",
        "category_name": category.get("name") or "",
    }
    rows = [
        PriceRow(v, str(Money(wanted[f"price {v.id}"], v.currency).decimal), wanted[f"sku {v.id}"], {})
        for v in service.list_variants(g.session, product)
    ]
    return _page(product, forms.WordsForm(data=values), rows)


@bp.post("/<int:product_id>/edit")
def propose(product_id: int) -> ResponseReturnValue:
    """What the shop's rules let through goes live at once, the rest waits for its staff."""
    product, form = _lock(product_id), forms.WordsForm(request.form)
    rows, wanted = _read_rows(product)
    if form.validate() and not plain_text(form.description.data or ""):
        form.description.errors = [_("Describe the product: what it is, what it is made of, how big it is.")]
    if form.errors or any(row.errors for row in rows):
        return _page(product, form, rows), 422
    for name in ("title", "description", "seo_title", "seo_description"):
        wanted[name] = form[name].data or ""
    wanted["category"] = form.category
    try:
        outcome = proposals.propose(g.session, product, wanted, actor=actor())
    except Conflict as error:
        return _page(product, form, rows, refusal=error.message), 409
    flash(_say(outcome), "good")
    return redirect(f"/portal/products/{product_id}", 303)


@bp.post("/<int:product_id>/edit/withdraw")
def withdraw(product_id: int) -> ResponseReturnValue:
    product = _lock(product_id)
    if (proposal := proposals.find_open(g.session, product)) is not None:
        proposals.withdraw(g.session, proposal, actor=actor())
    flash(_("The edit is withdrawn. The product stays on sale as it is."), "good")
    return redirect(f"/portal/products/{product_id}", 303)


def _say(outcome: proposals.Outcome) -> str:
    if not outcome.at_once and not outcome.waiting:
        return _("Nothing is different from what is on sale.")
    parts = []
    if outcome.at_once:
        parts.append(
            ngettext(
                "%(num)s change on the way to the shop now.",
                "%(num)s changes on the way to the shop now.",
                outcome.at_once,
            )
        )
    if outcome.waiting:
        parts.append(
            ngettext(
                "%(num)s change waits for %(shop)s. The product stays on sale as it is until then.",
                "%(num)s changes wait for %(shop)s. The product stays on sale as it is until then.",
                outcome.waiting,
                shop=g.shop.name,
            )
        )
    return " ".join(parts)


def _read_rows(product: Product) -> tuple[list[PriceRow], proposal_rules.Snapshot]:
    rows: list[PriceRow] = []
    wanted: proposal_rules.Snapshot = {}
    for variant in service.list_variants(g.session, product):
        price = request.form.get(f"price_{variant.id}", "").strip()
        sku = request.form.get(f"sku_{variant.id}", "").strip()
        errors: dict[str, str] = {}
        try:
            amount = read_amount(price, variant.currency).minor if price else 0
            wanted[f"price {variant.id}"] = amount
            if amount <= 0:
                errors["price"] = _("Enter a price above zero.")
        except ValueError as error:
            errors["price"] = str(error)
        if len(sku) > forms.MAX_SKU:
            errors["sku"] = _("Up to %(max_sku)s characters.", max_sku=forms.MAX_SKU)
        wanted[f"sku {variant.id}"] = sku
        rows.append(PriceRow(variant, price, sku, errors))
    return rows, wanted


def _proposed(product: Product) -> proposal_rules.Snapshot:
    """What is on sale, with what the vendor wants instead of it."""
    live = proposals.content_of(product, service.list_variants(g.session, product))
    held = proposals.find_open(g.session, product)
    return live | ({f: change[1] for f, change in held.changes.items() if f in live} if held else {})


def _page(product: Product, form: forms.WordsForm, rows: list[PriceRow], *, refusal: str = "") -> str:
    return render_template(
        "portal/products/edit.html",
        product=product,
        form=form,
        rows=rows,
        refusal=refusal,
        proposal=proposals.find_open(g.session, product),
        settings=queries.get_review_rules(g.session, g.shop.id),
    )


def _lock(product_id: int) -> Product:
    return service.lock_product(g.session, g.shop.id, product_id, vendor_id=g.vendor.id)
