"""What a part payment was for, of orders that edits have added to. Pure.

What had been ordered first is paid first; within what was ordered at once, everything alike. So an edit that adds goods
takes nothing from the others until they are paid.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from app.money import split
from app.orders.cells import WHOLE, Cell, part_of
from app.orders.facts import Order
from app.orders.returns import removals_of

_NONE = Fraction(0)
_Parts = Mapping[str, Fraction]
"""Which part of a component there was; of the others, all."""


def pay_partly(order: Order, cells: Sequence[Cell], received: int) -> dict[str, Fraction]:
    """Which part of each cell a payment of less than everything was for."""
    # An edit that added nothing made no layer.
    layers = [*(parts for parts in _parts_before_edits(order) if parts), {}]
    # To the cent it is not known of payments in another currency: then it was for everything of one time.
    whole = (sum(_worth(order, cells, parts)) for parts in layers[:-1])
    received = next((worth for worth in whole if abs(worth - received) <= order.outstanding_within), received)
    paid_for = [parts for parts in layers if sum(_worth(order, cells, parts)) <= received]
    paid = [0] * len(cells)
    for parts in layers:
        due = [worth - amount for worth, amount in zip(_worth(order, cells, parts), paid, strict=True)]
        more = split(min(sum(due), received - sum(paid)), due)
        paid = [amount + part for amount, part in zip(paid, more, strict=True)]
    given_away = {cell.key: paid_for[-1].get(cell.component, WHOLE) if paid_for else _NONE for cell in cells}
    return {
        cell.key: Fraction(amount, cell.owed) if cell.owed else given_away[cell.key]
        for cell, amount in zip(cells, paid, strict=True)
    }


def _parts_before_edits(order: Order) -> Iterator[_Parts]:
    """What there was before each edit, the oldest first."""
    units = {f"line:{line.id}": line.quantity for line in order.lines} | {f"shipping:{s.id}": 1 for s in order.shipping}
    for at in range(len(order.edits)):
        later: Counter[str] = Counter()
        for edit in order.edits[at:]:
            later.update(edit.added)
        yield {
            name: Fraction(max(0, units[name] - more), units[name]) for name, more in later.items() if units.get(name)
        }


def _worth(order: Order, cells: Sequence[Cell], parts: _Parts) -> list[int]:
    """What of each cell had been ordered and is not taken off again."""
    removals = removals_of(order, cells)
    return [
        min(part_of(cell.owed, parts.get(cell.component, WHOLE)), cell.owed - removals.get(cell.key, 0))
        for cell in cells
    ]
