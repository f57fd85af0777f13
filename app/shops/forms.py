"""The merchant's settings as they are typed, with one sentence beside whatever cannot be."""

from typing import Any
from urllib.parse import urlsplit

from wtforms import BooleanField, Form, StringField, TextAreaField, URLField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from app.appearance.colour import parse_colour
from app.config import get_config
from app.models.shops import Shop, ShopSettings
from app.money import Money, read_amount
from app.typed import WholeNumberField

HOLD_DAYS_AT_MOST = 180


class SettingsForm(Form):
    """Bind with `SettingsForm(formdata, shop=shop, settings=settings)`."""

    auto_approve_vendors = BooleanField("Approve vendors automatically")
    auto_approve_products = BooleanField("Publish products automatically")
    price_band = WholeNumberField(
        "Price changes that go live at once",
        description="Up to this much above or below the last price that you approved. 0: each one waits for you.",
        validators=[
            Optional(),
            NumberRange(0, 100, "Choose between 0 and 100 %%."),
        ],
    )
    vendors_may_cancel = BooleanField("Vendors may cancel items themselves")
    vendors_are_collected = BooleanField("Collect from vendors and send yourself")
    buyer_days = WholeNumberField(
        "Days vendors see a customer's name and address",
        description="Counted from the delivery. Afterwards they are removed from the vendor's pages.",
        validators=[
            InputRequired("Enter a number of days."),
            NumberRange(1, 365, "Choose between 1 and 365 days."),
        ],
    )
    review_days = WholeNumberField(
        "Days until vendors get an answer",
        description="Vendors read it when they send something. The queue shows what is overdue. 0 promises nothing.",
        validators=[Optional(), NumberRange(0, 60, "Choose between 0 and 60 days.")],
    )
    hold_days = WholeNumberField(
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
        "Terms for vendors",
        description="Vendors accept them when they apply. Each change is a new version.",
        validators=[Length(max=20000, message="Use at most 20,000 characters.")],
    )
    accent_color = StringField(
        "Colour of the vendor portal",
        description="Such as #0b6e5f. Where it would be hard to read, a darker or lighter shade of it is used.",
    )
    logo_url = URLField(
        "Address of your logo",
        description="A square picture, for example from Content > Files in your admin. Empty shows your initial.",
        validators=[Length(max=500, message="Use at most 500 characters.")],
    )

    def __init__(self, formdata: Any = None, *, shop: Shop, settings: ShopSettings) -> None:
        minimum = Money(settings.payout_minimum_minor, shop.currency)
        super().__init__(
            formdata,
            obj=settings,
            data={"payout_minimum": str(minimum.decimal), "price_band": settings.price_band_bps // 100},
        )
        self.currency = shop.currency
        self.minimum = minimum

    def validate_payout_minimum(self, field: StringField) -> None:
        try:
            self.minimum = read_amount(field.data or "0", self.currency)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if self.minimum.minor < 0:
            raise ValidationError("A payout cannot be less than nothing. Enter 0 or more.")

    def validate_accent_color(self, field: StringField) -> None:
        if field.data and parse_colour(field.data) is None:
            raise ValidationError("Write the colour as # and six digits or letters from a to f, such as #0b6e5f.")

    def validate_logo_url(self, field: URLField) -> None:
        field.data = (field.data or "").strip()
        if field.data and not _is_picture_address(field.data):
            raise ValidationError("Enter the picture's whole address. It begins with https://.")

    def validate_mail_from_name(self, field: StringField) -> None:
        if any(not character.isprintable() for character in field.data or ""):
            raise ValidationError("Use letters, digits and spaces only.")


def _is_picture_address(text: str) -> bool:
    """Whether a page may show a picture from there: over TLS, or from the configured content network."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if not parts.netloc or any(character in text for character in "\"'()\\ ;,"):
        return False
    return parts.scheme == "https" or parts.netloc == urlsplit(get_config().shopify_cdn_url).netloc
