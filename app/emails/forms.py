"""What a merchant types about e-mails."""

from email_validator import EmailNotValidError, validate_email
from wtforms import EmailField, Form, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError


class WordingForm(Form):
    """The words of one e-mail; app/emails/wording.py says what is wrong with them."""

    subject = StringField("Subject")
    preview = StringField("Preview line", description="Inboxes show it after the subject.")
    heading = StringField("Heading")
    body = TextAreaField("Text")

    @property
    def words(self) -> dict[str, str]:
        return {field.name: field.data or "" for field in self}

    def refuse(self, errors: dict[str, str]) -> None:
        for name, problem in errors.items():
            self[name].errors = [problem]


class TestForm(Form):
    """Where a test goes."""

    to = EmailField(
        "Send the test to",
        validators=[
            InputRequired("Enter the address that gets the test."),
            Length(max=254, message="Use at most 254 characters."),
        ],
    )

    def validate_to(self, field: EmailField) -> None:
        try:
            field.data = validate_email(str(field.data).strip(), check_deliverability=False).normalized
        except EmailNotValidError:
            raise ValidationError("Enter one whole address, such as you@example.com.") from None
