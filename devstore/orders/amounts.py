"""Amounts: decimal strings at the edges, integers of the currency's minor unit in between."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_ZERO_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def exponent(currency: str) -> int:
    """Digits after the decimal point, by ISO 4217."""
    if currency in _ZERO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def minor(amount: str, currency: str) -> int:
    """Minor units of a decimal string. Raises ValueError when it is no amount of that currency."""
    try:
        scaled = Decimal(amount).scaleb(exponent(currency))
        whole = int(scaled)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise ValueError(f"'{amount}' is not an amount of money") from error
    if scaled != whole:
        raise ValueError(f"'{amount}' has more decimals than {currency} has")
    return whole


def text(amount_minor: int, currency: str) -> str:
    """Decimal string of an amount in minor units: ``text(1050, "USD") == "10.50"``."""
    places = exponent(currency)
    return f"{Decimal(amount_minor).scaleb(-places):.{places}f}"


def rounded(value: Decimal) -> int:
    """Nearest integer, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def convert(amount_minor: int, rate: Decimal, source: str, target: str) -> int:
    """An amount of ``source`` in minor units of ``target``, one unit of source being worth ``rate`` of target."""
    return rounded(Decimal(amount_minor) * rate * Decimal(10) ** (exponent(target) - exponent(source)))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` by weight with the largest remainder, ties by position; the parts add up exactly.

    Weights that are all zero give everything to the first. Raises ValueError without weights.
    """
    if not weights:
        raise ValueError("There is nothing to share the amount over")
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    sign = -1 if total < 0 else 1
    parts = [abs(total) * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(abs(total) * weights[at] % whole), at))
    for at in by_remainder[: abs(total) - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]
