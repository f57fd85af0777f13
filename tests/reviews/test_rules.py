"""Who may review, what is published by itself, and what the public page holds."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from app.reviews import rules
from app.reviews.rules import Draft, Parcel, Shown
from app.vendors.rules import average_rating

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parcels", "arrived"),
    [
        ([], False),
        ([Parcel(NOW - timedelta(days=2), None)], False),
        ([Parcel(NOW - timedelta(days=2), NOW)], True),
        ([Parcel(NOW - timedelta(days=14), None)], True),
        ([Parcel(NOW - timedelta(days=1), None), Parcel(NOW - timedelta(days=3), NOW)], True),
    ],
)
def test_a_parcel_has_arrived_when_the_carrier_says_so_or_long_after_it_was_sent(
    parcels: list[Parcel],
    arrived: bool,  # noqa: FBT001
) -> None:
    assert rules.has_arrived(parcels, NOW) is arrived


@pytest.mark.parametrize(
    ("draft", "from_stars", "is_known", "publish_known", "published"),
    [
        (Draft(5), 0, True, False, False),
        (Draft(4), 4, False, False, True),
        (Draft(3), 4, False, False, False),
        (Draft(1), 4, True, True, True),
        (Draft(1), 0, False, True, False),
        (Draft(5, words="Cheaper at example.com"), 1, True, True, False),
        (Draft(5, title="See https://x.test"), 1, True, True, False),
        (Draft(5, name="www.example"), 1, True, True, False),
        (Draft(5, words="Fine. Comes well packed"), 1, False, False, True),
    ],
)
def test_the_merchants_rule_lets_out_what_it_says_and_never_an_address(
    draft: Draft,
    from_stars: int,
    is_known: bool,  # noqa: FBT001
    publish_known: bool,  # noqa: FBT001
    published: bool,  # noqa: FBT001
) -> None:
    said = rules.publishes_itself(draft, from_stars=from_stars, is_known=is_known, publish_known=publish_known)
    assert said is published


def test_faults_stand_beside_their_fields() -> None:
    assert rules.find_faults(Draft(3, "t" * 120, "w" * 2000, "n" * 60)) == {}
    assert set(rules.find_faults(Draft(0, "t" * 121, "w" * 2001, "n" * 61))) == {"stars", "title", "words", "name"}
    assert "stars" in rules.find_faults(Draft(6))


@pytest.mark.parametrize(
    ("full", "shown"), [("Cleo Customer", "Cleo C."), ("Cleo", "Cleo"), ("", ""), (" Ana María  López ", "Ana L.")]
)
def test_a_name_is_offered_without_the_surname(full: str, shown: str) -> None:
    assert rules.name_to_show(full) == shown


@pytest.mark.parametrize(
    ("total", "count", "shown"), [(5, 1, "5.0"), (9, 2, "4.5"), (14, 3, "4.7"), (89, 20, "4.5"), (87, 20, "4.4")]
)
def test_an_average_is_rounded_half_up(total: int, count: int, shown: str) -> None:
    assert average_rating(total, count) == shown


def test_the_public_page_holds_the_newest_that_fit_and_counts_all() -> None:
    day = date(2026, 11, 1)
    long = [Shown(5, "", "語" * 2000, f"n{number}", day) for number in range(12)]
    summary = rules.summarise({5: 12, 1: 3}, long)
    assert summary["counts"] == [12, 0, 0, 0, 3]
    assert 1 <= len(summary["latest"]) < 10
    assert len(json.dumps(summary).encode()) < 64_000
    short = [Shown(5, "", "", "", day, is_forgotten=number < 3) for number in range(20)]
    assert len(rules.summarise({5: 20}, short)["latest"]) == rules.LATEST


def test_a_shown_review_says_only_what_there_is() -> None:
    day = date(2026, 11, 1)
    assert rules.describe(Shown(4, "", "Good", "", day)) == {"stars": 4, "on": "2026-11-01", "words": "Good"}
    assert rules.describe(Shown(1, "", "", "", day, "Sorry", is_returned=True))["returned"] is True
