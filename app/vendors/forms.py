"""What an applicant fills in, and what is said beside a field that needs another look."""

import re
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, EmailField, Field, StringField, TelField, TextAreaField, URLField
from wtforms.validators import InputRequired, Optional, StopValidation, ValidationError

from app.languages import _, lazy
from app.typed import SpokenForm, at_most, is_email, is_website, tidy, tidy_lines, with_scheme
from app.vendors import rules
from app.vendors.service import Application

_PHONE: Final = re.compile(r"[+()\d][\d\s()./-]{4,28}")


class ApplicationForm(SpokenForm):
    """Becoming a vendor. The names of these fields are what the storefront sends to POST /proxy/apply."""

    name = StringField(
        lazy("Shop name"),
        filters=[tidy],
        validators=[InputRequired(lazy("Tell us the name customers will see.")), at_most(80)],
        description=lazy("Customers see this name on your products and your page."),
    )
    contact_name = StringField(
        lazy("Your name"),
        filters=[tidy],
        validators=[InputRequired(lazy("Tell us whom we are talking to.")), at_most(120)],
    )
    email = EmailField(
        lazy("E-mail"),
        filters=[tidy],
        validators=[InputRequired(lazy("We need an e-mail address to answer you.")), is_email],
        description=lazy("Your sign-in links and order e-mails go here. Customers never see it."),
    )
    phone = TelField(lazy("Phone"), filters=[tidy], validators=[Optional()])
    country = StringField(
        lazy("Country"),
        filters=[lambda value: tidy(value).upper()],
        validators=[Optional()],
        description=lazy("Two letters, such as US or DE."),
    )
    location = StringField(
        lazy("Town"),
        filters=[tidy],
        validators=[at_most(120)],
        description=lazy("Shown on your page, for example Portland, Oregon."),
    )
    website = URLField(
        lazy("Website"),
        filters=[with_scheme],
        validators=[at_most(500), is_website],
    )
    tagline = StringField(
        lazy("In one sentence"),
        filters=[tidy],
        validators=[at_most(160)],
        description=lazy("For example: Stoneware thrown and glazed by hand."),
    )
    what_they_sell = TextAreaField(
        lazy("What would you like to sell?"),
        filters=[tidy_lines],
        validators=[InputRequired(lazy("Tell us in a sentence or two what you make.")), at_most(2000)],
    )
    about = TextAreaField(
        lazy("About you"),
        filters=[tidy_lines],
        validators=[at_most(5000)],
        description=lazy("Your story, for your public page. You can change it later."),
    )
    accept_terms = BooleanField(lazy("I accept the vendor terms"))

    terms_needed = False

    def validate_name(self, field: Field) -> None:
        check_readable(field)

    def validate_phone(self, field: Field) -> None:
        if field.data and not _PHONE.fullmatch(field.data):
            raise ValidationError(_("Enter a phone number with digits, such as +1 503 555 0134."))

    def validate_country(self, field: Field) -> None:
        if field.data and not re.fullmatch(r"[A-Z]{2}", field.data):
            raise ValidationError(_("Use the country's two letters, such as US or DE."))

    def validate_accept_terms(self, field: Field) -> None:
        if self.terms_needed and not field.data:
            raise StopValidation(_("Please read and accept the vendor terms."))

    @property
    def first_errors(self) -> dict[str, str]:
        """One sentence for each field that needs another look."""
        return {field.name: str(field.errors[0]) for field in self if field.errors}

    def application(self) -> Application:
        """What was filled in. Only after `validate()` said yes."""
        return Application(**{name: self[name].data or "" for name in Application.__slots__})


def check_readable(field: Field) -> None:
    """Raises ValidationError for a vendor's name that nobody could type, or tell from the next one."""
    if not rules.normalise_name(field.data):
        raise ValidationError(_("Use letters or digits, so that customers can read and type the name."))


def read_application(values: MultiDict[str, Any] | dict[str, Any], *, terms_needed: bool) -> ApplicationForm:
    """The form from an HTML form's fields or a JSON object. Values that are no text count as missing."""
    if not isinstance(values, MultiDict):
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        ticks = {name: "y" for name, value in values.items() if value is True}
        values = MultiDict({**texts, **ticks})
    form = ApplicationForm(values)
    form.terms_needed = terms_needed
    return form


def describe_fields(*, terms_needed: bool) -> list[dict[str, Any]]:
    """The form as data, for a storefront that builds its own."""
    form = ApplicationForm()
    return [
        {
            "name": field.name,
            "label": str(field.label.text),
            "type": {"BooleanField": "checkbox", "TextAreaField": "textarea"}.get(
                field.type, field.widget.input_type if hasattr(field.widget, "input_type") else "text"
            ),
            "help": str(field.description),
            "required": field.flags.required or field.name == "accept_terms",
            "max_length": field.flags.maxlength,
        }
        for field in form
        if terms_needed or field.name != "accept_terms"
    ]
