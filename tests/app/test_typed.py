"""What people and programs type is read, or is nothing: it never breaks a page."""

from datetime import UTC, datetime

import pytest

from app.typed import read_moment, read_number


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("0", 0), ("9" * 18, 10**18 - 1)])
def test_a_number_is_read(text: str, number: int) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "1.0", " 1", "²", "\u0667", "seven", "9" * 19, "9" * 5_000])
def test_what_no_row_can_bear_is_no_number(text: str | None) -> None:
    """Python itself refuses to read a number of five thousand digits, and PostgreSQL one of twenty."""
    assert read_number(text) is None


ENDS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]


@pytest.mark.parametrize("text", ["", "2026-11-03", "2026-11-03T10:00:00", "soon", None, 7, *ENDS])
def test_what_names_no_moment_with_its_zone_is_none(text: object) -> None:
    assert read_moment(text) is None


def test_a_moment_is_read() -> None:
    assert read_moment("2026-11-03T10:00:00Z") == datetime(2026, 11, 3, 10, tzinfo=UTC)
