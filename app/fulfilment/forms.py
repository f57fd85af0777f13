"""The ship form: how many of what, and how it travels."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.validators import Length, ValidationError

from app.languages import _, lazy
from app.models.orders import OrderLine
from app.typed import SpokenForm


def read_units(form: MultiDict[str, str], lines: Iterable[OrderLine]) -> dict[int, int]:
    """How many of each line were chosen, by the line's Shopify id. What is no number is none."""
    return {line.shopify_id: form.get(f"units-{line.shopify_id}", 0, int) for line in lines}


class ShipForm(SpokenForm):
    """`units` holds what was typed beside each line, by the line's Shopify id."""

    units: Mapping[int, int] = MappingProxyType({})
    carrier = StringField(
        lazy("Carrier"),
        [Length(max=60, message=lazy("Use at most 60 characters."))],
        description=lazy("Who brings the parcel."),
    )
    tracking_number = StringField(
        lazy("Tracking number"),
        [Length(max=80, message=lazy("Use at most 80 characters."))],
        description=lazy("The customer gets it by e-mail. Empty if there is none."),
    )
    tracking_url = StringField(
        lazy("Tracking link"),
        [Length(max=500, message=lazy("Use at most 500 characters."))],
        description=lazy("Only for carriers that are not in the list."),
    )

    def validate_tracking_url(self, field: StringField) -> None:
        parts = urlsplit((field.data or "").strip())
        if field.data and (parts.scheme != "https" or not parts.netloc):
            raise ValidationError(_("Enter a whole link that begins with https://, or leave it empty."))

    def validate_tracking_number(self, field: StringField) -> None:
        if any(not letter.isprintable() for letter in field.data or ""):
            raise ValidationError(_("Use letters and digits as on the label."))


class ReadyForm(SpokenForm):
    """What is packed for the shop to collect; `units` as in ShipForm."""

    units: Mapping[int, int] = MappingProxyType({})
    place = StringField(
        lazy("Where it stands"),
        [Length(max=120, message=lazy("Use at most 120 characters."))],
        description=lazy("So that whoever collects it finds it, for example: shelf by the back door."),
    )

    def validate_place(self, field: StringField) -> None:
        if not (field.data or "").isprintable():
            raise ValidationError(_("Write it in one line, in letters and digits."))
