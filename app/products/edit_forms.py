"""The rows of an edit of a product on sale: prices and SKUs of its variants, variants that go, and new ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.errors import ValidationErrors
from app.languages import _
from app.models.products import Product, ProductImage, Variant
from app.money import Money
from app.products import option_rules, rules
from app.products.forms import MAX_SKU, read_price, read_stock, wrong_stock
from app.products.proposal_rules import Snapshot
from app.typed import tidy, too_long

NEW_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One variant as it was typed, with what is wrong in it by column; `gone` when it is to be removed."""

    variant: Variant
    price: str
    sku: str
    errors: dict[str, str] = field(default_factory=dict)
    gone: bool = False
    picture: str | None = None
    """The number of the picture that shows it, or nothing; None: the form did not ask."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A variant to be added as it was typed, with what is wrong in it by column."""

    values: tuple[str, ...]
    price: str = ""
    sku: str = ""
    stock: str = ""
    picture: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (any(self.values) or self.price or self.sku or self.stock)


def rows_of(variants: Sequence[Variant], wanted: Snapshot, images: Sequence[ProductImage] = ()) -> list[PriceRow]:
    """The rows as an edit, or what is on sale, has them."""
    kept = [each["values"] for each in wanted["variants"]]
    return [
        PriceRow(
            variant,
            str(Money(wanted[f"price {variant.id}"], variant.currency).decimal),
            wanted[f"sku {variant.id}"],
            gone=variant.option_values not in kept,
            picture=_number_of(wanted.get(f"picture {variant.id}"), images),
        )
        for variant in variants
    ]


def new_rows_of(
    product: Product, variants: Sequence[Variant], wanted: Snapshot, images: Sequence[ProductImage] = ()
) -> list[NewRow]:
    """The variants that an edit adds, in the names that it gives, and an empty row for one more."""
    live = option_rules.on_sale(product.options, [variant.option_values for variant in variants])
    options = wanted.get("options", live) if option_rules.fits(live, wanted.get("options", live)) else live
    held = [variant.option_values for variant in variants]
    added = [
        NewRow(
            _in_columns(each["values"], live, options),
            str(Money(each["price"], variants[0].currency).decimal),
            each["sku"],
            str(each["stock"]),
            _number_of(each.get("picture"), images),
        )
        for each in wanted["variants"]
        if "price" in each and each["values"] not in held
    ]
    return with_empty(product, added)


def _in_columns(values: Sequence[str], live: option_rules.Options, wanted: option_rules.Options) -> tuple[str, ...]:
    """One value for each option on sale, whose number the shop's staff may have changed since it was typed."""
    fitted = [*values, *[""] * len(live)][: len(live)]
    return tuple(option_rules.rename(fitted, live, wanted))


def with_empty(product: Product, rows: Sequence[NewRow]) -> list[NewRow]:
    """Rows to type into; none for a product that does not come in variants."""
    if not product.options:
        return []
    empty = NewRow(("",) * len(product.options))
    return [*rows, *[empty] * (min(NEW_AT_ONCE, len(rows) + 2) - len(rows))]


def read_rows(form: Mapping[str, str], variants: Sequence[Variant]) -> tuple[list[PriceRow], Snapshot]:
    """The rows as typed, and, where nothing is wrong in them, what they want."""
    rows: list[PriceRow] = []
    wanted: Snapshot = {}
    for variant in variants:
        price, sku = (form.get(f"{column}_{variant.id}", "").strip() for column in ("price", "sku"))
        errors, amount = _check(price, sku, variant.currency, form.get("currency"))
        wanted[f"price {variant.id}"], wanted[f"sku {variant.id}"] = amount, sku
        picture = form.get(f"picture_{variant.id}")
        rows.append(PriceRow(variant, price, sku, errors, f"gone_{variant.id}" in form, picture))
    return rows, wanted


def read_new_rows(
    form: Mapping[str, str],
    product: Product,
    variants: Sequence[Variant],
    old_names: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[list[NewRow], list[dict[str, Any]]]:
    """The new variants as typed, and, where nothing is wrong in them, as a snapshot has them.

    `old_names`: what the same form renames, as app/products/option_forms.py has it; a snapshot speaks the old names.
    """
    renamed = [(old_names or {}).get(option["name"], {}) for option in product.options]
    seen = {tuple(value.casefold() for value in variant.option_values) for variant in variants}
    rows: list[NewRow] = []
    wanted: list[dict[str, Any]] = []
    for n in range(NEW_AT_ONCE):
        values = tuple(tidy(form.get(f"new_{n}_value_{k}"))[:255] for k in range(len(product.options)))
        cells = (form.get(f"new_{n}_{column}", "").strip() for column in ("price", "sku", "stock", "picture"))
        price, sku, stock, picture = cells
        row = NewRow(values, price, sku, stock, picture)
        if row.is_empty:
            continue
        named = [old.get(value.casefold(), value) for old, value in zip(renamed, values, strict=True)]
        errors, amount = _check(price, sku, variants[0].currency, form.get("currency"))
        count = read_stock(stock)
        if count is None:
            errors["stock"] = wrong_stock()
        if not all(values):
            errors["values"] = _("Fill in each option.")
        elif any(_is_taken(value, old) for old, value in zip(renamed, values, strict=True)):
            errors["values"] = _("Another one is called that now. Choose another name.")
        elif (folded := tuple(value.casefold() for value in named)) in seen:
            errors["values"] = _("There is such a variant already.")
        else:
            seen.add(folded)
        rows.append(replace(row, errors=errors))
        wanted.append({"values": named, "price": amount, "sku": sku, "stock": count or 0})
    return rows, wanted


def _is_taken(value: str, old_names: Mapping[str, str]) -> bool:
    """Whether a value is called so on sale, and otherwise by the same form."""
    folded = value.casefold()
    return folded not in old_names and folded in (was.casefold() for was in old_names.values())


def join_variants(rows: Sequence[PriceRow], added: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The variants that stay and those that are new. Raises ValidationErrors when they are none, or too many."""
    wanted = [{"values": row.variant.option_values} for row in rows if not row.gone] + list(added)
    if not wanted:
        raise ValidationErrors({"variants": _("Keep at least one variant, or take the product off sale.")})
    if len(wanted) > rules.MAX_VARIANTS:
        words = _(
            "A product can have up to %(most)s variants; these are %(count)s.",
            most=rules.MAX_VARIANTS,
            count=len(wanted),
        )
        raise ValidationErrors({"variants": words})
    return wanted


def choose_pictures(
    wanted: Snapshot,
    rows: Sequence[PriceRow],
    new: Sequence[NewRow],
    added: Sequence[dict[str, Any]],
    images: Sequence[ProductImage],
) -> None:
    """Put into an edit which of its pictures shows each variant; one that it takes away shows none any more.

    `new` and `added` are the new variants as typed and as the edit has them.
    """
    kept = {picture["gid"]: picture for picture in wanted["pictures"]}
    by_number = {str(image.id): kept.get(image.shopify_gid) for image in images}
    for row in rows:
        if row.picture is not None and not row.gone:
            wanted[f"picture {row.variant.id}"] = by_number.get(row.picture)
    for typed, each in zip(new, added, strict=True):
        if picture := by_number.get(typed.picture):
            each["picture"] = picture


def _number_of(picture: Mapping[str, Any] | None, images: Sequence[ProductImage]) -> str:
    """Our number of a snapshot's picture."""
    return next((str(image.id) for image in images if picture and image.shopify_gid == picture["gid"]), "")


def _check(price: str, sku: str, currency: str, typed_in: str | None) -> tuple[dict[str, str], int]:
    errors: dict[str, str] = {}
    amount = 0
    try:
        amount = read_price(price, currency, typed_in)
        if amount <= 0:
            errors["price"] = _("Enter a price above zero.")
    except ValueError as error:
        errors["price"] = str(error)
    if len(sku) > MAX_SKU:
        errors["sku"] = too_long(MAX_SKU)
    return errors, amount
