"""The account that pays the vendors, as it is typed."""

import re
from typing import Any, Final

from stdnum import bic as bic_number
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError as NumberError
from wtforms import Form, StringField
from wtforms.validators import InputRequired, Length, ValidationError

_SPACES: Final = re.compile(r"\s+")


class PayerForm(Form):
    """Bind with `PayerForm(formdata, last4="3000")`: with an account on file an empty IBAN keeps it."""

    name = StringField("Account holder", [InputRequired("Enter the name on your bank account."), Length(max=70)])
    iban = StringField("IBAN")
    bic = StringField("BIC", description="Only if your bank asks for it.")

    def __init__(self, formdata: Any = None, *, name: str, last4: str, bic: str) -> None:
        super().__init__(formdata, data={"name": name, "bic": bic})
        self.last4 = last4

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
