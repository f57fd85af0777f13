from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstore.orders.amounts import convert, minor, split, text
from devstore.orders.pricing import CartLine, Discount, Priced, price_cart, tax_of

TEN = Decimal("0.10")


def price(
    lines: Sequence[CartLine],
    discounts: Sequence[Discount] = (),
    *,
    shipping: int | None = None,
    rate: Decimal = Decimal(0),
    included: bool = False,
) -> Priced:
    return price_cart(lines, discounts, shipping=shipping, tax_rate=rate, taxes_included=included)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=12))
def test_a_split_adds_up_and_no_part_is_off_by_a_unit(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))


def test_a_remainder_goes_to_the_largest_fraction_and_ties_to_the_first() -> None:
    assert split(1000, [10000, 5000]) == [667, 333]
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(5, [0, 0]) == [5, 0]


def test_amounts_know_the_decimals_of_their_currency() -> None:
    assert minor("12.34", "USD") == 1234
    assert text(1234, "JPY") == "1234"
    assert text(1234, "KWD") == "1.234"
    assert convert(1000, Decimal("149.5"), "USD", "JPY") == 1495
    with pytest.raises(ValueError, match="more decimals than JPY has"):
        minor("1.5", "JPY")


def test_a_fixed_discount_is_shared_by_value_to_the_cent() -> None:
    priced = price([CartLine(1, 10000, 1), CartLine(2, 5000, 1)], [Discount("TEN", "fixed_amount", Decimal(1000))])
    assert [line.discount for line in priced.lines] == [667, 333]
    assert priced.total == 14000


def test_a_fixed_discount_never_exceeds_what_it_is_taken_from() -> None:
    priced = price([CartLine(1, 300, 1)], [Discount("FIVEOFF", "fixed_amount", Decimal(500))], shipping=690)
    assert priced.subtotal == 0
    assert priced.total == 690


def test_codes_apply_one_after_the_other_to_what_is_left() -> None:
    codes = [Discount("WELCOME10", "percentage", Decimal(10)), Discount("FIVEOFF", "fixed_amount", Decimal(500))]
    priced = price([CartLine(1, 10000, 1)], codes)
    assert [(share.discount, share.amount) for share in priced.lines[0].shares] == [(0, 1000), (1, 500)]


def test_a_code_for_one_product_leaves_the_others_alone() -> None:
    codes = [Discount("MUGS", "percentage", Decimal(20), frozenset({1}))]
    priced = price([CartLine(1, 500, 3), CartLine(2, 1000, 2)], codes, shipping=2000)
    assert [line.discount for line in priced.lines] == [300, 0]
    assert priced.total == 5200


def test_free_shipping_takes_the_shipping_and_nothing_else() -> None:
    priced = price([CartLine(1, 1000, 1)], [Discount("SHIP", "free_shipping", Decimal(0))], shipping=690, rate=TEN)
    assert priced.shipping is not None
    assert (priced.shipping.net, priced.shipping.tax) == (0, 0)
    assert priced.total == 1100


def test_tax_comes_on_top_or_is_inside() -> None:
    assert tax_of(1000, TEN, included=False) == 100
    assert tax_of(1100, TEN, included=True) == 100
    outside = price([CartLine(1, 1000, 1)], shipping=690, rate=TEN)
    inside = price([CartLine(1, 1000, 1)], shipping=690, rate=TEN, included=True)
    assert (outside.tax, outside.total) == (169, 1859)
    assert (inside.tax, inside.total) == (91 + 63, 1690)


def test_a_line_that_is_not_taxable_carries_no_tax() -> None:
    priced = price([CartLine(1, 1000, 1, taxable=False), CartLine(2, 1000, 1)], rate=TEN)
    assert [line.tax for line in priced.lines] == [0, 100]


lines = st.builds(CartLine, st.integers(1, 3), st.integers(0, 10**6), st.integers(1, 9), st.booleans())
codes = st.one_of(
    st.builds(Discount, st.just("P"), st.just("percentage"), st.integers(0, 100).map(Decimal)),
    st.builds(Discount, st.just("F"), st.just("fixed_amount"), st.integers(0, 10**6).map(Decimal)),
    st.builds(Discount, st.just("S"), st.just("free_shipping"), st.just(Decimal(0))),
)


@given(
    cart=st.lists(lines, min_size=1, max_size=6),
    discounts=st.lists(codes, max_size=3),
    shipping=st.integers(0, 5000),
    included=st.booleans(),
)
def test_every_cart_adds_up_and_no_line_is_negative(
    cart: list[CartLine], discounts: list[Discount], shipping: int, *, included: bool
) -> None:
    priced = price(cart, discounts, shipping=shipping, rate=Decimal("0.0875"), included=included)
    gross = sum(line.gross for line in cart) + shipping
    assert priced.total == gross - priced.discounts + (0 if included else priced.tax)
    assert all(part.net >= 0 for part in priced.parts)
