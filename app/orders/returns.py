"""What a refund takes back from which cell of the order. Pure.

Refund lines, refund shipping lines, order adjustments and transactions are all read; the money that was really returned
has the last word: claims are cut down to it, and what it exceeds them by is spread or borne as the merchant chose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.money import split
from app.orders.cells import WHOLE, Cell, part_of
from app.orders.facts import Line, Order, Refund, RefundBearer

Amounts = dict[str, int]
"""Minor units by cell key."""


@dataclass(frozen=True, slots=True)
class Takeback:
    """How one refund is divided. Everything adds up to the money returned."""

    cells: Amounts
    units: Mapping[str, Fraction]
    """The part of cells that nobody paid for (wholly discounted lines), by units."""
    credit: int = 0
    """Paid from what the customer had too much with us."""
    borne: int = 0
    """By the marketplace."""
    unexplained: int = 0
    flag: str | None = None


def refunded_units(line: Line, order: Order) -> int:
    """Units that came back with a refund; units only taken off the order do not count."""
    if not order.refunds:
        return 0
    return sum(
        part.quantity
        for refund in order.refunds
        if not refund.removes_only
        for part in refund.lines
        if part.line_id == line.id
    )


def removed_units(line: Line, order: Order) -> int:
    """Units an edit took off the order. A cancellation is its own step, so there it is 0."""
    if order.cancelled_at:
        return 0
    return max(0, line.quantity - line.current_quantity - refunded_units(line, order))


def removals_of(order: Order, cells: Iterable[Cell]) -> Amounts:
    """The worth of the units and shipping lines that edits took off, by cell key."""
    parts = {
        f"line:{line.id}": Fraction(min(units, line.quantity), line.quantity)
        for line in order.lines
        if line.quantity and (units := removed_units(line, order))
    }
    if not order.cancelled_at:
        parts |= {f"shipping:{line.id}": WHOLE for line in order.shipping if line.removed}
    amounts = {cell.key: part_of(cell.owed, parts[cell.component]) for cell in cells if cell.component in parts}
    return {key: amount for key, amount in amounts.items() if amount}


def returned_units(line: Line, order: Order) -> int:
    """Units that were sent and came back: others of the line may still have to be sent."""
    if not order.refunds:
        return 0
    back = sum(
        part.quantity for refund in order.refunds for part in refund.lines if part.line_id == line.id and part.came_back
    )
    return min(back, sent_units(line, order))


def sent_units(line: Line, order: Order) -> int:
    if not order.fulfilments:
        return 0
    return sum(parcel.quantities.get(line.id, 0) for parcel in order.fulfilments)


def units_to_ship(line: Line, order: Order) -> int:
    """Units that are neither sent, nor refunded before they were, nor taken off, nor cancelled."""
    if order.cancelled_at:
        return 0
    if not order.refunds and not order.fulfilments:
        return max(0, min(line.quantity, line.current_quantity))
    never_sent = refunded_units(line, order) - returned_units(line, order)
    return max(0, line.quantity - never_sent - removed_units(line, order) - sent_units(line, order))


def divide_refund(order: Order, refund: Refund, cells: Iterable[Cell], left: Amounts, credit: int) -> Takeback:
    """Divide one refund over the cells, of which `left` is not yet returned; `credit` is the customer's with us."""
    by_key = {cell.key: cell for cell in cells}
    claims = _claims(order, refund, by_key, left)
    wanted = sum(claims.values())
    taken = {key: min(amount, left[key]) for key, amount in claims.items() if key in left}
    if sum(taken.values()) > refund.returned:
        taken = dict(zip(taken, split(refund.returned, list(taken.values())), strict=True))
    rest = refund.returned - sum(taken.values())
    from_credit = min(rest, max(0, credit))
    rest -= from_credit
    named = dict(taken)
    unexplained = _spread(rest, _spread_groups(refund, by_key.values()), left, taken)
    borne = sum(_spare(key, refund, by_key, named, taken) for key in list(taken))
    if refund.spares(None):
        borne, unexplained = borne + unexplained, 0
    return Takeback(
        {key: amount for key, amount in taken.items() if amount},
        _unpaid_units(order, refund, by_key),
        credit=from_credit,
        borne=borne,
        unexplained=unexplained,
        flag=_flag(refund, wanted, unexplained),
    )


def _claims(order: Order, refund: Refund, cells: Mapping[str, Cell], left: Amounts) -> Amounts:
    """What the refund itself says comes from where."""
    inclusive = order.taxes_included and _is_inclusive(refund)
    tips = {line.id for line in order.lines if line.tip}
    claims: Amounts = {}
    for part in refund.lines:
        goods = part.subtotal - part.tax if inclusive else part.subtotal
        _claim(claims, ["tip" if part.line_id in tips else f"line:{part.line_id}:sale"], goods, left)
        _claim(claims, [f"line:{part.line_id}:tax"], part.tax, left)
    for shipping in refund.shipping:
        mine = [c for c in cells.values() if c.shipping_id and shipping.shipping_id in (None, c.shipping_id)]
        amount = shipping.amount - shipping.tax if inclusive else shipping.amount
        _claim(claims, [c.key for c in mine if c.key.endswith("sale")], amount, left)
        _claim(claims, [c.key for c in mine if c.key.endswith("tax")], shipping.tax, left)
    _claim(claims, ["duties"], refund.duties, left)
    return claims


def _claim(claims: Amounts, keys: list[str], amount: int, left: Amounts) -> None:
    """Add `amount` to the claims on `keys`, shared by what is left of each."""
    if amount <= 0:
        return
    known = [key for key in keys if key in left] or keys[:1] or [""]
    for key, part in zip(known, split(amount, [left.get(key, 0) for key in known]), strict=True):
        claims[key] = claims.get(key, 0) + part


def _is_inclusive(refund: Refund) -> bool:
    """Whether the subtotals contain the tax. Shopify does not say, so the money returned decides; if not, they do."""
    lines = sum(part.subtotal for part in refund.lines) + sum(part.amount for part in refund.shipping)
    tax = sum(part.tax for part in refund.lines) + sum(part.tax for part in refund.shipping)
    return lines + tax + refund.duties - refund.adjustments != refund.returned


def _spread_groups(refund: Refund, cells: Iterable[Cell]) -> list[list[Cell]]:
    """The lines, then everything else; before them whatever is the vendor's whom the merchant put it on."""
    listed = list(cells)
    named = refund.bearer_vendor_id if refund.bearer is RefundBearer.VENDOR else None
    theirs = [cell for cell in listed if named is not None and cell.vendor_id == named]
    return [theirs, [c for c in listed if c.line_id], [c for c in listed if not c.line_id]]


def _spread(rest: int, groups: Iterable[list[Cell]], left: Amounts, taken: Amounts) -> int:
    """Take `rest` from one group after the other, by what is left of each cell. Returns what finds no place."""
    for group in groups:
        room = {cell.key: left[cell.key] - taken.get(cell.key, 0) for cell in group}
        part = min(rest, sum(room.values()))
        if part <= 0:
            continue
        for key, amount in zip(room, split(part, list(room.values())), strict=True):
            taken[key] = taken.get(key, 0) + amount
        rest -= part
    return rest


def _spare(key: str, refund: Refund, cells: Mapping[str, Cell], named: Amounts, taken: Amounts) -> int:
    """Give a cell back what it was to bear without being named, where the marketplace does. Returns how much."""
    more = taken[key] - named.get(key, 0)
    if not more or not refund.spares(cells[key].vendor_id):
        return 0
    taken[key] -= more
    return more


def _unpaid_units(order: Order, refund: Refund, cells: Mapping[str, Cell]) -> dict[str, Fraction]:
    """A wholly discounted line has no subtotal to measure by, so its units are counted."""
    sold = {line.id: line.quantity for line in order.lines}
    parts: dict[str, Fraction] = {}
    for part in refund.lines:
        key = f"line:{part.line_id}:sale"
        if key in cells and cells[key].owed == 0 and sold[part.line_id] and not refund.removes_only:
            parts[key] = parts.get(key, Fraction()) + Fraction(part.quantity, sold[part.line_id])
    return parts


def _flag(refund: Refund, wanted: int, unexplained: int) -> str | None:
    if unexplained:
        return f"Refund {refund.id} returned more than was left of the order."
    said = {wanted, wanted - refund.adjustments, wanted + refund.adjustments}
    if wanted and refund.returned not in said:
        return f"Refund {refund.id} names goods of another worth than the money that was returned."
    return None
