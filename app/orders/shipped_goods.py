"""Whose goods share which shipping line, of orders that were edited. Pure.

A shipping line stays with the goods that were there when it came, at their price of then: whatever an edit adds or
makes cheaper later takes no shipping from anybody. Where one edit takes goods off and adds others, these are sent in
their place, and take over their part.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from app.money import split
from app.orders.cells import part_of
from app.orders.facts import Discount, Edit, Line, Order, ShippingLine
from app.orders.shipping import goods, value_of

_NONE = Fraction(0)


class _Share(NamedTuple):
    """What a line of the order stands for when the shipping is shared."""

    units: int
    value: int
    grams: int

    def take(self, units: int) -> "_Share":
        part = Fraction(units, self.units or 1)
        return _Share(units, part_of(self.value, part), part_of(self.grams, part))

    def less(self, other: "_Share") -> "_Share":
        return _Share(self.units - other.units, self.value - other.value, self.grams - other.grams)

    def more(self, other: "_Share") -> "_Share":
        return _Share(self.units + other.units, self.value + other.value, self.grams + other.grams)


_Shares = Mapping[int, _Share]
"""By Shopify's number of the line."""
_NOTHING = _Share(0, 0, 0)


def shipped_goods(order: Order) -> dict[int, Order]:
    """By shipping line, the order whose lines share it: as it was when the line came, but for what was exchanged."""
    return {line.id: _sharing(order, line) if order.edits else order for line in order.shipping}


def _sharing(order: Order, shipping: ShippingLine) -> Order:
    name = f"shipping:{shipping.id}"
    came = max((at for at, edit in enumerate(order.edits, 1) if name in edit.added), default=0)
    then = replace(order, lines=tuple(_as_it_was(order, line, came) for line in order.lines))
    first = {line.id: _whole(line) for line in goods(then)}
    shares: _Shares = first
    for at in range(came, len(order.edits)):
        shares = _exchange(order, at, shares)
    lines = (
        line if shares.get(line.id) == first.get(line.id) else _stand_in(line, shares[line.id]) for line in then.lines
    )
    return replace(order, lines=tuple(line for line in lines if line.quantity))


def _as_it_was(order: Order, line: Line, at: int) -> Line:
    """The line before an edit: the units that were there, without the discounts that came later."""
    there, later = _units_before(order, line, at), order.edits[at:]
    discounts = line.discounts
    if there and any(f"line:{line.id}" in edit.off for edit in later):
        ordered, discount = _undo(line, later)
        discounts = (Discount(part_of(1, discount * Fraction(there, ordered))),)
    elif there != line.quantity:
        part = Fraction(there, line.quantity)
        discounts = tuple(Discount(part_of(each.amount, part), each.vendor_bps) for each in discounts)
    return replace(line, quantity=there, discounts=discounts)


def _units_before(order: Order, line: Line, at: int) -> int:
    name = f"line:{line.id}"
    added = sum(edit.added.get(name, 0) for edit in order.edits[at:])
    return max(0, line.quantity - added - sum(edit.removed.get(name, 0) for edit in order.edits[:at]))


def _undo(line: Line, later: Sequence[Edit]) -> tuple[int, Fraction]:
    """How many units had been ordered before these edits, and the discount on them.

    Units have the discounts that were there when they came; one that is gone by now is not taken off twice.
    """
    name, quantity, discount = f"line:{line.id}", line.quantity, Fraction(line.discount)
    for edit in reversed(later):
        before = quantity - edit.added.get(name, 0)
        discount = max(_NONE, discount - edit.off.get(name, 0)) * Fraction(before, quantity)
        quantity = before
    return quantity, discount


def _exchange(order: Order, at: int, shares: _Shares) -> _Shares:
    """Hand what the goods that an edit took off have of the shipping to those that it added."""
    added, lines = order.edits[at].added, {line.id: line for line in goods(order)}
    gone = {number: share.take(_leaving(order, lines[number], at, share)) for number, share in shares.items()}
    come = {
        number: _whole(_as_it_was(order, line, at + 1)).take(added[name])
        for number, line in lines.items()
        if (name := f"line:{number}") in added
    }
    if not come or not any(share.units for share in gone.values()):
        return shares
    left = {number: share.less(gone[number]) for number, share in shares.items()}
    values = split(sum(share.value for share in gone.values()), [share.value for share in come.values()])
    grams = split(sum(share.grams for share in gone.values()), [share.grams for share in come.values()])
    for (number, share), value, weight in zip(come.items(), values, grams, strict=True):
        left[number] = left.get(number, _NOTHING).more(_Share(share.units, value, weight))
    return left


def _whole(line: Line) -> _Share:
    return _Share(line.quantity, value_of(line), line.grams * line.quantity)


def _leaving(order: Order, line: Line, at: int, share: _Share) -> int:
    """How many units that have a part of the shipping an edit takes off: of a line's the youngest first."""
    removed = order.edits[at].removed.get(f"line:{line.id}", 0)
    left = max(0, _units_before(order, line, at) - removed)
    return max(0, share.units - left) if removed else 0


def _stand_in(line: Line, share: _Share) -> Line:
    """A line that weighs what the goods in whose place it is sent did."""
    one = min(1, share.units)
    return replace(line, quantity=one, unit_price=share.value, discounts=(), grams=share.grams)
