"""What several answers share. The same structs parse, answer, and are described at /api/v1/openapi.json."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from app import money
from app.errors import ValidationErrors

T = TypeVar("T")

Moment = Annotated[datetime, Meta(tz=True)]
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["USD"])]

Bps = Annotated[Decimal, Meta(description="Basis points with at most two decimals: 759.5 is 7.595 %.")]


class Amount(msgspec.Struct, frozen=True):
    """An amount of money: the integer is the truth, `amount` is the same for people."""

    minor: Annotated[int, Meta(description="In the currency's smallest unit: 1234 is 12.34 USD, and 1234 JPY.")]
    currency: Currency
    amount: Annotated[str, Meta(description="In whole units, with the currency's decimals.", examples=["12.34"])]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list. Ask for the next with the same filters and `cursor`, until `next_cursor` is null."""

    data: list[T]
    next_cursor: str | None


class Listing(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What every list takes; lists add their own filters."""

    limit: Annotated[int, Meta(ge=1, le=200, description="How many at most.")] = 50
    cursor: Annotated[str, Meta(max_length=2000, description="`next_cursor` of the part before.")] | None = None


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why. The vendor reads it."""

    reason: Annotated[str, Meta(max_length=1000)] | None = None


def amount(minor: int, currency: str) -> Amount:
    value = money.Money(minor, currency)
    return Amount(minor, currency, f"{value.decimal:.{money.minor_exponent(currency)}f}")


def amount_of(value: money.Money) -> Amount:
    return amount(value.minor, value.currency)


def check_bps(value: Decimal, place: str) -> None:
    """Raises ValidationErrors at `place` for what is no rate from 0 to 100 %."""
    if not value.is_finite() or not 0 <= value <= 10_000:
        raise ValidationErrors({place: "Choose between 0 and 10000 basis points, which are 100 %."})
    if value != value.quantize(Decimal("0.01")):
        raise ValidationErrors({place: "Use at most two decimals."})
