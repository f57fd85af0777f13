"""What a part payment was for, and who shares which shipping, of orders that edits have added to. Pure.

What had been ordered first is paid first; within what was ordered at once, everything alike. A shipping line stays with
the goods that were there when it came, at their price of then. So an edit that adds goods takes nothing from the
others, paid or not, and one that makes goods cheaper takes no shipping from whoever sells them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest

from msgspec.structs import replace

from app.money import split
from app.orders.cells import WHOLE, Cell, part_of
from app.orders.facts import Discount, Line, Order, ShippingLine
from app.orders.returns import removals_of

_NONE = Fraction(0)
_NOTHING: Mapping[str, int] = {}
_Parts = Mapping[str, Fraction]
"""Which part of a component there was; of the others, all."""
_Edit = tuple[Mapping[str, int], Mapping[str, int]]
"""The units that it added, and by how much it made lines cheaper; the newest comes first."""


def shipped_goods(order: Order) -> dict[int, Order]:
    """By shipping line, the order whose lines share it: as it was when the line came."""
    if not order.additions:
        return {line.id: order for line in order.shipping}
    layers = _layers(order)
    return {line.id: _as_it_was(order, layers, _came(line, layers)) for line in order.shipping}


def pay_partly(order: Order, cells: Sequence[Cell], received: int) -> dict[str, Fraction]:
    """Which part of each cell a payment of less than everything was for."""
    # An edit that only made something cheaper added no layer.
    layers = [parts for parts in _layers(order)[:-1] if parts] + [{}]
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


def _layers(order: Order) -> Sequence[_Parts]:
    """What there was before each edit, the oldest first, and what there is now."""
    return [*_parts_before_edits(order), {}]


def _parts_before_edits(order: Order) -> Iterator[_Parts]:
    """What there was before each edit, the oldest first."""
    units = {f"line:{line.id}": line.quantity for line in order.lines} | {f"shipping:{s.id}": 1 for s in order.shipping}
    for at in range(len(order.additions)):
        later: Counter[str] = Counter()
        for added in order.additions[at:]:
            later.update(added)
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


def _came(line: ShippingLine, layers: Sequence[_Parts]) -> int:
    """Before which edit it was there already."""
    return next(at for at, parts in enumerate(layers) if parts.get(f"shipping:{line.id}", WHOLE))


def _as_it_was(order: Order, layers: Sequence[_Parts], at: int) -> Order:
    """The order with the goods of before an edit, at their price of then."""
    parts, later = layers[at], order.reductions[at:]
    if not (parts or any(later)):
        return order
    edits = [*zip_longest(order.additions[at:], later, fillvalue=_NOTHING)][::-1]
    lines = (_line_of_then(line, parts.get(f"line:{line.id}", WHOLE), edits) for line in order.lines)
    return replace(order, lines=tuple(line for line in lines if line.quantity))


def _line_of_then(line: Line, part: Fraction, edits: Sequence[_Edit]) -> Line:
    """So much of a line, without the discounts that came later."""
    quantity, discounts = part_of(line.quantity, part), line.discounts
    if quantity and any(f"line:{line.id}" in off for _, off in edits):
        discounts = (Discount(_discount_of_then(line, edits)),)
    elif part != WHOLE:
        discounts = tuple(Discount(part_of(each.amount, part), each.vendor_bps) for each in discounts)
    return replace(line, quantity=quantity, discounts=discounts)


def _discount_of_then(line: Line, edits: Sequence[_Edit]) -> int:
    """Units have the discounts that were there when they came; one that is gone by now is not taken off twice."""
    name, quantity, discount = f"line:{line.id}", line.quantity, Fraction(line.discount)
    for units, off in edits:
        before = quantity - units.get(name, 0)
        discount = max(_NONE, discount - off.get(name, 0)) * Fraction(before, quantity)
        quantity = before
    return part_of(1, discount)
