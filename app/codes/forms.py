"""A code as it is typed."""

from typing import Any
from urllib.parse import urlsplit

from wtforms import Form, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired, Length

from app.codes import rules
from app.languages import lazy
from app.models.codes import Destination
from app.models.products import Product
from app.typed import read_number, tidy


def _path_of(text: str | None) -> str:
    """Of an address copied from the browser only the part after the shop's name counts."""
    address = tidy(text)
    if "://" in address:
        try:
            parts = urlsplit(address)
        except ValueError:
            return address
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return address


def _number(value: Any) -> int | None:
    return read_number(str(value or ""))


class CodeForm(Form):
    name = StringField(
        lazy("Name"),
        filters=[tidy],
        validators=[
            DataRequired(lazy("Give it a name, so that you find it again.")),
            Length(
                max=rules.LONGEST_NAME, message=lazy("Use at most %(number)s characters.", number=rules.LONGEST_NAME)
            ),
        ],
    )
    caption = StringField(
        lazy("Words under it"),
        filters=[tidy],
        validators=[
            Length(
                max=rules.LONGEST_CAPTION,
                message=lazy("Use at most %(number)s characters.", number=rules.LONGEST_CAPTION),
            )
        ],
    )
    destination = RadioField(
        lazy("Leads to"),
        choices=[
            SelectChoice(Destination.VENDOR.value, lazy("Your page in the shop")),
            SelectChoice(Destination.PRODUCT.value, lazy("One of your products")),
            SelectChoice(Destination.PATH.value, lazy("Another page of the shop")),
        ],
        default=Destination.VENDOR.value,
    )
    product_id = SelectField(lazy("Product"), coerce=_number, validate_choice=False)
    path = StringField(lazy("Address in the shop"), filters=[_path_of])

    def offer(self, products: list[Product]) -> "CodeForm":
        self.product_id.choices = [SelectChoice("", lazy("Choose a product")), *((p.id, p.title) for p in products)]
        return self
