"""The merchant's settings as they are typed, with one sentence beside whatever cannot be."""

from typing import Any

from wtforms import BooleanField, Form, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from app.models.shops import Shop, ShopSettings
from app.money import Money, read_amount

HOLD_DAYS_AT_MOST = 180


class SettingsForm(Form):
    """Bind with `SettingsForm(formdata, shop=shop, settings=settings)`."""

    auto_approve_vendors = BooleanField("Approve vendors automatically")
    auto_approve_products = BooleanField("Publish products automatically")
    hold_days = IntegerField(
        "Days to hold money",
        description="Counted from the shipment. Choose at least your return period.",
        validators=[
            InputRequired("Enter a number of days. 0 makes money available at once."),
            NumberRange(0, HOLD_DAYS_AT_MOST, f"Choose between 0 and {HOLD_DAYS_AT_MOST} days."),
        ],
    )
    payout_minimum = StringField(
        "Smallest payout", description="Smaller balances wait for the next payout. 0 pays out everything."
    )
    mail_from_name = StringField(
        "Sender's name in e-mails",
        description="Empty uses the name of your store.",
        validators=[Length(max=60, message="Use at most 60 characters.")],
    )
    terms_text = TextAreaField(
        "Terms for sellers",
        description="Sellers accept them when they apply. Each change is a new version.",
        validators=[Length(max=20000, message="Use at most 20,000 characters.")],
    )

    def __init__(self, formdata: Any = None, *, shop: Shop, settings: ShopSettings) -> None:
        minimum = Money(settings.payout_minimum_minor, shop.currency)
        super().__init__(formdata, obj=settings, data={"payout_minimum": str(minimum.decimal)})
        self.currency = shop.currency
        self.minimum = minimum

    def validate_payout_minimum(self, field: StringField) -> None:
        try:
            self.minimum = read_amount(field.data or "0", self.currency)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if self.minimum.minor < 0:
            raise ValidationError("A payout cannot be less than nothing. Enter 0 or more.")

    def validate_mail_from_name(self, field: StringField) -> None:
        if any(not character.isprintable() for character in field.data or ""):
            raise ValidationError("Use letters, digits and spaces only.")
