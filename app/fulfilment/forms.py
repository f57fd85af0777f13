"""The ship form: how many of what, and how it travels."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from wtforms import Form, StringField
from wtforms.validators import Length, ValidationError


class ShipForm(Form):
    """`units` holds what was typed beside each line, by the line's Shopify id."""

    units: Mapping[int, int] = MappingProxyType({})
    carrier = StringField(
        "Carrier", [Length(max=60, message="Use at most 60 characters.")], description="Who brings the parcel."
    )
    tracking_number = StringField(
        "Tracking number",
        [Length(max=80, message="Use at most 80 characters.")],
        description="The customer gets it by e-mail. Empty if there is none.",
    )
    tracking_url = StringField(
        "Tracking link",
        [Length(max=500, message="Use at most 500 characters.")],
        description="Only for carriers that are not in the list.",
    )

    def validate_tracking_url(self, field: StringField) -> None:
        parts = urlsplit((field.data or "").strip())
        if field.data and (parts.scheme != "https" or not parts.netloc):
            raise ValidationError("Enter a whole link that begins with https://, or leave it empty.")

    def validate_tracking_number(self, field: StringField) -> None:
        if any(not letter.isprintable() for letter in field.data or ""):
            raise ValidationError("Use letters and digits as on the label.")
