"""On which days a shop pays."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.payouts.calendar import last_day, next_day

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("schedule", "day", "after", "expected"),
    [
        ("manual", 1, FRIDAY, None),
        ("weekly", 5, FRIDAY, FRIDAY),
        ("weekly", 4, FRIDAY, date(2026, 11, 26)),
        ("fortnightly", 5, FRIDAY, FRIDAY),
        ("fortnightly", 5, FRIDAY + timedelta(days=1), date(2026, 12, 4)),
        ("fortnightly", 1, FRIDAY, date(2026, 11, 30)),
        ("monthly", 20, FRIDAY, FRIDAY),
        ("monthly", 1, FRIDAY, date(2026, 12, 1)),
        ("monthly", 28, date(2027, 2, 1), date(2027, 2, 28)),
    ],
)
def test_the_next_payout_day(schedule: str, day: int, after: date, expected: date | None) -> None:
    assert next_day(schedule, day, FRIDAY, after) == expected


def test_nothing_was_due_before_the_schedule_began() -> None:
    assert last_day("weekly", 4, FRIDAY, FRIDAY) is None
    assert last_day("weekly", 4, FRIDAY, FRIDAY + timedelta(days=6)) == date(2026, 11, 26)


@given(
    st.sampled_from(["weekly", "fortnightly", "monthly"]),
    st.integers(1, 7),
    st.integers(0, 400),
)
def test_payout_days_follow_one_another_and_none_is_lost(schedule: str, day: int, later: int) -> None:
    today = FRIDAY + timedelta(days=later)
    coming = next_day(schedule, day, FRIDAY, today)
    assert coming is not None
    assert today <= coming <= today + timedelta(days=31)
    assert last_day(schedule, day, FRIDAY, coming) == coming
    if coming > today:
        assert last_day(schedule, day, FRIDAY, today) == last_day(schedule, day, FRIDAY, coming - timedelta(days=1))
