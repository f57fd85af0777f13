"""What a merchant types about e-mails."""

from wtforms import EmailField, Form, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.typed import is_email, tidy


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
        filters=[tidy],
        validators=[
            InputRequired("Enter the address that gets the test."),
            Length(max=254, message="Use at most 254 characters."),
            is_email,
        ],
    )
