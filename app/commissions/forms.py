"""A commission rule and the simulator's question as they are typed."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    Field,
    Form,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from app.commissions.rules import Conditions, Rule, SoldLine
from app.commissions.schedules import LAST_DAY
from app.commissions.service import Draft
from app.money import Money, read_amount
from app.typed import WholeNumberField, read_number

HOLD_DAYS_AT_MOST: Final = 365
_DAYS: Final = f"Choose between 0 and {HOLD_DAYS_AT_MOST} days, or leave it empty."
_AS_AGREED: Final = "After the parcel was sent. Empty: as agreed with the vendor, or with all."
_UTC: Final = ZoneInfo("UTC")


def read_percent(text: str) -> Decimal:
    """Of "7.59": 759 basis points. Raises ValueError with a sentence."""
    try:
        percent = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation:
        raise ValueError("Enter a percentage in digits, such as 12.5.") from None
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise ValueError("Choose between 0 and 100 %.")
    bps = abs(percent) * 100  # -0 is 0
    if bps != bps.quantize(Decimal("0.01")):
        raise ValueError("Use at most four decimals.")
    return bps


def write_percent(bps: Decimal) -> str:
    """759 basis points → "7.59"."""
    return f"{(bps / 100).normalize():f}"


class RuleForm(Form):
    """Bind with `RuleForm(formdata, currency=…, vendors=[(id, name), …])`; `draft()` after `validate()`."""

    name = StringField(
        "Name",
        [InputRequired("Give the rule a name, so that you recognise it."), Length(max=80)],
        description="Only you see it, and vendors as the reason for their commission.",
    )
    rate = StringField(
        "Commission",
        [InputRequired("Enter a percentage. 0 takes none.")],
        description="Percent of the price after the vendor's discounts.",
    )
    flat = StringField("Plus per item", description="A fixed amount for each unit. Empty: none.")
    floor = StringField("At least, per line", description="Empty: no minimum.")
    cap = StringField("At most, per line", description="Empty: no maximum.")
    net_of_tax = BooleanField("Take included tax out first")
    with_shipping = BooleanField("Take the percentage of the shipping too")
    hold_days = WholeNumberField(
        "Days to hold money", [Optional(), NumberRange(0, HOLD_DAYS_AT_MOST, _DAYS)], description=_AS_AGREED
    )
    vendors = SelectMultipleField("Vendors", coerce=int)
    groups = SelectMultipleField("Vendor groups", coerce=int)
    products = StringField("Products")
    categories = StringField("Categories")
    collections = StringField("Collections")
    labels = HiddenField()
    """What the pickers call what was picked: JSON, by gid."""
    tags = StringField("Tags", description="Separated by commas; one is enough.")
    price_from = StringField("Unit price from")
    price_to = StringField("Unit price below")
    ordered_from = DateField("Ordered from", [Optional()])
    ordered_to = DateField("Ordered before", [Optional()])
    counts_from = DateField("Counts from", [Optional()], description="Empty: from now on.")

    def __init__(
        self,
        formdata: Any = None,
        *,
        currency: str,
        vendors: list[tuple[int, str]],
        groups: Sequence[tuple[int, str]] = (),
        zone: ZoneInfo = _UTC,
        rule: Rule | None = None,
        begins: datetime | None = None,
    ) -> None:
        """`begins`: for when the rule is planned; None: it is in force, or new."""
        super().__init__(formdata, data=_values(rule, currency, zone, begins) if rule else None)
        self.currency, self.zone, self.rule = currency, zone, rule
        self.band_currency = rule.conditions.price_currency or currency if rule else currency
        """A band stays in the currency that the shop had when it was written."""
        self.vendors.choices = [SelectChoice(number, name) for number, name in vendors]
        self.groups.choices = [SelectChoice(number, name) for number, name in groups]
        self.is_default = bool(rule and rule.is_default)

    def validate_rate(self, field: StringField) -> None:
        checked(read_percent, field)

    def validate_flat(self, field: StringField) -> None:
        self._amount(field)

    def validate_floor(self, field: StringField) -> None:
        self._amount(field)

    def validate_cap(self, field: StringField) -> None:
        cap, floor = self._amount(field), self._amount(self.floor, quiet=True)
        if cap is not None and floor is not None and cap < floor:
            raise ValidationError("The most cannot be below the least.")

    def validate_price_from(self, field: StringField) -> None:
        self._amount(field)

    def validate_price_to(self, field: StringField) -> None:
        high, low = self._amount(field), self._amount(self.price_from, quiet=True)
        if high is not None and low is not None and high <= low:
            raise ValidationError("The upper price must be above the lower one.")

    def validate_ordered_to(self, field: DateField) -> None:
        if field.data and self.ordered_from.data and field.data <= self.ordered_from.data:
            raise ValidationError("The end must be after the beginning.")

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        fine: bool = super().validate(extra_validators)
        if fine and not self.is_default and self._conditions().is_empty:
            self.vendors.errors = [
                "Choose at least one condition. A rule without any never fires; only the default has none."
            ]
            return False
        return fine

    def draft(self) -> Draft:
        return Draft(
            name=(self.name.data or "").strip(),
            rate_bps=read_percent(self.rate.data or "0"),
            conditions=Conditions() if self.is_default else self._conditions(),
            flat=self._by_currency(self.flat),
            floor=self._by_currency(self.floor),
            cap=self._by_currency(self.cap),
            net_of_tax=bool(self.net_of_tax.data),
            with_shipping=bool(self.with_shipping.data),
            hold_days=None if self.is_default else self.hold_days.data,
            labels=self.known_labels(),
        )

    def start(self) -> datetime | None:
        """From when on it counts; None: from now on."""
        return _midnight(self.counts_from, self.zone)

    def known_labels(self) -> dict[str, str]:
        """By gid, as far as they are readable."""
        try:
            given = json.loads(self.labels.data or "{}")
        except ValueError:
            return {}
        return {str(gid): str(name)[:200] for gid, name in given.items()} if isinstance(given, dict) else {}

    def _conditions(self) -> Conditions:
        return Conditions(
            vendor_ids=frozenset(self.vendors.data or ()),
            group_ids=frozenset(self.groups.data or ()),
            product_gids=_gids("Product", self.products),
            category_gids=_gids("TaxonomyCategory", self.categories),
            collection_gids=_gids("Collection", self.collections),
            tags=frozenset(tag.lower() for tag in _split(self.tags)),
            price_from=self._amount(self.price_from, quiet=True),
            price_to=self._amount(self.price_to, quiet=True),
            price_currency=self.band_currency,
            ordered_from=_midnight(self.ordered_from, self.zone),
            ordered_to=_midnight(self.ordered_to, self.zone),
        )

    def _by_currency(self, field: StringField) -> dict[str, int]:
        """The field's amount, beside those that the rule has in other currencies."""
        amount = self._amount(field, quiet=True)
        held = getattr(self.rule, field.name) if self.rule else {}
        others = {currency: minor for currency, minor in held.items() if currency != self.currency}
        return others if amount is None else {**others, self.currency: amount}

    def _amount(self, field: StringField, *, quiet: bool = False) -> int | None:
        """Minor units, or None when the field is empty (or, quietly, when it is no amount)."""
        if not (field.data or "").strip():
            return None
        currency = self.band_currency if field in (self.price_from, self.price_to) else self.currency
        try:
            amount = read_amount(field.data or "", currency)
        except ValueError as error:
            if quiet:
                return None
            raise ValidationError(str(error)) from None
        if amount.minor < 0:
            raise ValidationError("Enter 0 or more.")
        return amount.minor


class SimulatorForm(Form):
    """A line that might be sold."""

    vendor = SelectField("Vendor", coerce=int)
    price = StringField("Unit price", [InputRequired("Enter a price, such as 12.50.")])
    quantity = StringField("Quantity", default="1")
    product = StringField("Product")
    category = StringField("Category")
    collection = StringField("Collection")
    tags = StringField("Tags")

    def __init__(self, formdata: Any = None, *, currency: str, vendors: list[tuple[int, str]]) -> None:
        super().__init__(formdata)
        self.currency = currency
        self.vendor.choices = [SelectChoice(number, name) for number, name in vendors]

    def validate_price(self, field: StringField) -> None:
        checked(lambda text: read_amount(text, self.currency), field)
        if read_amount(field.data or "", self.currency).minor < 0:
            raise ValidationError("Enter 0 or more.")

    def validate_quantity(self, field: StringField) -> None:
        if not 1 <= (read_number(field.data) or 0) <= 10_000:
            raise ValidationError("Enter a number from 1 to 10,000.")

    def line(self, at: datetime) -> SoldLine:
        return SoldLine(
            vendor_id=self.vendor.data,
            product_gid=next(iter(_gids("Product", self.product)), None),
            category_gid=next(iter(_gids("TaxonomyCategory", self.category)), None),
            collection_gids=_gids("Collection", self.collection),
            tags=frozenset(tag.lower() for tag in _split(self.tags)),
            unit_price=read_amount(self.price.data or "0", self.currency).minor,
            currency=self.currency,
            ordered_at=at,
        )


def _values(rule: Rule, currency: str, zone: ZoneInfo, begins: datetime | None) -> dict[str, Any]:
    wanted = rule.conditions

    def amount(minor: int | None, of: str = currency) -> str:
        return "" if minor is None else str(Money(minor, of).decimal)

    return {
        "name": rule.name,
        "rate": write_percent(rule.rate_bps),
        "flat": amount(rule.flat.get(currency)),
        "floor": amount(rule.floor.get(currency)),
        "cap": amount(rule.cap.get(currency)),
        "net_of_tax": rule.net_of_tax,
        "with_shipping": rule.with_shipping,
        "hold_days": rule.hold_days,
        "vendors": sorted(wanted.vendor_ids),
        "groups": sorted(wanted.group_ids),
        "products": _codes(wanted.product_gids),
        "categories": _codes(wanted.category_gids),
        "collections": _codes(wanted.collection_gids),
        "labels": json.dumps(dict(rule.labels)),
        "tags": ", ".join(sorted(wanted.tags)),
        "price_from": amount(wanted.price_from, wanted.price_currency or currency),
        "price_to": amount(wanted.price_to, wanted.price_currency or currency),
        "ordered_from": wanted.ordered_from.astimezone(zone).date() if wanted.ordered_from else None,
        "ordered_to": wanted.ordered_to.astimezone(zone).date() if wanted.ordered_to else None,
        "counts_from": begins.astimezone(zone).date() if begins else None,
    }


def _split(field: StringField) -> list[str]:
    return [part.strip() for part in (field.data or "").split(",") if part.strip()]


def _gids(kind: str, field: StringField) -> frozenset[str]:
    return frozenset(f"gid://shopify/{kind}/{code.rpartition('/')[2]}" for code in _split(field))


def _codes(gids: Iterable[str]) -> str:
    return ", ".join(sorted(gid.rpartition("/")[2] for gid in gids))


def _midnight(field: DateField, zone: ZoneInfo) -> datetime | None:
    """The beginning of the day in the shop's time zone."""
    day = field.data
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) if day else None


class MonthDay:
    """For a day of the month that counts only where the field `schedule` says monthly; elsewhere nobody looks at it."""

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule

    def __call__(self, form: Any, field: Any) -> None:
        if form[self.schedule].data != "monthly" or not any(field.raw_data or ()):
            field.errors.clear()
        if form[self.schedule].data == "monthly" and not field.errors and not 1 <= (field.data or 0) <= LAST_DAY:
            raise ValidationError(f"Enter a day from 1 to {LAST_DAY}: later ones do not come every month.")


def checked(read: Callable[[str], object], field: Field) -> None:
    try:
        read(field.data or "")
    except ValueError as error:
        raise ValidationError(str(error)) from None
