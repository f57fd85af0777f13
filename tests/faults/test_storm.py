"""The short storm: every trouble that fits into a minute, drawn by seed. `make faults-long` plays ten of them."""

import math

import pytest

from tests.faults.storm import rage, render

SEED, SECONDS, PER_SECOND, COPIES = 7, 60, 10, 3


@pytest.mark.slow
def test_a_storm_loses_nothing_doubles_nothing_and_leaves_the_books_at_zero() -> None:
    report = rage(SEED, SECONDS, PER_SECOND, COPIES, say=lambda line: None)
    table = render(report)
    assert not report.verdict.wrong, table
    assert not report.unanswered, table
    assert report.verdict.counted["acknowledged"] == report.verdict.counted["stored"] > 0, table
    assert all(math.isfinite(one.answering + one.working) for one in report.recoveries), table
