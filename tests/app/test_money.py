"""Amounts are integers, add only with their like, and split without losing a unit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import Money, minor_exponent, parse_money, read_amount, round_half_away, split


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.34", "USD", 1234), ("1200", "JPY", 1200), ("1.234", "KWD", 1234), (None, "EUR", 0), ("-0.05", "EUR", -5)],
)
def test_shopifys_decimals_become_minor_units(text: str | None, currency: str, minor: int) -> None:
    assert parse_money(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(("amount", "rounded"), [("0.5", 1), ("-0.5", -1), ("1.49", 1), ("2.5", 3), ("-2.5", -3)])
def test_halves_go_away_from_zero(amount: str, rounded: int) -> None:
    assert round_half_away(Decimal(amount)) == rounded


def test_two_currencies_are_never_added_or_compared() -> None:
    dollars, euros = Money(100, "USD"), Money(100, "EUR")
    with pytest.raises(ValueError, match="USD and EUR"):
        _ = dollars + euros
    with pytest.raises(ValueError, match="USD and EUR"):
        _ = dollars < euros


def test_amounts_of_one_currency_are_added_compared_and_turned_round() -> None:
    three, two = Money(300, "USD"), Money(200, "USD")
    assert (three + two, three - two, -three) == (Money(500, "USD"), Money(100, "USD"), Money(-300, "USD"))
    assert two < three
    assert not three < Money(300, "USD")
    assert three <= Money(300, "USD")
    assert not three <= two
    assert (bool(two), bool(Money(1, "USD")), bool(Money(0, "USD"))) == (True, True, False)


@pytest.mark.parametrize(
    ("typed", "currency", "words"),
    [
        ("twelve", "USD", "Enter an amount in digits, such as 12.50."),
        ("inf", "USD", "Enter an amount in digits, such as 12.50."),
        ("1000000000000", "USD", "This amount is too large. Check it for digits too many."),
        ("-1000000000000", "USD", "This amount is too large. Check it for digits too many."),
        ("1.005", "USD", "USD amounts have at most 2 decimals."),
        ("1.5", "JPY", "JPY amounts have at most 0 decimals."),
    ],
)
def test_a_refused_amount_says_what_to_do(typed: str, currency: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        read_amount(typed, currency)


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        (" 1 234.50 ", "USD", 123450),
        ("999999999999.99", "USD", 99999999999999),
        ("-3", "JPY", -3),
        ("0.001", "KWD", 1),
    ],
)
def test_a_typed_amount_may_have_spaces_and_a_sign(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency) == Money(minor, currency)


def test_a_refused_split_says_why() -> None:
    with pytest.raises(ValueError, match=r"^an amount cannot be split over nothing$"):
        split(1, [])
    with pytest.raises(ValueError, match=r"^weights are never negative$"):
        split(1, [2, -1])


@pytest.mark.parametrize("typed", ["", "twelve", "1.234", "NaN", "inf", "1,50"])
def test_a_typed_amount_that_is_none_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValueError, match=r"digits|decimals"):
        read_amount(typed, "USD")


def test_an_amount_is_written_with_its_currencys_decimals() -> None:
    assert [str(Money(1234, code)) for code in ("USD", "JPY", "KWD")] == ["12.34 USD", "1234 JPY", "1.234 KWD"]
    assert minor_exponent("USD") == 2


def test_the_remainder_goes_to_the_largest_fraction_then_by_position() -> None:
    assert split(1000, [10000, 5000]) == [667, 333]
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(5, [0, 0]) == [3, 2]
    assert split(0, []) == []
    with pytest.raises(ValueError, match="over nothing"):
        split(1, [])


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_parts_always_add_up_and_never_change_sign(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)
    if any(weights):
        assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)
