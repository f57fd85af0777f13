"""From available to reserved to sold, or back: by rule, whatever comes in whatever order."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reservations import rules
from app.reservations.rules import HOLDING, LASTS, Line, Look, ReservationState

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CART, CHECKOUT, PAYMENT = ReservationState.CART, ReservationState.CHECKOUT, ReservationState.PAYMENT
SOLD, RELEASED = ReservationState.SOLD, ReservationState.RELEASED

moments = st.integers(0, 40).map(lambda minutes: NOON + timedelta(minutes=minutes))
units = st.dictionaries(st.integers(1, 3), st.integers(1, 5), max_size=3)
looks = st.builds(Look, at=moments, stage=st.sampled_from([CART, CHECKOUT, PAYMENT]), units=units)
steps = st.one_of(
    st.tuples(st.just("look"), looks),
    st.tuples(st.just("sell"), st.tuples(units, moments)),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("expire"), moments),
)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def look(minutes: float, stage: ReservationState = CART, **held: int) -> Look:
    return Look(at(minutes), stage, {int(name[1:]): count for name, count in held.items()})


def states(held: Mapping[int, Line]) -> dict[int, str]:
    return {variant: line.state for variant, line in held.items()}


def apply(held: dict[int, Line], step: tuple[str, object]) -> dict[int, Line]:
    kind, given_ = step
    if kind == "look":
        assert isinstance(given_, Look)
        return rules.take_look(held, given_)
    if kind == "sell":
        assert isinstance(given_, tuple)
        return rules.sell(held, *given_)
    if kind == "cancel":
        return rules.cancel(held)
    assert isinstance(given_, datetime)
    return rules.expire(held, given_)


def test_a_cart_goes_through_checkout_and_payment_to_an_order() -> None:
    held = rules.take_look({}, look(0, v1=2, v2=1))
    held = rules.take_look(held, look(1, CHECKOUT, v1=2, v2=1))
    held = rules.take_look(held, look(2, PAYMENT, v1=2, v2=1))
    assert states(held) == {1: PAYMENT, 2: PAYMENT}
    held = rules.sell(held, {1: 2}, at(3))
    assert states(held) == {1: SOLD, 2: RELEASED}, "what was not bought is free again"
    assert states(rules.take_look(held, look(4, v1=2)))[1] == SOLD, "an order beats news of its cart"
    assert states(rules.cancel(held)) == {1: RELEASED, 2: RELEASED}


def test_what_is_taken_out_of_the_cart_is_free_at_once() -> None:
    held = rules.take_look(rules.take_look({}, look(0, v1=2, v2=1)), look(1, v2=1))
    assert states(held) == {1: RELEASED, 2: CART}
    assert held[1].quantity == 0


def test_ten_minutes_without_a_touch_release_and_a_touch_reserves_again() -> None:
    held = rules.take_look({}, look(0, v1=1))
    assert rules.is_holding(held[1], at(9.9))
    assert not rules.is_holding(held[1], at(10))
    assert rules.expire(held, at(9.9)) == held
    held = rules.expire(held, at(10))
    assert states(held) == {1: RELEASED}
    assert held[1].quantity == 1, "it was left behind, not taken out"
    assert states(rules.take_look(held, look(0, v1=1))) == {1: RELEASED}, "the same news once more"
    assert states(rules.take_look(held, look(11, v1=1))) == {1: CART}


@given(st.lists(looks, min_size=1, max_size=6, unique_by=lambda each: each.at), st.randoms(use_true_random=False))
def test_looks_that_come_late_or_twice_change_nothing(told: list[Look], random: object) -> None:
    # Something of the cart is always known: an empty cart of which nothing was known leaves no trace.
    told = [Look(each.at, each.stage, {**each.units, 9: 1}) for each in told]
    ordered: dict[int, Line] = {}
    for each in sorted(told, key=lambda each: each.at):
        ordered = rules.take_look(ordered, each)
    mixed = told + told
    random.shuffle(mixed)  # type: ignore[attr-defined]
    shuffled: dict[int, Line] = {}
    for each in mixed:
        shuffled = rules.take_look(shuffled, each)

    def holding(held: Mapping[int, Line]) -> dict[int, Line]:
        return {variant: line for variant, line in held.items() if line.state in HOLDING}

    assert holding(shuffled) == holding(ordered)


@given(
    st.lists(looks, max_size=6, unique_by=lambda each: each.at),
    st.dictionaries(st.integers(1, 3), st.integers(1, 5), min_size=1),
    moments,
    st.randoms(use_true_random=False),
)
def test_an_order_ends_what_was_in_its_cart_before_and_nothing_of_what_came_after(
    told: list[Look], bought: dict[int, int], ordered_at: datetime, random: object
) -> None:
    """Whenever it is heard of among the news of its cart, late or twice."""
    # Something of the cart is known before, and the order has it.
    first = Look(at(-1), CART, {9: 1})
    told = [Look(each.at, each.stage, {**each.units, 9: 1}) for each in told if each.at != ordered_at]
    bought = {**bought, 9: 1}
    ordered = rules.take_look({}, first)
    for each in sorted(told, key=lambda each: each.at):
        if each.at < ordered_at:
            ordered = rules.take_look(ordered, each)
    ordered = rules.sell(ordered, bought, ordered_at)
    assert not any(line.state in HOLDING for line in ordered.values())
    for each in sorted(told, key=lambda each: each.at):
        if each.at > ordered_at:
            ordered = rules.take_look(ordered, each)

    mixed: list[Look | None] = [*told, *told, None, None]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    shuffled = rules.take_look({}, first)
    for news in mixed:
        shuffled = rules.take_look(shuffled, news) if news else rules.sell(shuffled, bought, ordered_at)

    def holding(held: Mapping[int, Line]) -> dict[int, Line]:
        return {variant: line for variant, line in held.items() if line.state in HOLDING and variant not in bought}

    assert holding(shuffled) == holding(ordered)
    if not any(each.at > ordered_at for each in told):
        assert not any(line.state in HOLDING for line in shuffled.values())


@given(st.lists(steps, max_size=12))
def test_what_is_sold_comes_back_by_a_cancellation_alone(told: list[tuple[str, object]]) -> None:
    held: dict[int, Line] = {}
    for step in told:
        after = apply(held, step)
        assert set(held) <= set(after), "no line is forgotten by a move"
        for variant, line in after.items():
            before = held.get(variant)
            if before is not None and before.state == SOLD and line.state != SOLD:
                assert (step[0], line.state) == ("cancel", RELEASED)
            assert line.quantity >= 0
            assert line.state not in HOLDING or (line.quantity > 0 and line.until <= line.seen_at + LASTS)
        assert apply(after, step) == after or step[0] == "look", "told twice is told once"
        held = after


def test_a_page_says_how_many_are_left_only_when_they_are_few() -> None:
    assert rules.describe(7, 3, 2) == rules.Stock(7, available=True, left=3, carts=2)
    assert rules.describe(7, 500, 0).left is None
    assert rules.describe(7, -2, 0) == rules.Stock(7, available=False, left=0, carts=0)


@pytest.mark.parametrize("token", ["abc", "abc?key=1"])
def test_a_cart_is_known_by_its_token_without_its_key(token: str) -> None:
    assert rules.cart_key(token) == rules.cart_key("abc")
    assert "abc" not in rules.cart_key(token)
