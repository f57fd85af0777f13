import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.appearance.charts import HEIGHT, axis_ticks, plot


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 0, (1, 0)),
        (0, 3, (3, 2, 1, 0)),
        (0, 4650, (6000, 4000, 2000, 0)),
        (0, 100, (100, 50, 0)),
        (-250, 900, (1000, 500, 0, -500)),
    ],
)
def test_the_axis_counts_in_round_steps(low: int, high: int, ticks: tuple[int, ...]) -> None:
    assert axis_ticks(low, high) == ticks


@given(st.lists(st.integers(-(10**12), 10**12), max_size=60))
def test_every_bar_stays_inside_its_plot(values: list[int]) -> None:
    drawn = plot(values)
    assert drawn.ticks[0] >= max((0, *values))
    assert drawn.ticks[-1] <= min((0, *values))
    assert len(drawn.ticks) <= 7
    assert len(drawn.bars) == len(values)
    for bar in drawn.bars:
        assert bar.y >= -0.001
        assert bar.y + bar.height <= HEIGHT + 0.01
        assert bar.x + bar.width <= drawn.width


def test_a_loss_hangs_below_zero_and_a_gain_stands_on_it() -> None:
    gain, loss = plot([100, -100]).bars
    assert gain.y + gain.height == plot([100, -100]).zero == loss.y
