"""Another system's address as it is typed."""

from urllib.parse import urlsplit

from wtforms import Form, SelectMultipleField, URLField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, ValidationError

from app.hooks import calls
from app.hooks.kinds import KINDS


class HookForm(Form):
    url = URLField(
        "Address",
        description="Receives a signed POST for each event you choose.",
        validators=[
            InputRequired("Enter the address that is to be called."),
            Length(max=500, message="Use at most 500 characters."),
        ],
    )
    kinds = SelectMultipleField("Events", choices=[SelectChoice(kind, what.words) for kind, what in KINDS.items()])

    def validate_url(self, field: URLField) -> None:
        try:
            address = urlsplit((field.data or "").strip())
            port_is_fine = address.port is None or address.port > 0
        except ValueError:
            raise ValidationError("This is no address. It looks like https://example.com/hooks.") from None
        schemes = {"https", "http"} if calls.allows_this_machine() else {"https"}
        if address.scheme not in schemes or not address.hostname or not port_is_fine:
            raise ValidationError("Enter a whole address that begins with https://.")
        if address.username or address.password:
            raise ValidationError("Leave name and password out: the signature proves that the call is ours.")
        field.data = address.geturl()

    def validate_kinds(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError("Choose at least one event.")
