"""The merchant's settings of e-mails that customers choose, as they are typed."""

from wtforms import BooleanField, Form, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from app.mailings import rules
from app.typed import WholeNumberField, tidy_lines

_OFTEN = [SelectChoice(1, "At most once a day"), SelectChoice(7, "At most once a week")]


class MailingSettingsForm(Form):
    vendors = BooleanField("New products of vendors they follow")
    vendors_every_days = SelectField("How often", coerce=int, choices=_OFTEN)
    wishlist = BooleanField("Wishlist: back in stock or cheaper")
    wishlist_every_days = SelectField("How often", coerce=int, choices=_OFTEN)
    cart = BooleanField("A cart that was left behind")
    cart_after_hours = WholeNumberField(
        "Hours after the last change",
        validators=[
            InputRequired("Enter a number of hours."),
            NumberRange(1, 168, "Choose between 1 and 168 hours."),
        ],
    )
    postal_address = TextAreaField(
        "Your name and postal address",
        description="It stands below each of these e-mails, as the law of many countries wants it.",
        filters=[tidy_lines],
        validators=[Length(max=300, message="Use at most 300 characters.")],
    )

    def validate_postal_address(self, field: TextAreaField) -> None:
        if not field.data and any(self[topic].data for topic in rules.TOPICS):
            raise ValidationError("Enter the address that stands below the e-mails.")
