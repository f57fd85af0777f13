"""What people type into forms, brought into one shape before it is looked at."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from babel.numbers import format_decimal
from email_validator import EmailNotValidError, validate_email
from wtforms import Field, IntegerField
from wtforms.form import BaseForm, Form
from wtforms.meta import DefaultMeta
from wtforms.validators import Length, ValidationError

from app.errors import ValidationErrors
from app.languages import _, later, spoken


class SpokenForm(Form):
    """A form that vendors or customers read: what WTForms itself says about a field is in their language, too."""

    class Meta(DefaultMeta):
        def get_translations(self, form: BaseForm) -> Any:
            self.locales = [spoken()]
            return super().get_translations(form)


class WholeNumberField(IntegerField):
    """An IntegerField that tells the merchant in plain words what it takes."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a whole number, in digits.") from None


def at_most(characters: int) -> Length:
    """The longest text that a field takes, and what is said beside a longer one."""
    return Length(max=characters, message=later(too_long, characters))


def too_long(most: int) -> str:
    return _("Up to %(most)s characters.", most=format_decimal(most, locale=spoken()))


def tidy(text: str | None) -> str:
    """One line: trimmed, inner white space single, control characters gone."""
    return " ".join("".join(char for char in text or "" if char.isprintable() or char.isspace()).split())


def storable(text: str) -> str:
    """What others wrote, without what PostgreSQL keeps in no text: NULs and halves of characters."""
    return text.encode(errors="replace").decode().replace("\0", "")


def tidy_lines(text: str | None) -> str:
    """Several lines, each tidied, without empty ones at the ends."""
    lines = (text or "").replace("\r\n", "\n").split("\n")
    return "\n".join(tidy(line) for line in lines).strip()


def read_number(text: str | None) -> int | None:
    """A whole number as rows bear it; None for anything else, and for one that no row can have."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def read_day(text: str | None) -> date | None:
    """A day such as "2026-11-03"; None for anything else, and for the ends of the calendar: nothing comes after."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1 < day.year < date.max.year else None


def read_moment(text: object) -> datetime | None:
    """A moment with its zone such as "2026-11-03T10:00:00Z"; None for anything else, and as `read_day` for the ends."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo and 1 < moment.year < date.max.year else None


def with_scheme(text: str | None) -> str:
    """A web address as people write it, with the https:// that they leave out."""
    address = tidy(text)
    return f"https://{address}" if address and "://" not in address else address


def is_website(_form: BaseForm, field: Field) -> None:
    """A validator: nothing, or an http(s) address with a host that could be public."""
    if field.data and not _is_web_address(field.data):
        raise ValidationError(_("Enter a web address, such as https://example.com."))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and " " not in text


def is_email(_form: BaseForm, field: Field) -> None:
    """A validator: an e-mail address, put into its normal form."""
    try:
        field.data = read_email(field.data)
    except ValidationErrors as refused:
        raise ValidationError(refused.errors["email"]) from None


def read_email(given: Any) -> str:
    """An address that somebody sent, normalized. Raises ValidationErrors for `email`."""
    try:
        # Whether mail arrives there is proved by the mails themselves; a DNS question would only slow the form.
        found = validate_email(given if isinstance(given, str) else "", check_deliverability=False)
    except EmailNotValidError:
        words = _("This does not look like an e-mail address. Check it for typing mistakes.")
        raise ValidationErrors({"email": words}) from None
    return found.normalized
