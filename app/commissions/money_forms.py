"""Who gets and bears what besides commission, as it is typed: for all vendors, and for one alone."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from app.commissions.forms import MonthDay, checked, read_percent, write_percent
from app.commissions.money_words import SHARES
from app.commissions.schedules import SCHEDULE_WORDS, WEEKDAYS
from app.commissions.terms import Terms
from app.models.commissions import MoneySettings
from app.money import Money, read_amount
from app.typed import WholeNumberField

DAYS_AT_MOST: Final = 365
_PARTIES: Final = [("vendor", "The vendors"), ("marketplace", "You")]
_FEE_PARTIES: Final = [
    ("marketplace", "You"),
    ("vendor", "The vendors, on their part"),
    ("shared", "Both, by what each gets"),
]
_SHARES: Final = [(way, words.capitalize()) for way, words in SHARES.items()]
_DAYS: Final = NumberRange(0, DAYS_AT_MOST, f"Choose between 0 and {DAYS_AT_MOST} days.")


def _choices(pairs: list[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in pairs]


class MoneyForm(Form):
    """For all vendors. Bind with `MoneyForm(formdata, settings=…, currency=…)`; `chosen()` after `validate()`."""

    shipping_to = SelectField("Shipping goes to", choices=_choices(_PARTIES))
    shipping_share = SelectField(
        "Shared over the vendors",
        choices=_choices(_SHARES),
    )
    sales_tax_to = SelectField("Sales tax goes to", choices=_choices(_PARTIES[::-1]))
    shipping_tax_to = SelectField("Tax on shipping goes to", choices=_choices(_PARTIES[::-1]))
    keep_commission = BooleanField("Keep the commission when something is refunded")
    refund_bearer = SelectField(
        "A refund or lost dispute without items",
        choices=_choices([("spread", "Is shared by the lines of the order"), ("marketplace", "Is borne by you")]),
        description="On an order's page you can put a single one on one vendor.",
    )
    fee_tax = StringField(
        "Tax on commission", description="Percent, taken from the vendor on top of the commission. 0: none."
    )
    discount = StringField("The vendors' part of discounts", description="Percent. The rest is borne by you.")
    discount_bearers = TextAreaField(
        "Discounts that are shared in another way",
        description="A code or title a line with the vendors' part in percent: WELCOME10 = 0",
    )
    payment_fees_to = SelectField(
        "Payment fees are borne by",
        choices=_choices(_FEE_PARTIES),
        description="What Shopify Payments keeps of a payment. Other providers do not say what they keep.",
    )
    keep_payment_fee = BooleanField("Vendors bear the payment fee on refunds too")
    dispute_fee = StringField(
        "Fee for a chargeback", description="What Shopify Payments charges you in your country. 0: none."
    )
    dispute_fee_to = SelectField(
        "The fee for a lost one is borne by",
        choices=_choices([("marketplace", "You"), ("vendor", "The vendors who lost")]),
    )
    reserve = StringField("Kept in reserve", description="Percent of what becomes available. 0: no reserve.")
    reserve_days = WholeNumberField(
        "For how many days", [InputRequired("Enter a number of days."), _DAYS], description="After that, released."
    )

    def __init__(self, formdata: Any = None, *, settings: MoneySettings, currency: str) -> None:
        data = {
            "fee_tax": write_percent(settings.fee_tax_bps),
            "discount": write_percent(settings.discount_bps),
            "reserve": write_percent(settings.reserve_bps),
            "dispute_fee": str(Money(settings.dispute_fee_minor, currency).decimal),
        }
        super().__init__(formdata, obj=None if formdata else settings, data=data)
        if not formdata:
            self.discount_bearers.data = _write_bearers(settings.discount_bearers, "\n")
        self.currency = currency

    def validate_fee_tax(self, field: StringField) -> None:
        checked(read_percent, field)

    validate_discount = validate_reserve = validate_fee_tax

    def validate_dispute_fee(self, field: StringField) -> None:
        _read_minor(field, self.currency)

    def validate_discount_bearers(self, field: TextAreaField) -> None:
        checked(_read_bearers, field)

    def chosen(self) -> dict[str, Any]:
        """The checked choices by the names of MoneySettings."""
        names = ("shipping_to", "shipping_share", "sales_tax_to", "shipping_tax_to", "refund_bearer", "payment_fees_to")
        return {
            **{name: self[name].data for name in (*names, "dispute_fee_to", "reserve_days")},
            **{name: bool(self[name].data) for name in ("keep_commission", "keep_payment_fee")},
            "fee_tax_bps": read_percent(self.fee_tax.data or "0"),
            "discount_bps": read_percent(self.discount.data or "0"),
            "reserve_bps": read_percent(self.reserve.data or "0"),
            "dispute_fee_minor": _read_minor(self.dispute_fee, self.currency),
            "discount_bearers": _read_bearers(self.discount_bearers.data or ""),
        }


class VendorMoneyForm(Form):
    """For one vendor. Whatever is left empty is as for everybody; `shared` says what that is."""

    shipping_to = SelectField("Shipping goes to")
    shipping_share = SelectField("Part of shared shipping")
    shipping_tax_to = SelectField("Tax on shipping goes to")
    sales_tax_to = SelectField("Sales tax goes to")
    payment_fees_to = SelectField("Payment fees are borne by")
    keep_commission = SelectField("Commission on what is refunded")
    refund_bearer = SelectField("A refund or lost dispute without items")
    dispute_fee_to = SelectField("The fee for a lost chargeback is borne by")
    keep_payment_fee = SelectField("Payment fee on what is refunded")
    fee_tax = StringField("Tax on commission")
    discount = StringField("The vendor's part of discounts")
    hold_days = WholeNumberField("Days to hold money", [Optional(), _DAYS])
    payout_minimum = StringField("Smallest payout")
    reserve = StringField("Kept in reserve")
    reserve_days = WholeNumberField("Reserve for how many days", [Optional(), _DAYS])
    discount_bearers = TextAreaField(
        "Discounts that are shared in another way with this vendor",
        description="A code or title a line with the vendor's part in percent: WELCOME10 = 0",
    )
    payout_schedule = SelectField("Payouts are prepared")
    payout_weekday = SelectField(
        "On", choices=[SelectChoice(str(number), name) for number, name in enumerate(WEEKDAYS, start=1)], default="1"
    )
    payout_month_day = WholeNumberField(
        "Day of the month", [MonthDay("payout_schedule")], description="1 to 28, for every month."
    )
    shipping_names = StringField(
        "Shipping of this vendor alone",
        description="Names or codes of shipping rates, separated by commas. Such a line goes to this vendor whole.",
    )

    def __init__(
        self, formdata: Any = None, *, shared: Terms, overrides: Mapping[str, Any], currency: str, schedule: str
    ) -> None:
        super().__init__(formdata, data=None if formdata else _typed(overrides, currency))
        self.currency = currency
        told = described(shared, currency)
        parties = [("vendor", "The vendor"), ("marketplace", "You")]
        for name, pairs in (
            ("shipping_to", parties),
            ("shipping_share", _SHARES),
            ("shipping_tax_to", parties),
            ("sales_tax_to", parties),
            ("payment_fees_to", [("marketplace", "You"), ("vendor", "The vendor"), ("shared", "Both")]),
            ("keep_commission", [("yes", "You keep it"), ("no", "You give it back")]),
            ("keep_payment_fee", [("yes", "The vendor bears it"), ("no", "You bear it")]),
            (
                "refund_bearer",
                [("spread", "The vendor bears their part"), ("marketplace", "You bear the vendor's part")],
            ),
            ("dispute_fee_to", [("marketplace", "You"), ("vendor", "The vendor, by what they lost")]),
        ):
            field: Any = self[name]
            field.choices = _choices([("", f"As for everybody: {told[name]}"), *pairs])
        everybody = ("", f"As for everybody: {schedule}")
        self.payout_schedule.choices = _choices([everybody, *SCHEDULE_WORDS.items()])
        for name in ("fee_tax", "discount", "hold_days", "payout_minimum", "reserve", "reserve_days"):
            self[name].description = f"Empty: as for everybody, {told[name]}."

    def validate_fee_tax(self, field: StringField) -> None:
        if (field.data or "").strip():
            checked(read_percent, field)

    validate_discount = validate_reserve = validate_fee_tax

    def validate_discount_bearers(self, field: TextAreaField) -> None:
        checked(_read_bearers, field)

    def validate_payout_minimum(self, field: StringField) -> None:
        if (field.data or "").strip():
            _read_minor(field, self.currency)

    def chosen(self) -> dict[str, Any]:
        """The checked choices by the names of Terms; None where it is as for everybody."""
        words = [word.strip().lower() for word in (self.shipping_names.data or "").split(",")]
        return {
            **{name: self[name].data or None for name in ("shipping_to", "shipping_tax_to", "sales_tax_to")},
            **{name: self[name].data or None for name in ("payment_fees_to", "refund_bearer", "dispute_fee_to")},
            "shipping_share": self.shipping_share.data or None,
            **{name: _YES_NO.get(self[name].data) for name in ("keep_commission", "keep_payment_fee")},
            **{f"{name}_bps": self._percent(name) for name in ("fee_tax", "discount", "reserve")},
            "hold_days": self.hold_days.data,
            "reserve_days": self.reserve_days.data,
            "payout_minimum_minor": self._minimum(),
            "payout_schedule": self._schedule(),
            "discount_bearers": _read_bearers(self.discount_bearers.data or ""),
            "shipping_names": tuple(filter(None, words)),
        }

    def _percent(self, name: str) -> Decimal | None:
        text = (self[name].data or "").strip()
        return read_percent(text) if text else None

    def _schedule(self) -> dict[str, Any] | None:
        chosen = self.payout_schedule.data
        day = self.payout_month_day.data or 1 if chosen == "monthly" else int(self.payout_weekday.data or 1)
        return {"schedule": chosen, "day": 1 if chosen == "manual" else day} if chosen else None

    def _minimum(self) -> int | None:
        text = (self.payout_minimum.data or "").strip()
        return read_amount(text, self.currency).minor if text else None


_YES_NO: Final = {"yes": True, "no": False}


def described(terms: Terms, currency: str) -> dict[str, str]:
    """What holds, in words, by the names of the vendor's form."""
    parties = {"vendor": "the vendors", "marketplace": "you", "shared": "both"}
    return {
        **{n: parties[getattr(terms, n)] for n in ("shipping_to", "shipping_tax_to", "sales_tax_to")},
        "shipping_share": SHARES[terms.shipping_share],
        "payment_fees_to": parties[terms.payment_fees_to],
        "refund_bearer": "you bear it" if terms.refund_bearer == "marketplace" else "shared by the lines of the order",
        "dispute_fee_to": parties[terms.dispute_fee_to],
        "keep_commission": "you keep it" if terms.keep_commission else "you give it back",
        "keep_payment_fee": "the vendors bear it" if terms.keep_payment_fee else "you bear it",
        **{n: f"{write_percent(getattr(terms, f'{n}_bps'))} %" for n in ("fee_tax", "discount", "reserve")},
        **{n: f"{getattr(terms, n)} days" for n in ("hold_days", "reserve_days")},
        "payout_minimum": str(Money(terms.payout_minimum_minor, currency)),
        "discount_bearers": _write_bearers(terms.discount_bearers, ", "),
        "shipping_names": ", ".join(terms.shipping_names),
    }


def _typed(overrides: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Stored overrides as the form's fields hold them."""
    known = {field.name for field in fields(Terms)}
    typed: dict[str, Any] = {name: value for name, value in overrides.items() if name in known}
    for name in ("keep_commission", "keep_payment_fee"):
        if name in typed:
            typed[name] = "yes" if typed[name] else "no"
    for name in ("fee_tax", "discount", "reserve"):
        if f"{name}_bps" in typed:
            typed[name] = write_percent(Decimal(typed[f"{name}_bps"]))
    if "payout_minimum_minor" in typed:
        typed["payout_minimum"] = str(Money(typed["payout_minimum_minor"], currency).decimal)
    if own := typed.pop("payout_schedule", None):
        typed["payout_schedule"] = own["schedule"]
        typed["payout_month_day" if own["schedule"] == "monthly" else "payout_weekday"] = own["day"]
    typed["discount_bearers"] = _write_bearers(typed.get("discount_bearers", {}), "\n")
    typed["shipping_names"] = ", ".join(typed.get("shipping_names", ()))
    return typed


def _read_minor(field: StringField, currency: str) -> int:
    """Minor units of an amount that is not negative. Raises ValidationError."""
    try:
        amount = read_amount(field.data or "0", currency)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    if amount.minor < 0:
        raise ValidationError("Enter 0 or more.")
    return amount.minor


def _read_bearers(text: str) -> dict[str, str]:
    """Lines such as "WELCOME10 = 50" → {"WELCOME10": "5000"}. Raises ValueError naming the line."""
    bearers = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, percent = line.rpartition("=")
        if not sign or not name.strip():
            raise ValueError(f"Write “{line[:40]}” as CODE = 50, with the vendors' part in percent.")
        code = name.strip().upper()
        if code in bearers:
            raise ValueError(f"“{code[:40]}” stands here twice. Keep the line that counts.")
        bearers[code] = str(read_percent(percent))
    return bearers


def _write_bearers(bearers: Mapping[str, Any], between: str) -> str:
    return between.join(f"{name} = {write_percent(Decimal(bps))}" for name, bps in sorted(bearers.items()))
