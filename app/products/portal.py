"""The vendor's product pages: the list, the form, sending for review, taking back, stock."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth.portal import actor, protect
from app.errors import AppError, Conflict, ValidationErrors
from app.languages import _, lazy, ngettext
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import VendorStatus
from app.outcomes import Outcome
from app.products import (
    attributes,
    bulk,
    copying,
    exports,
    forms,
    listing,
    pictures,
    places,
    proposal_queries,
    queries,
    review_list,
    rules,
    service,
)
from app.shops.queries import get_settings
from app.vendors import holidays

bp = Blueprint("portal_products", __name__, url_prefix="/portal/products")
protect(bp)

_DONE: Final = {
    "withdraw": lazy("“{title}” is a draft again. Customers do not see it until it is approved again."),
    "archive": lazy("“{title}” is archived. You find it under the status Archived."),
    "restore": lazy("“{title}” is a draft again."),
}
_STOCK: Final = re.compile(r"stock_\d{1,18}(_\d{1,18})?")


@bp.get("")
def list_products() -> ResponseReturnValue:
    return _list_page()


def _list_page(
    results: Sequence[Outcome] = (), *, wrong: str = "", ticked: Sequence[int] = (), on_sale: int = 0
) -> str:
    args = request.args
    wanted = listing.Wanted(
        vendor_id=g.vendor.id,
        search=web.read_search(),
        status=args.get("status", ""),
        sort=args.get("sort", "updated"),
    )
    page = listing.list_products(g.session, g.shop.id, wanted, web.read_place())
    counts = queries.count_by_status(g.session, g.shop.id, g.vendor.id)
    return render_template(
        "portal/products/list.html",
        products=page,
        counts=counts,
        hidden_until=g.vendor.away_until if holidays.is_hidden_now(g.vendor, clock.now()) else None,
        stocked_at=_places(),
        elsewhere=places.list_by_product(g.session, [row.product.id for row in page.rows]),
        results=results,
        wrong=wrong,
        ticked=ticked,
        on_sale=on_sale,
    )


@bp.post("")
def change_many() -> ResponseReturnValue:
    """One wish for all ticked products; the page says of each what became of it. It asks before any goes off sale."""
    ids = request.form.getlist("product", type=int)
    try:
        wish = bulk.read_wish(request.form, ids)
    except ValidationErrors as error:
        return _list_page(wrong=error.message, ticked=ids), 422
    if wish.action in bulk.TAKES_OFF_SALE and "sure" not in request.form:
        on_sale = bulk.count_on_sale(g.session, g.vendor.id, ids)
        if on_sale:
            return _list_page(ticked=ids, on_sale=on_sale)
    return _list_page(bulk.apply(g.session, g.shop.id, g.vendor.id, ids, wish, actor=actor()))


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the list shows, one line per variant."""
    lines = exports.write_csv(
        g.session,
        g.shop.id,
        g.vendor.id,
        search=web.read_search(),
        status=request.args.get("status", ""),
    )
    return web.download_lines("products.csv", lines)


@bp.get("/new")
def new_product() -> ResponseReturnValue:
    return render_template("portal/products/new.html", form=forms.TitleForm())


@bp.post("/new")
def create_product() -> ResponseReturnValue:
    form = forms.TitleForm(request.form)
    if not form.validate():
        return render_template("portal/products/new.html", form=form), 422
    product = service.create_draft(g.session, g.shop, g.vendor, form.title.data or "", actor=actor())
    return redirect(f"/portal/products/{product.id}", 303)


@bp.get("/<int:product_id>")
def show_product(product_id: int) -> ResponseReturnValue:
    detail = _get(product_id)
    if detail.product.status in rules.EDITABLE:
        levels = places.list_levels(g.session, detail.variants)
        rows = forms.rows_of(detail.variants, levels, g.shop.currency)
        return _form_page(detail, forms.form_of(detail.product), rows)
    return _show_page(detail)


@bp.post("/<int:product_id>")
def save_product(product_id: int) -> ResponseReturnValue:
    """Save the draft; with `do=submit` send it for review, with `do=variants` only show the grid for the options."""
    product = lock_own(product_id)
    if request.form.get("do") == "autosave" and request.form.get("version") != _version(product):
        raise Conflict(_("This draft was changed in another window. Load the page again to see it."))
    form = forms.ProductForm(request.form)
    rows = _read_rows(form) if not rules.check_options(form.options) else []
    if request.form.get("do") == "variants":
        return _form_page(_get(product_id), form, rows)
    errors = {} if form.validate() else {field.name: str(field.errors[0]) for field in form if field.errors}
    errors |= rules.check_options(form.options)
    rows, contents = forms.check_rows(rows, g.shop.currency, request.form.get("currency"))
    if errors or any(row.errors for row in rows):
        if request.form.get("do") == "autosave":
            raise ValidationErrors(errors or {"variants": _("Look at the prices, stock and SKUs.")})
        return _form_page(_get(product_id), form, rows, errors), 422
    service.save_draft(g.session, g.shop, product, form.content, contents)
    _save_pictures(product)
    if request.form.get("do") == "autosave":
        return jsonify(version=_version(product), saved_at=product.updated_at.isoformat())
    if request.form.get("do") != "submit":
        flash(_("Saved. Customers do not see it yet."), "good")
        return redirect(f"/portal/products/{product_id}", 303)
    return _submit(product, form, rows)


@bp.post("/<int:product_id>/variants")
def show_variants(product_id: int) -> ResponseReturnValue:
    """The grid that belongs to the options as typed, for the page to swap in."""
    form = forms.ProductForm(request.form)
    errors = rules.check_options(form.options)
    rows = [] if errors else _read_rows(form)
    detail = _get(product_id)
    return render_template(
        "portal/products/_variants.html",
        product=detail.product,
        images=detail.images,
        form=form,
        rows=rows,
        errors=errors,
        stocked_at=_places(),
    )


@bp.post("/<int:product_id>/duplicate")
def duplicate_product(product_id: int) -> ResponseReturnValue:
    product = lock_own(product_id)
    draft = copying.duplicate(g.session, product, actor=actor())
    flash(
        _("This is a copy of “%(title)s”, without its stock and SKUs. Customers do not see it.", title=product.title),
        "good",
    )
    return redirect(f"/portal/products/{draft.id}", 303)


@bp.post("/<int:product_id>/<action>")
def move_product(product_id: int, action: str) -> ResponseReturnValue:
    """Withdraw, archive or restore."""
    if action not in _DONE:
        raise AppError(_("There is no such action."))
    product = lock_own(product_id)
    if action == "restore":
        service.move(g.session, product, action, actor=actor())
    else:
        service.take_back(g.session, product, action, actor=actor())
    flash(_DONE[action].format(title=product.title), "good")
    return redirect("/portal/products" if action == "archive" else f"/portal/products/{product_id}", 303)


@bp.post("/<int:product_id>/stock")
def save_stock(product_id: int) -> ResponseReturnValue:
    """New counts, by variant id; customers see them at once."""
    product = lock_own(product_id)
    typed = {key: value.strip() for key, value in request.form.items() if _STOCK.fullmatch(key)}
    counts = {key: forms.read_stock(text) for key, text in typed.items()}
    if wrong := [key for key, count in counts.items() if count is None]:
        return _show_page(_get(product_id), typed, wrong=wrong), 422
    first: dict[int, int] = {}
    elsewhere: dict[tuple[int, int], int] = {}
    for key, count in counts.items():
        variant_id, _sep, location_id = key.removeprefix("stock_").partition("_")
        if location_id:
            elsewhere[int(variant_id), int(location_id)] = count or 0
        else:
            first[int(variant_id)] = count or 0
    changed = service.set_stock(g.session, product, first, actor=actor(), elsewhere=elsewhere)
    flash(_("The new stock is on its way to the shop.") if changed else _("Nothing was different."), "good")
    return redirect(f"/portal/products/{product_id}", 303)


def lock_own(product_id: int) -> Product:
    """The vendor's product, locked until the transaction ends. Raises NotFound for anybody else's."""
    return service.lock_product(g.session, g.shop.id, product_id, vendor_id=g.vendor.id)


def _submit(product: Product, form: forms.ProductForm, rows: list[forms.VariantRow]) -> ResponseReturnValue:
    try:
        # What was typed is saved whatever is still missing for the review.
        service.submit(g.session, product, actor=actor())
    except ValidationErrors as error:
        return _form_page(_get(product.id), form, rows, error.errors, saved=True)
    promised = get_settings(g.session, g.shop.id).review_days
    words = [_("Sent. You get an e-mail as soon as there is a decision.")]
    if promised:
        words.append(
            ngettext(
                "%(shop)s answers within %(num)s day.",
                "%(shop)s answers within %(num)s days.",
                promised,
                shop=g.shop.name,
            )
        )
    flash(" ".join(words), "good")
    return redirect(f"/portal/products/{product.id}", 303)


def _version(product: Product) -> str:
    """What a form was filled from; the page carries the same words."""
    return str(product.updated_at.timestamp())


def _save_pictures(product: Product) -> None:
    """What the pictures show, and their order."""
    images = service.list_images(g.session, product)
    places = {image.id: request.form.get(f"place_{image.id}", None, int) for image in images}
    pictures.arrange(g.session, product, {key: place for key, place in places.items() if place})
    for image in images:
        alt = request.form.get(f"alt_{image.id}")
        if alt is not None:
            image.alt = " ".join(alt.split())[:512]


def _form_page(
    detail: queries.Detail,
    form: forms.ProductForm,
    rows: list[forms.VariantRow],
    errors: dict[str, str] | None = None,
    *,
    saved: bool = False,
) -> str:
    for name, words in (errors or {}).items():
        if name in form and not form[name].errors:
            form[name].errors = [words]
    return render_template(
        "portal/products/form.html",
        detail=detail,
        product=detail.product,
        images=detail.images,
        form=form,
        rows=rows,
        errors=errors or {},
        saved=saved,
        paused=g.vendor.status != VendorStatus.APPROVED,
        stocked_at=_places(),
    )


def _show_page(detail: queries.Detail, typed: Mapping[str, str] | None = None, wrong: Collection[str] = ()) -> str:
    """A product that is out of the vendor's hands; `typed` is the stock form as it came, `wrong` its bad fields."""
    levels = places.list_levels(g.session, detail.variants)
    return render_template(
        "portal/products/show.html",
        detail=detail,
        edits=proposal_queries.list_edits(g.session, detail.product),
        due=review_list.due_at(detail.product.submitted_at, get_settings(g.session, g.shop.id).review_days),
        may_withdraw=detail.product.status in rules.MOVES["withdraw"],
        typed=typed or {},
        wrong=wrong,
        answers=attributes.facts(detail.product.attributes),
        wrong_words=forms.wrong_stock(),
        stocked_at=_places(),
        levels=levels,
        at_first={variant.id: places.at_first(variant, levels[variant.id]) for variant in detail.variants},
    )


def _places() -> places.Places:
    return places.get_places(g.session, g.session.get_one(Shop, g.shop.id))


def _read_rows(form: forms.ProductForm) -> list[forms.VariantRow]:
    return forms.read_rows(request.form, form.options, _places().others)


def _get(product_id: int) -> queries.Detail:
    return queries.get_detail(g.session, g.shop.id, product_id, vendor_id=g.vendor.id)
