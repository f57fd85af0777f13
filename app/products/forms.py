"""The vendor's product form: what is typed, and what is said beside a field that needs another look."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.languages import _, lazy
from app.models.products import Product, StockLevel, Variant
from app.money import read_amount
from app.products import attributes as attributes_of
from app.products import places, rules
from app.products.descriptions import clean_description
from app.products.service import Content, VariantContent
from app.typed import SpokenForm, at_most, read_number, tidy, too_long

MAX_STOCK: Final = 1_000_000
MAX_SKU: Final = 64


class TitleForm(SpokenForm):
    """The first step: a product begins with its title."""

    title = StringField(
        lazy("What are you selling?"),
        filters=[tidy],
        validators=[InputRequired(lazy("Give the product a title.")), at_most(255)],
        description=lazy("The title customers see, for example “Stoneware mug, speckled”."),
    )


class WordsForm(TitleForm):
    """What may also change while the product is on sale, but for prices and SKUs, which are read apart."""

    description = TextAreaField(
        lazy("Description"),
        filters=[lambda value: clean_description(value or "")],
        validators=[Length(max=60_000, message=lazy("This is too long. Up to 60,000 characters."))],
        description=lazy("What it is, what it is made of, how big it is, how to care for it."),
    )
    category_gid = HiddenField()
    category_name = HiddenField()
    attributes = HiddenField()
    seo_title = StringField(
        lazy("Title in search engines"),
        filters=[tidy],
        validators=[Length(max=70, message=lazy("Up to 70 characters, or search engines cut it."))],
        description=lazy("Leave it empty to use the product's title."),
    )
    seo_description = TextAreaField(
        lazy("Description in search engines"),
        filters=[tidy],
        validators=[Length(max=160, message=lazy("Up to 160 characters, or search engines cut it."))],
    )

    @property
    def category(self) -> dict[str, str | None] | None:
        """{"gid", "name"} of Shopify's category, if one was chosen."""
        gid = self.category_gid.data or ""
        if not gid.startswith("gid://shopify/TaxonomyCategory/"):
            return None
        return {"gid": gid, "name": tidy(self.category_name.data)[:255] or None}

    @property
    def answers(self) -> list[attributes_of.Answer]:
        """What the chosen category asks, answered."""
        return attributes_of.read(self.attributes.data or "") if self.category else []


class ProductForm(WordsForm):
    """A draft: everything but variants and pictures, which are read apart."""

    option_1_name = StringField(lazy("Option"), filters=[tidy], validators=[Length(max=60)])
    option_1_values = StringField(lazy("Values"), validators=[Length(max=2000)])
    option_2_name = StringField(lazy("Option"), filters=[tidy], validators=[Length(max=60)])
    option_2_values = StringField(lazy("Values"), validators=[Length(max=2000)])
    option_3_name = StringField(lazy("Option"), filters=[tidy], validators=[Length(max=60)])
    option_3_values = StringField(lazy("Values"), validators=[Length(max=2000)])

    @property
    def options(self) -> tuple[rules.Option, ...]:
        """The options that were filled in, in order; a row with neither name nor values is none."""
        rows = [
            rules.Option(self[f"option_{n}_name"].data or "", rules.split_values(self[f"option_{n}_values"].data or ""))
            for n in range(1, rules.MAX_OPTIONS + 1)
        ]
        return tuple(row for row in rows if row.name or row.values)

    @property
    def content(self) -> Content:
        """Only after `validate()` and `rules.check_options` said yes."""
        category = self.category or {"gid": None, "name": None}
        return Content(
            title=self.title.data or "",
            description_html=self.description.data or "",
            category_gid=category["gid"],
            category_name=category["name"],
            attributes=self.answers,
            seo_title=self.seo_title.data or "",
            seo_description=self.seo_description.data or "",
            options=self.options,
        )


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One line of the grid as it was typed, with what is wrong in it by column."""

    values: tuple[str, ...]
    price: str
    sku: str
    stock: str
    errors: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[int, str] = field(default_factory=dict)
    """What lies at other locations, by location; what is wrong there is in `errors` as "stock_7"."""
    picture: str = ""
    """The number of the picture that shows it."""

    @property
    def key(self) -> str:
        """The values as one form value."""
        return json.dumps(self.values, ensure_ascii=False)


def form_of(product: Product) -> ProductForm:
    """The form filled with a product's content."""
    values: dict[str, Any] = {
        "title": product.title,
        "description": product.description_html,
        "category_gid": product.category_gid or "",
        "category_name": product.category_name or "",
        "attributes": attributes_of.write(product.attributes),
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
    }
    for number, option in enumerate(product.options, start=1):
        values[f"option_{number}_name"] = option["name"]
        values[f"option_{number}_values"] = ", ".join(option["values"])
    return ProductForm(data=values)


def rows_of(
    variants: Sequence[Variant], levels: Mapping[int, Mapping[int, StockLevel]], currency: str
) -> list[VariantRow]:
    """The grid filled with a product's variants. A price that nobody gave yet in this currency is empty."""
    return [
        VariantRow(
            tuple(variant.option_values),
            str(variant.price.decimal) if variant.price and variant.currency == currency else "",
            variant.sku,
            str(places.at_first(variant, levels[variant.id])),
            elsewhere={key: str(level.quantity) for key, level in levels[variant.id].items()},
            picture=str(variant.image_id or ""),
        )
        for variant in variants
    ]


def read_rows(
    form: Mapping[str, str], options: Sequence[rules.Option], others: Collection[int] = ()
) -> list[VariantRow]:
    """The grid that belongs to `options`, with what was typed for the variants that are in it.

    A new variant takes the price of the first one, so that adding a size does not mean typing prices again.
    """
    typed: dict[tuple[str, ...], VariantRow] = {}
    number = 0
    while f"variant_{number}_key" in form:
        values = _read_key(form[f"variant_{number}_key"])
        cells = [form.get(f"variant_{number}_{column}", "").strip() for column in ("price", "sku", "stock")]
        # A page from before a location was added says nothing of it.
        named = {key: f"variant_{number}_stock_{key}" for key in others}
        elsewhere = {key: form[name].strip() for key, name in named.items() if name in form}
        picture = form.get(f"variant_{number}_picture", "")
        typed[values] = VariantRow(values, cells[0], cells[1], cells[2], elsewhere=elsewhere, picture=picture)
        number += 1
    first_price = next((row.price for row in typed.values() if row.price), "")
    return [typed.get(values) or _carry_over(values, typed, first_price) for values in rules.combinations(options)]


def check_rows(
    rows: Sequence[VariantRow], currency: str, typed_in: str | None = None
) -> tuple[list[VariantRow], list[VariantContent]]:
    """The rows with their errors, and, where there are none, what they say.

    `typed_in`: the currency that the form named, which may have been opened before the shop's changed.
    """
    checked, contents = [], []
    for row in rows:
        errors: dict[str, str] = {}
        price = 0
        try:
            price = read_price(row.price, currency, typed_in)
            if price < 0:
                errors["price"] = _("A price is never below zero.")
        except ValueError as error:
            errors["price"] = str(error)
        stock = read_stock(row.stock)
        if stock is None:
            errors["stock"] = wrong_stock()
        elsewhere = {key: read_stock(text) for key, text in row.elsewhere.items()}
        errors |= {f"stock_{key}": wrong_stock() for key, number in elsewhere.items() if number is None}
        if len(row.sku) > MAX_SKU:
            errors["sku"] = too_long(MAX_SKU)
        checked.append(replace(row, errors=errors))
        counts = {key: number or 0 for key, number in elsewhere.items()}
        contents.append(VariantContent(row.values, price, row.sku, stock or 0, counts, read_number(row.picture)))
    return checked, contents


def read_price(text: str, currency: str, typed_in: str | None) -> int:
    """Minor units; 0 where nothing was typed. Raises ValueError with a sentence."""
    if text and typed_in not in {None, currency}:
        raise ValueError(_("The shop's prices are in %(currency)s now. Enter this one again.", currency=currency))
    return read_amount(text, currency).minor if text else 0


def wrong_stock() -> str:
    return _("Enter a whole number from 0 to %(max_stock)s.", max_stock=f"{MAX_STOCK:,}")


def read_stock(text: str) -> int | None:
    """A count of things on a shelf; empty means none. None when it is no such number."""
    number = read_number(text or "0")
    return number if number is not None and number <= MAX_STOCK else None


def _read_key(text: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(map(str, values)) if isinstance(values, list) else ()


def _carry_over(values: tuple[str, ...], typed: Mapping[tuple[str, ...], VariantRow], price: str) -> VariantRow:
    """A row for a new variant: what was typed for the one it grew out of (Red → Red / Small), else only a price."""
    for length in range(len(values) - 1, 0, -1):
        if parent := typed.get(values[:length]):
            return VariantRow(values, parent.price, "", "", picture=parent.picture)
    return VariantRow(values, price, "", "")
