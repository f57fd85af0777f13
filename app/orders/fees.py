"""Who bears what the payment provider kept of an order's payments. Pure.

A payment's fee falls on the order's cells by what was paid of each. On a vendor's cells the vendor bears it, or the
marketplace, or both by what they get of them. What comes off a vendor's part takes the fee on it along, unless kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from app.ledger.rules import Account, Entry, Posting, balanced
from app.money import split
from app.orders.cells import Cell, round_fraction
from app.orders.facts import FeesTo, Order

COMPONENT = "fees"


class Return(NamedTuple):
    """What one refund, removal, cancellation or lost dispute took off the cells: minor units by cell key."""

    key: str
    at: datetime
    amounts: Mapping[str, int]


def share_fees(
    order: Order, cells: Sequence[Cell], paid: Mapping[str, Fraction], returns: Iterable[Return]
) -> list[Posting]:
    """The vendors' parts of the fees, and what each return gives them back, to date."""
    total = sum(fee.amount for fee in order.payment_fees)
    amounts = [round_fraction(cell.owed * paid[cell.key]) for cell in cells]
    parts = dict(zip((cell.key for cell in cells), split(total, amounts), strict=True)) if any(amounts) else {}
    listed, postings = list(returns), []
    for vendor in dict.fromkeys(cell.vendor_id for cell in cells if cell.vendor_id is not None):
        mine = [cell for cell in cells if cell.vendor_id == vendor]
        value = sum(round_fraction(cell.owed * paid[cell.key]) for cell in mine)
        fee = _borne(order, vendor, mine, paid, sum(parts.get(cell.key, 0) for cell in mine), value)
        if fee:
            at = max(each.at for each in order.payment_fees)
            postings.append(_posting(order, "payment", "payment_fee", at, vendor, -fee))
            postings += _given_back(order, vendor, {cell.key for cell in mine}, fee, value, listed)
    return postings


def _borne(order: Order, vendor: int, cells: Iterable[Cell], paid: Mapping[str, Fraction], fee: int, value: int) -> int:
    """What the vendor bears of `fee`, the fee on the vendor's cells, which are worth `value`."""
    to = order.terms.of(vendor).payment_fees_to
    if to is FeesTo.MARKETPLACE or value <= 0:
        return 0
    if to is FeesTo.VENDOR:
        return fee
    entries = [entry for cell in cells for entry in cell.at(paid[cell.key]) if entry.vendor_id == vendor]
    share = min(value, max(0, sum(entry.amount for entry in entries)))
    return round_fraction(Fraction(fee * share, value))


def _given_back(
    order: Order, vendor: int, keys: set[str], fee: int, value: int, returns: Iterable[Return]
) -> list[Posting]:
    postings, gone = [], 0
    for each in returns:
        before = round_fraction(Fraction(fee * gone, value))
        gone = min(value, gone + sum(amount for key, amount in each.amounts.items() if key in keys))
        if back := round_fraction(Fraction(fee * gone, value)) - before:
            postings.append(_posting(order, each.key, "payment_fee_back", each.at, vendor, back))
    return postings


def _posting(order: Order, step: str, kind: str, at: datetime, vendor: int, amount: int) -> Posting:
    entries = balanced([Entry(Account.VENDOR_PENDING, amount, vendor), Entry(Account.PAYMENT_FEES, -amount)])
    return Posting(f"order:{order.id}:{step}:fees:vendor:{vendor}", kind, at, entries, COMPONENT, vendor)
