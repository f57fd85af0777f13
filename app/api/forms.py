"""A token as it is asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app import clock
from app.auth.scopes import WORDS, Scope
from app.languages import _, lazy
from app.typed import SpokenForm

LIFETIMES: Final = {
    "30": lazy("30 days"),
    "90": lazy("90 days"),
    "365": lazy("A year"),
    "": lazy("Until it is revoked"),
}


class TokenForm(SpokenForm):
    """Bind with `TokenForm(formdata, offered=[…])`; `chosen()` and `expires_at()` after `validate()`."""

    name = StringField(
        lazy("Name"),
        [
            InputRequired(lazy("Say what will use it, such as Warehouse.")),
            Length(max=60, message=lazy("Use at most 60 letters.")),
        ],
        description=lazy("What will use it. One token for each program, so that each can be revoked alone."),
    )
    lifetime = SelectField(lazy("Good for"), choices=[SelectChoice(days, words) for days, words in LIFETIMES.items()])
    scopes = SelectMultipleField(lazy("It may"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False))

    def __init__(self, formdata: Any = None, *, offered: Sequence[Scope]) -> None:
        super().__init__(formdata, data={"lifetime": "90"})
        self.scopes.choices = [SelectChoice(scope.value, WORDS[scope]) for scope in offered]

    def validate_name(self, field: StringField) -> None:
        if any(not character.isprintable() for character in field.data or ""):
            raise ValidationError(_("Use letters, digits and spaces only."))

    def validate_scopes(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one thing that it may do."))

    def chosen(self) -> list[Scope]:
        return [Scope(value) for value in self.scopes.data or ()]

    def expires_at(self) -> datetime | None:
        return clock.now() + timedelta(days=int(self.lifetime.data)) if self.lifetime.data else None
