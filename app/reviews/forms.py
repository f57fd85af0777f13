"""Reviews and the merchant's settings of them, as they are typed."""

from typing import Any

from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, NumberRange

from app.languages import lazy
from app.reviews import rules
from app.reviews.rules import Draft
from app.typed import WholeNumberField, storable, tidy, tidy_lines


class ReviewForm(Form):
    stars = RadioField(
        lazy("How was it?"),
        coerce=int,
        choices=[SelectChoice(number, f"{number}") for number in rules.STARS],
        validators=[InputRequired(lazy("Choose between one and five stars."))],
    )
    title = StringField(
        lazy("In a few words"),
        filters=[tidy],
        validators=[Length(max=rules.LONGEST_TITLE, message=lazy("Use fewer characters."))],
    )
    words = TextAreaField(
        lazy("Your review"),
        filters=[tidy_lines],
        validators=[
            Length(
                max=rules.LONGEST_WORDS, message=lazy("Use at most %(number)s characters.", number=rules.LONGEST_WORDS)
            )
        ],
    )
    name = StringField(
        lazy("Name shown with it"),
        filters=[tidy],
        validators=[
            Length(
                max=rules.LONGEST_NAME, message=lazy("Use at most %(number)s characters.", number=rules.LONGEST_NAME)
            )
        ],
    )

    def draft(self) -> Draft:
        return Draft(self.stars.data, self.title.data or "", self.words.data or "", self.name.data or "")


def read_draft(values: Any) -> Draft:
    """From a page's JSON; anything that is no text or number counts as not given."""
    given = {name: values.get(name) for name in ("title", "words", "name")}
    texts = {name: storable(text) if isinstance(text, str) else "" for name, text in given.items()}
    stars = values.get("stars")
    is_number = isinstance(stars, int) and not isinstance(stars, bool)
    return Draft(stars if is_number else 0, tidy(texts["title"]), tidy_lines(texts["words"]), tidy(texts["name"]))


class ReviewSettingsForm(Form):
    is_asking = BooleanField("Ask customers by e-mail how it was")
    ask_after_days = WholeNumberField(
        "Days after it arrived",
        description="If no carrier says that a parcel arrived, it counts as arrived 14 days after it was sent.",
        validators=[InputRequired("Enter a number of days."), NumberRange(0, 60, "Choose between 0 and 60 days.")],
    )
    publish_from_stars = SelectField(
        "Publish without your decision",
        coerce=int,
        choices=[
            SelectChoice(0, "No review"),
            SelectChoice(5, "Five stars"),
            SelectChoice(4, "Four stars and more"),
            SelectChoice(3, "Three stars and more"),
            SelectChoice(1, "Every review"),
        ],
    )
    publish_known = BooleanField("Also those of customers of whom you published one before")
