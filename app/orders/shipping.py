"""An order's shipping taken apart: whose each part is, and the commission on it. Pure.

A line that is one vendor's own goes to that vendor. Every other is shared over the vendors of the order, in one way
for all or in a vendor's own, and each vendor's part goes to the vendor or to the marketplace. The tax on it follows
it, or stays with the marketplace.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Final, NamedTuple

from app.commissions.rules import FULL_BPS
from app.ledger.rules import Account, Entry
from app.money import round_half_away, split
from app.orders.facts import Line, Order, Recipient, ShippingLine, ShippingShare

Party = int | None
"""A vendor, or None: the marketplace."""


def goods_of(order: Order, vendor_id: Party) -> list[Line]:
    """What is sent of a vendor's lines, or of the store's own."""
    return [line for line in order.lines if line.terms.vendor_id == vendor_id and not line.tip and not line.gift_card]


def goods(order: Order) -> list[Line]:
    return [line for line in order.lines if not line.tip and not line.gift_card]


def value_of(line: Line) -> int:
    """By which it shares shipping."""
    return max(0, line.gross - line.discount)


def shipping_weights(shipping: ShippingLine, order: Order) -> dict[Party, int]:
    """By which weight the line is shared, and among whom."""
    owner = order.terms.shipping_owners.get(shipping.id)
    return {owner: 1} if owner and goods_of(order, owner) else _weights(order)


def share_shipping(
    shipping: ShippingLine, amount: int, order: Order, weights: Mapping[Party, int], *, tax: bool = False
) -> dict[Party, int]:
    """`amount` of a shipping line, or of the tax on it, by whom it goes to. The parts add up to it."""
    owner = order.terms.shipping_owners.get(shipping.id)
    shares: dict[Party, int] = {}
    for vendor, part in zip(weights, split(amount, list(weights.values())), strict=True):
        party = vendor if vendor and _keeps(order, vendor, owns=vendor == owner, tax=tax) else None
        shares[party] = shares.get(party, 0) + part
    return shares


class Reckoned(NamedTuple):
    """How a vendor's part of a shipping line is reckoned, in words that tell nobody what others sold."""

    way: str
    """A ShippingShare, or OWN."""
    bps: int
    """The vendor's part of the whole, rounded."""
    whole: int
    """What was charged for shipping, without the tax in it."""


OWN: Final = "own"
"""The line is the vendor's alone."""


def reckon_part(shipping: ShippingLine, order: Order, vendor_id: int) -> Reckoned:
    weights = shipping_weights(shipping, order)
    part = Fraction(weights.get(vendor_id, 0), sum(weights.values()))
    owner = order.terms.shipping_owners.get(shipping.id)
    way = OWN if owner is not None and owner in weights else order.terms.share_of(vendor_id).value
    return Reckoned(
        way, round_half_away(Decimal(part.numerator) * FULL_BPS / part.denominator), _price(shipping, order)
    )


def _price(shipping: ShippingLine, order: Order) -> int:
    return max(0, shipping.price - shipping.discount - (shipping.tax if order.taxes_included else 0))


def shipping_fees(order: Order, vendor_id: int, amount: int) -> tuple[Entry, ...]:
    """The commission on a vendor's part of the shipping, where the rules of the vendor's lines take one, and its tax.

    Each line's rule takes its rate of the part that falls on that line by value: a fixed part, a floor and a cap are
    for goods.
    """
    mine = goods_of(order, vendor_id)
    if not any(line.terms.rule and line.terms.rule.with_shipping for line in mine):
        return ()
    parts = split(amount, [value_of(line) for line in mine])
    fee, tax = Decimal(0), Decimal(0)
    for line, part in zip(mine, parts, strict=True):
        rule = line.terms.rule
        if rule and rule.with_shipping:
            fee += part * rule.rate_bps / FULL_BPS
            tax = max(tax, line.terms.fee_tax_bps)
    whole = max(0, min(round_half_away(fee), amount))
    entries = (
        Entry(Account.COMMISSION, whole),
        Entry(Account.FEE_TAX, round_half_away(whole * tax / FULL_BPS)),
    )
    return tuple(entry for entry in entries if entry.amount)


def _keeps(order: Order, vendor_id: int, *, owns: bool, tax: bool) -> bool:
    terms = order.terms.of(vendor_id)
    has_shipping = owns or terms.shipping_to is Recipient.VENDOR
    return has_shipping and (not tax or terms.shipping_tax_to is Recipient.VENDOR)


def _weights(order: Order) -> dict[Party, int]:
    """Who shares the shipping, and by which weight; the store's own goods count for the marketplace.

    Where different ways are agreed, each has the part of the whole that the own way gives, and is weighed by it.
    """
    lines = goods(order)
    ways = {party: order.terms.share_of(party) for party in dict.fromkeys(line.terms.vendor_id for line in lines)}
    by_way = {way: _weights_by(way, lines) for way in set(ways.values())}
    if len(by_way) < 2:  # usually one way; none where nothing is sent
        return next(iter(by_way.values()), {None: 1})
    sums = {way: sum(weights.values()) for way, weights in by_way.items()}
    whole = lcm(*sums.values())
    return {party: by_way[way][party] * (whole // sums[way]) for party, way in ways.items()}


def _weights_by(way: ShippingShare, lines: list[Line]) -> dict[Party, int]:
    """Not all of them zero: what has neither value nor weight is shared equally."""
    weights: dict[Party, int] = {}
    for line in lines:
        party = line.terms.vendor_id
        weights[party] = weights.get(party, 0) + _weight(line, way)
    return weights if any(weights.values()) else dict.fromkeys(weights, 1)


def _weight(line: Line, share: ShippingShare) -> int:
    if share is ShippingShare.BY_VALUE:
        return value_of(line)
    return line.grams * line.quantity if share is ShippingShare.BY_WEIGHT else 0
