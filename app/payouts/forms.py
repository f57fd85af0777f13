"""How the merchant pays, as it is typed: the account that pays, the rails' keys, the schedule, a payment by hand."""

import re
from datetime import date
from typing import Any, Final

from stdnum import bic as bic_number
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError as NumberError
from wtforms import BooleanField, DateField, Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, ValidationError

from app.commissions.forms import MonthDay
from app.commissions.schedules import SCHEDULE_WORDS, WEEKDAYS
from app.payouts.bank_files import fits_banks
from app.typed import WholeNumberField

_SPACES: Final = re.compile(r"\s+")
_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")
"""Invoice numbers name files and stand in spreadsheets."""
_STRIPE_KEY: Final = re.compile(r"(sk|rk)_(test|live)_\w+")


class PayerForm(Form):
    """Bind with `PayerForm(formdata, last4="3000")`: with an account on file an empty IBAN keeps it."""

    name = StringField("Account holder", [InputRequired("Enter the name on your bank account."), Length(max=70)])
    iban = StringField("IBAN")
    bic = StringField("BIC", description="Only if your bank asks for it.")

    def __init__(self, formdata: Any = None, *, name: str, last4: str, bic: str) -> None:
        super().__init__(formdata, data={"name": name, "bic": bic})
        self.last4 = last4

    def validate_name(self, field: StringField) -> None:
        if not fits_banks(field.data or ""):
            raise ValidationError("Bank files have Latin letters only. Write the name as it stands on your bank card.")

    def validate_iban(self, field: StringField) -> None:
        field.data = _SPACES.sub("", field.data or "").upper()
        if not field.data and self.last4:
            return
        try:
            iban_number.validate(field.data)
        except NumberError:
            raise ValidationError("This is no valid IBAN. Copy it from your bank's app or a statement.") from None

    def validate_bic(self, field: StringField) -> None:
        field.data = _SPACES.sub("", field.data or "").upper()
        if field.data and not bic_number.is_valid(field.data):
            raise ValidationError("This is no valid BIC. It has 8 or 11 characters.")


class PayPalForm(Form):
    client_id = StringField(
        "Client ID", [DataRequired("Enter the client ID."), Length(max=200)], filters=[lambda v: (v or "").strip()]
    )
    client_secret = StringField(
        "Secret", [DataRequired("Enter the secret."), Length(max=200)], filters=[lambda v: (v or "").strip()]
    )


class StripeForm(Form):
    secret_key = StringField(
        "Secret key",
        [DataRequired("Enter the secret key."), Length(max=255)],
        filters=[lambda v: (v or "").strip()],
        description="Begins with sk_live_, or rk_live_ for a restricted key.",
    )

    def validate_secret_key(self, field: StringField) -> None:
        if not _STRIPE_KEY.fullmatch(field.data or ""):
            raise ValidationError("A secret key begins with sk_ or rk_. The publishable key (pk_) cannot send money.")


class ScheduleForm(Form):
    schedule = SelectField(
        "Prepare payouts",
        choices=[SelectChoice(name, words) for name, words in SCHEDULE_WORDS.items()],
    )
    weekday = SelectField("On", choices=[SelectChoice(str(n), name) for n, name in enumerate(WEEKDAYS, start=1)])
    month_day = WholeNumberField("Day of the month", [MonthDay("schedule")], description="1 to 28, for every month.")

    @property
    def day(self) -> int:
        return int(self.month_day.data or 1) if self.schedule.data == "monthly" else int(self.weekday.data or 1)


class ByHandForm(Form):
    """Bind with `ByHandForm(formdata, today=…)`."""

    reference = StringField(
        "Reference",
        [DataRequired("Enter the reference, such as the number of the transfer."), Length(max=120)],
        filters=[lambda v: (v or "").strip()],
    )
    paid_on = DateField("Paid on", [InputRequired("Enter the day on which it was paid.")])

    def __init__(self, formdata: Any = None, *, today: date) -> None:
        super().__init__(formdata, data={"paid_on": today})
        self.today = today

    def validate_paid_on(self, field: DateField) -> None:
        if field.data and field.data > self.today:
            raise ValidationError("This day has not come yet.")


class InvoiceForm(Form):
    """Who charges the commission, as it stands on fee invoices."""

    invoice_name = StringField("Name", [InputRequired("Enter the name of your business."), Length(max=120)])
    invoice_address = TextAreaField("Address", [InputRequired("Enter the address of your business."), Length(max=400)])
    invoice_country = StringField("Country", description="Two letters, such as DE.")
    invoice_tax_id = StringField("VAT or tax number", [Length(max=40)])
    invoice_prefix = StringField(
        "Numbers begin with",
        [
            DataRequired("Enter a letter or two."),
            Length(max=10),
            Regexp(_PREFIX, message="Use letters from A to Z, digits and hyphens, such as F or RE-2026."),
        ],
        filters=[lambda v: (v or "").strip()],
    )
    invoice_note = StringField(
        "Note where no tax is charged", [Length(max=200)], description="Such as the law that exempts you."
    )

    invoice_monthly = BooleanField(
        "Issue every month by itself",
        description="On the first of the month, for what was charged until the last day of the month before.",
    )

    def validate_invoice_country(self, field: StringField) -> None:
        field.data = (field.data or "").strip().upper()
        if field.data and not (len(field.data) == 2 and field.data.isalpha() and field.data.isascii()):
            raise ValidationError("Enter the two letters of the country, such as DE.")
