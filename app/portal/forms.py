"""What vendors fill in, and what is said beside a field that needs another look."""

from collections.abc import Sequence
from typing import Any, Final

from babel import Locale
from werkzeug.datastructures import FileStorage
from wtforms import (
    DateField,
    EmailField,
    Field,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired, Length, Regexp, ValidationError

from app.auth.roles import ROLE_WORDS
from app.languages import _, lazy
from app.payouts.bank_files import fits_banks
from app.typed import SpokenForm, at_most, is_email, is_website, tidy, tidy_lines, with_scheme
from app.vendors import face
from app.vendors.forms import check_readable
from app.vendors.payout_details import check_account

MAX_DAYS_AWAY: Final = 366
LOCALES: Final = ("en-US", "en-GB", "de-DE", "de-AT", "de-CH", "es-ES", "fr-FR", "it-IT", "nl-NL", "pl-PL", "pt-PT")


def _fits(column: str) -> Length:
    return at_most(face.TRANSLATED[column])


class SignInForm(SpokenForm):
    email = EmailField(
        lazy("E-mail"),
        filters=[tidy],
        validators=[DataRequired(lazy("Enter the e-mail address you sell with.")), is_email],
    )


class RoleForm(SpokenForm):
    role = SelectField(
        lazy("Role"), choices=[SelectChoice(str(role), words) for role, (words, _meaning) in ROLE_WORDS.items()]
    )


class HolidayForm(SpokenForm):
    """Days on which a vendor does not send."""

    first_day = DateField(
        lazy("First day away"), [DataRequired(lazy("Choose the first day on which you do not send."))]
    )
    back_on = DateField(lazy("Back on"), [DataRequired(lazy("Choose the day on which you send again."))])
    hides = RadioField(
        lazy("Meanwhile"),
        choices=[
            SelectChoice("no", lazy("Go on selling: customers see when you are back, and orders wait for you")),
            SelectChoice("yes", lazy("Take my products off sale: they come back by themselves")),
        ],
        default="no",
    )
    note = StringField(lazy("Words for customers"), filters=[tidy], validators=[at_most(160)])

    def validate_back_on(self, field: Field) -> None:
        if self.first_day.data and field.data <= self.first_day.data:
            raise ValidationError(_("This has to be after the first day away."))
        if self.first_day.data and (field.data - self.first_day.data).days > MAX_DAYS_AWAY:
            raise ValidationError(
                _("A holiday lasts up to a year. To stop for longer, ask the shop to pause your page.")
            )


class InvitationForm(SpokenForm):
    """Somebody else who works for the vendor. No role is chosen beforehand: nobody becomes an owner by haste."""

    email = EmailField(
        lazy("E-mail"),
        filters=[tidy],
        validators=[DataRequired(lazy("Enter the address that the link goes to.")), is_email],
    )
    person_name = StringField(lazy("Name"), filters=[tidy], validators=[at_most(120)])
    role = RadioField(
        lazy("Role"),
        choices=[
            SelectChoice(str(role), lazy("%(role)s: %(text)s", role=words, text=text))
            for role, (words, text) in ROLE_WORDS.items()
        ],
        validators=[DataRequired(lazy("Choose what this person may do."))],
    )


class AuthenticatorForm(SpokenForm):
    """A new authenticator app: its seed, and a code that proves it has it."""

    secret = HiddenField(
        validators=[Regexp(r"^[A-Z2-7]{32}$", message=lazy("Start again: this key is not one of ours."))]
    )
    code = StringField(
        lazy("Code"), filters=[tidy], validators=[DataRequired(lazy("Type the six digits that the app shows."))]
    )
    app_name = StringField(lazy("Name"), filters=[tidy], validators=[at_most(60)])


class ProfileForm(SpokenForm):
    """The public page, and how we reach the person behind it."""

    seen = HiddenField()
    name = StringField(
        lazy("Shop name"),
        filters=[tidy],
        validators=[DataRequired(lazy("Customers need a name to call you by.")), at_most(80)],
    )
    tagline = StringField(lazy("In one sentence"), filters=[tidy], validators=[at_most(160)])
    announcement = TextAreaField(lazy("Announcement"), filters=[tidy_lines], validators=[at_most(500)])
    about = TextAreaField(lazy("About you"), filters=[tidy_lines], validators=[at_most(5000)])
    location = StringField(lazy("Town"), filters=[tidy], validators=[at_most(120)])
    website = URLField(
        lazy("Website"),
        filters=[with_scheme],
        validators=[at_most(500), is_website],
    )
    policies = TextAreaField(
        lazy("Shipping and returns"),
        filters=[tidy_lines],
        validators=[at_most(5000)],
    )
    instagram = StringField("Instagram", filters=[tidy])
    facebook = StringField("Facebook", filters=[tidy])
    tiktok = StringField("TikTok", filters=[tidy])
    youtube = StringField("YouTube", filters=[tidy])
    pinterest = StringField("Pinterest", filters=[tidy])
    contact_name = StringField(lazy("Your name"), filters=[tidy], validators=[at_most(120)])
    phone = TelField(lazy("Phone"), filters=[tidy], validators=[at_most(40)])
    locale = SelectField(lazy("Dates and amounts"))

    def __init__(self, *args: Any, current_locale: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.locale.choices = list_locales(current_locale)

    def validate_name(self, field: Field) -> None:
        check_readable(field)

    def validate_instagram(self, field: Field) -> None:
        try:
            field.data = face.read_link(field.name, field.data or "")
        except ValueError:
            raise ValidationError(
                _(
                    "Enter your name there, such as @ada, or the address of your page at %(network)s.",
                    network=field.label.text,
                )
            ) from None

    validate_facebook = validate_tiktok = validate_youtube = validate_pinterest = validate_instagram

    @property
    def social(self) -> dict[str, str]:
        """The networks where the vendor can be found, by name. Only after `validate()` said yes."""
        return {name: self[name].data for name in face.NETWORKS if self[name].data}


class WordsForm(SpokenForm):
    """The words of the public page in one more language; what is empty is read in the vendor's own."""

    tagline = StringField(lazy("In one sentence"), filters=[tidy], validators=[_fits("tagline")])
    announcement = TextAreaField(lazy("Announcement"), filters=[tidy_lines], validators=[_fits("announcement")])
    about = TextAreaField(lazy("About you"), filters=[tidy_lines], validators=[_fits("about")])
    policies = TextAreaField(lazy("Shipping and returns"), filters=[tidy_lines], validators=[_fits("policies")])

    @property
    def words(self) -> dict[str, str]:
        """What is written in this language, by column."""
        return {field.name: field.data for field in self if field.data}


class PayoutForm(SpokenForm):
    """Bind with `PayoutForm(formdata, rails=[("bank", "Bank account"), …])`: only the chosen rail's field counts."""

    rail = RadioField(lazy("How do you want to be paid?"))
    holder = StringField(
        lazy("Account holder"),
        filters=[tidy],
        validators=[
            DataRequired(lazy("Write the name that the account is in.")),
            Length(max=70, message=lazy("Banks take up to 70 characters.")),
        ],
    )
    iban = StringField("IBAN", filters=[tidy])
    paypal = StringField(lazy("PayPal address"), filters=[tidy])
    stripe = StringField(lazy("Stripe account"), filters=[tidy])

    def __init__(self, formdata: Any = None, *, rails: Sequence[tuple[str, str]], chosen: str = "") -> None:
        super().__init__(formdata)
        self.rail.choices = list(rails)
        if not self.rail.data or self.rail.data == "None":
            self.rail.data = chosen if chosen in dict(rails) else rails[0][0]

    @property
    def account(self) -> StringField:
        """The field of the chosen rail."""
        found: StringField = {"paypal": self.paypal, "stripe": self.stripe}.get(self.rail.data, self.iban)
        return found

    def validate(self, extra_validators: Any = None) -> bool:
        fits = super().validate(extra_validators)
        if self.account is self.iban and not fits_banks(self.holder.data or ""):
            self.holder.errors = [
                _("Bank files have Latin letters only. Write the name as it stands on your bank card.")
            ]
            fits = False
        try:
            check_account(self.rail.data, self.account.data or "")
        except ValueError as error:
            self.account.errors = [str(error)]
            return False
        return bool(fits)


class PictureForm(SpokenForm):
    picture = FileField(lazy("Picture or logo"))

    def validate_picture(self, field: Field) -> None:
        if not isinstance(field.data, FileStorage) or not field.data.filename:
            raise ValidationError(_("Choose a picture first."))


def list_locales(current: str) -> list[tuple[str, str]]:
    """Ways of writing dates and amounts, each named in its own language; the current one is always among them."""
    codes = LOCALES if current in LOCALES else (current, *LOCALES)
    return [(code, str(Locale.parse(code, sep="-").get_display_name())) for code in codes]
