"""The arithmetic of charts: where a bar starts, what the axis says. Pure: standard library only."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100.0
_NICE = (1, 2, 5, 10)


@dataclass(frozen=True)
class Bar:
    """A rectangle in a plot `width` wide and 100 high, y growing downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Plot:
    """Bars, the line through the same values or those beside, and the axis ticks from the top down (in their unit)."""

    width: float
    zero: float
    bars: tuple[Bar, ...]
    line: str
    ticks: tuple[int, ...]


def plot(values: Sequence[int], beside: Sequence[int] | None = None) -> Plot:
    """Geometry for integer values (minor units, counts); each value gets 10 of width, 2 of them the gap.

    The line goes through `beside`, on the same axis, where that is given: an earlier period, for one.
    """
    ticks = axis_ticks(min((0, *values, *(beside or ()))), max((0, *values, *(beside or ()))))
    top, span = ticks[0], (ticks[0] - ticks[-1]) or 1

    def height_at(value: int) -> float:
        return round((top - value) / span * HEIGHT, 3)

    zero = height_at(0)
    bars = tuple(_bar(index, height_at(value), zero) for index, value in enumerate(values))
    line = " ".join(
        f"{index * 10 + 5},{height_at(value)}" for index, value in enumerate(values if beside is None else beside)
    )
    return Plot(width=max(10, len(values) * 10), zero=zero, bars=bars, line=line, ticks=ticks)


def axis_ticks(low: int, high: int) -> tuple[int, ...]:
    """Round numbers, highest first, that enclose low..high (0 inside) in steps of 1, 2 or 5 times a power of ten."""
    step = _nice_step(max(1, -(-(high - low) // 4)))
    first, last = -(-high // step) * step, low // step * step
    if first == last:
        first += step
    return tuple(range(first, last - 1, -step))


def _bar(index: int, at: float, zero: float) -> Bar:
    return Bar(x=index * 10 + 1, y=min(at, zero), width=8, height=round(abs(zero - at), 3))


def _nice_step(least: int) -> int:
    power = int("1" + "0" * (len(str(least)) - 1))
    return next(factor * power for factor in _NICE if factor * power >= least)
