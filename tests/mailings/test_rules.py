"""What is news to a customer, and when: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from app.mailings.rules import Change, Offer, add_up, compare, is_left
from app.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def offer(minor: int = 1000, *, on_sale: bool = True, currency: str = "USD") -> Offer:
    return Offer("1", "Mug", "mug", Money(minor, currency), on_sale)


@pytest.mark.parametrize(
    ("seen", "now", "told"),
    [
        ({}, offer(), None),
        ({}, offer(on_sale=False), None),
        ({"1": [1000, "USD", True]}, offer(1000), None),
        ({"1": [1000, "USD", True]}, offer(1001), None),
        ({"1": [1000, "USD", True]}, offer(999), (False, Money(1000, "USD"))),
        ({"1": [1000, "USD", False]}, offer(1000), (True, None)),
        ({"1": [1000, "USD", False]}, offer(1200), (True, None)),
        ({"1": [1000, "USD", False]}, offer(900), (True, Money(1000, "USD"))),
        ({"1": [1000, "USD", True]}, offer(900, on_sale=False), None),
        ({"1": [1000, "USD", True]}, offer(900, currency="EUR"), None),
    ],
)
def test_only_what_changed_for_the_better_is_told(
    seen: dict[str, list[object]], now: Offer, told: tuple[bool, Money | None] | None
) -> None:
    changes, known = compare(seen, [now])
    assert changes == ([Change(now, *told)] if told else [])
    assert compare(known, [now])[0] == [], "and nothing twice"


def test_a_lower_price_while_it_was_sold_out_is_told_when_it_is_back() -> None:
    _, known = compare({"1": [1000, "USD", True]}, [offer(800, on_sale=False)])
    changes, _ = compare(known, [offer(800)])
    assert [(change.is_back, change.before) for change in changes] == [(True, Money(1000, "USD"))]


def test_what_left_the_wishlist_is_forgotten() -> None:
    assert compare({"2": [1, "USD", True]}, [offer()])[1] == {"1": [1000, "USD", True]}


def test_a_cart_is_what_each_browser_put_in_less_what_it_took_out() -> None:
    mug = {"variant": 7, "handle": "mug", "title": "Mug"}
    lines = add_up([
        ("7:aaaaaaaa", {**mug, "quantity": 2}),
        ("7:xxxxxxxx", {"variant": 7, "quantity": -1}),
        ("8:aaaaaaaa", {"variant": 8, "quantity": 1}),
        ("8:xxxxxxxx", {"variant": 8, "quantity": -1}),
    ])  # fmt: skip
    assert [(line.variant, line.title, line.handle, line.quantity) for line in lines] == [(7, "Mug", "mug", 1)]


@pytest.mark.parametrize(
    ("edited", "told", "expected"),
    [
        (NOON - timedelta(hours=23), None, False),
        (NOON - DAY, None, True),
        (NOON - 8 * DAY, None, True),
        (NOON - 9 * DAY, None, False),
        (NOON - DAY, NOON - timedelta(hours=1), False),
        (NOON - DAY, NOON - 6 * DAY, False),
        (NOON - DAY, NOON - 7 * DAY, True),
    ],
)
def test_a_left_cart_is_told_once_and_seldom(edited: datetime, told: datetime | None, expected: object) -> None:
    assert is_left(edited_at=edited, told_at=told, now=NOON, after=DAY) is expected
