"""A rule for approval as it is typed."""

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, Form, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from app.money import Money, read_amount
from app.products.approval_rules import FIELDS, KINDS, Conditions
from app.typed import WholeNumberField, at_most, tidy


class RuleForm(Form):
    """`held` are the conditions to start from, `data` the name and the switch; `vendors` and `groups`: id → name."""

    name = StringField(
        "Name",
        filters=[tidy],
        description="You read it in the history of what it approved.",
        validators=[InputRequired("Give the rule a name."), at_most(80)],
    )
    is_on = BooleanField("Use this rule")
    kind = SelectField("What it approves", choices=[SelectChoice(*pair) for pair in KINDS.items()])
    vendors = SelectMultipleField("Vendors", coerce=int, validators=[Optional()])
    groups = SelectMultipleField("Vendor groups", coerce=int, validators=[Optional()])
    category = StringField(
        "Category",
        filters=[tidy],
        description="Also everything below it, such as Home & Garden > Decor. Empty: any.",
        validators=[at_most(255)],
    )
    price_from = StringField("Price from", description="Every variant costs at least this. Empty: any.")
    price_to = StringField("Price to", description="Every variant costs at most this. Empty: any.")
    fields = SelectMultipleField(
        "Only edits of", choices=[SelectChoice(*pair) for pair in FIELDS.items()], validators=[Optional()]
    )
    most_move = WholeNumberField(
        "Price changes up to",
        description="From the last price that one of you approved. Empty: any.",
        validators=[Optional(), NumberRange(0, 100, "Choose between 0 and 100 %%.")],
    )

    def __init__(
        self,
        formdata: Any = None,
        *,
        currency: str,
        vendors: Mapping[int, str],
        groups: Mapping[int, str],
        held: Conditions,
        data: Mapping[str, Any],
    ) -> None:
        self.currency = held.price_currency or currency
        """A band stays in the currency that the shop had when it was written."""
        prices = {
            name: str(Money(minor, self.currency).decimal) if (minor := getattr(held, name)) is not None else ""
            for name in ("price_from", "price_to")
        }
        move = None if held.most_move_bps is None else held.most_move_bps // 100
        chosen = {"vendors": sorted(held.vendor_ids), "groups": sorted(held.group_ids), "fields": sorted(held.fields)}
        kept = {"kind": held.kind, "category": held.category, "most_move": move}
        super().__init__(formdata, data={**kept, **chosen, **prices, **data})
        self.vendors.choices = [SelectChoice(*pair) for pair in vendors.items()]
        self.groups.choices = [SelectChoice(*pair) for pair in groups.items()]
        self.amounts: dict[str, int | None] = {"price_from": None, "price_to": None}

    def validate_price_from(self, field: StringField) -> None:
        self._read(field)

    def validate_price_to(self, field: StringField) -> None:
        self._read(field)
        lowest, highest = self.amounts["price_from"], self.amounts["price_to"]
        if lowest is not None and highest is not None and highest < lowest:
            raise ValidationError("This is below “Price from”, so no price would fit.")

    @property
    def conditions(self) -> Conditions:
        """Only after `validate()` said yes."""
        return Conditions(
            kind=self.kind.data,
            vendor_ids=frozenset(self.vendors.data or ()),
            group_ids=frozenset(self.groups.data or ()),
            category=self.category.data or "",
            fields=frozenset(self.fields.data or ()) if self.kind.data != "new" else frozenset(),
            most_move_bps=None if self.most_move.data is None or self.kind.data == "new" else self.most_move.data * 100,
            **self.amounts,
            price_currency=self.currency if any(amount is not None for amount in self.amounts.values()) else None,
        )

    def _read(self, field: StringField) -> None:
        text = (field.data or "").strip()
        if not text:
            return
        try:
            amount = read_amount(text, self.currency).minor
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if amount < 0:
            raise ValidationError("A price is never below zero.")
        self.amounts[field.name] = amount
