"""Money as integers in a currency's minor unit. Nothing here ever touches a float.

Exponents follow ISO 4217. Rounding is half away from zero; splitting is by largest remainder, ties by position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())  # noqa: SIM905
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())  # noqa: SIM905

_ALL_BPS = Decimal(10000)
_TOO_MUCH = Decimal(10) ** 12
"""Amounts of that size are slips of the hand, and sums of them would leave 64 bits."""


def minor_exponent(currency: str) -> int:
    """How many decimals the currency has: JPY 0, USD 2, KWD 3."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units beside its currency. Two currencies are never added."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other).minor

    def __bool__(self) -> bool:
        return self.minor != 0

    @property
    def decimal(self) -> Decimal:
        """The amount in major units: Money(1234, "USD") is Decimal("12.34")."""
        return Decimal(self.minor).scaleb(-minor_exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal:.{minor_exponent(self.currency)}f} {self.currency}"

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added or compared")
        return other


def parse_money(text: str | None, currency: str) -> Money:
    """Shopify's decimal string in major units. Missing means zero; excess digits round half away from zero."""
    return Money(parse_minor(text, currency), currency)


@lru_cache(4096)
def parse_minor(text: str | None, currency: str) -> int:
    """The same in minor units. An order has some twenty amounts, and orders of a shop often the same ones."""
    whole, _, decimals = (text or "0").partition(".")
    if len(decimals) == minor_exponent(currency) and (digits := whole + decimals).isdecimal() and digits.isascii():
        return int(digits)
    return to_minor(Decimal(text or "0"), currency)


def to_minor(amount: Decimal, currency: str) -> int:
    return round_half_away(amount.scaleb(minor_exponent(currency)))


def round_half_away(amount: Decimal) -> int:
    """To the nearest integer, halves away from zero (Decimal calls this HALF_UP)."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def take_bps(amount: int, bps: Decimal) -> int:
    """So many basis points of the amount, rounded. Nearly always none or all of them, which takes no reckoning."""
    if not bps:
        return 0
    return amount if bps == _ALL_BPS else round_half_away(amount * bps / _ALL_BPS)


def read_amount(text: str, currency: str) -> Money:
    """A person's input such as "1234.50". Raises ValueError with a sentence when it is no amount of this currency."""
    try:
        amount = Decimal(text.strip().replace(" ", ""))
    except InvalidOperation:
        raise ValueError("Enter an amount in digits, such as 12.50.") from None
    if not amount.is_finite():
        raise ValueError("Enter an amount in digits, such as 12.50.")
    if abs(amount) >= _TOO_MUCH:
        raise ValueError("This amount is too large. Check it for digits too many.")
    exponent = minor_exponent(currency)
    if amount != amount.quantize(Decimal(1).scaleb(-exponent)):
        raise ValueError(f"{currency} amounts have at most {exponent} decimals.")
    return Money(to_minor(amount, currency), currency)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units by non-negative `weights`, so that the parts add up exactly.

    Largest remainder, ties by position. All weights zero: equal shares. No weights: an empty list (total must be 0).
    """
    if not weights:
        if total:
            raise ValueError("an amount cannot be split over nothing")
        return []
    if any(weight < 0 for weight in weights):
        raise ValueError("weights are never negative")
    if len(weights) == 1:
        return [total]
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole, sign = sum(shares), -1 if total < 0 else 1
    floors = [abs(total) * share // whole for share in shares]
    if left := abs(total) - sum(floors):
        remainders = [abs(total) * share % whole for share in shares]
        for i in sorted(range(len(shares)), key=lambda i: -remainders[i])[:left]:
            floors[i] += 1
    return [sign * part for part in floors]
