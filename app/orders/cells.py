"""An order's money taken apart into cells: each line's goods, each line's tax, each share of shipping, the tip…

A cell knows what the customer owes for it and who gets how much of that. Everything later (part payments, refunds,
removals) is a fraction of a cell, to date, so steps add up to the whole without a cent left over.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from app.commissions import rules as commissions
from app.ledger.rules import Account, Entry
from app.money import take_bps
from app.orders.facts import Line, Order, Recipient, ShippingLine, Tax
from app.orders.shipping import share_shipping, shipping_fees, shipping_weights

WHOLE: Final = Fraction(1)


class LineShare(msgspec.Struct, frozen=True):
    """How one fully paid line is shared: what the explanation of a vendor's amount shows."""

    gross: int
    vendor_discount: int
    market_discount: int
    included_tax: int
    base: int
    """What the rate is applied to."""
    fee: int
    fee_tax: int
    vendor: int
    """Without any tax that is passed on to the vendor."""


class Cell(msgspec.Struct, frozen=True):
    key: str
    """Within the order: "line:7:sale", "line:7:tax", "shipping:3:vendor:12"."""
    owed: int
    rest: tuple[Account, int | None]
    """Who gets what the shares leave: the vendor, where there is one."""
    shares: tuple[Entry, ...] = ()
    """Fixed parts for a fully paid cell; each is rounded on its own when only a part is paid or returned."""
    line_id: int | None = None
    shipping_id: int | None = None
    share: LineShare | None = None
    """Of the goods of a vendor's line."""

    @property
    def component(self) -> str:
        """The part of the order it belongs to: "line:7", "shipping:3", or its own key."""
        if self.line_id:
            return f"line:{self.line_id}"
        return f"shipping:{self.shipping_id}" if self.shipping_id else self.key

    @property
    def vendor_id(self) -> int | None:
        return self.rest[1]

    def at(self, part: Fraction) -> tuple[Entry, ...]:
        """Who has what once `part` (0 to 1) of the cell is paid. The entries add up to that part of `owed`."""
        if part is WHOLE:  # as nearly always, and then there is nothing to round
            rest = self.owed - sum([share.amount for share in self.shares]) if self.shares else self.owed
            return (Entry(self.rest[0], rest, self.rest[1]), *self.shares)
        amounts = [Entry(share.account, part_of(share.amount, part), share.vendor_id) for share in self.shares]
        whole = part_of(self.owed, part)
        return (Entry(self.rest[0], whole - sum(entry.amount for entry in amounts), self.rest[1]), *amounts)


def round_fraction(amount: Fraction) -> int:
    """To the nearest integer, halves away from zero."""
    return part_of(1, amount)


def part_of(amount: int, part: Fraction) -> int:
    """So much of the amount, halves away from zero. In integers: reckoning with fractions is far slower."""
    over, under = amount * part.numerator, part.denominator
    rounded = (2 * abs(over) + under) // (2 * under)
    return -rounded if over < 0 else rounded


def share_line(line: Line, order: Order) -> LineShare:
    """Share a fully paid line: commission by its rule, the rest to the vendor; included tax to its own recipient."""
    gross, vendor_discount = line.gross, sum([take_bps(d.amount, d.vendor_bps) for d in line.discounts])
    included = line.tax if order.taxes_included else 0
    value = gross - vendor_discount
    leaves = line.terms.tax_to is Recipient.MARKETPLACE
    base, fee = commissions.line_fee(line.terms.rule, value, included, line.quantity, order.currency, tax_leaves=leaves)
    fee_tax = take_bps(fee, line.terms.fee_tax_bps)
    return LineShare(
        gross=gross,
        vendor_discount=vendor_discount,
        market_discount=line.discount - vendor_discount,
        included_tax=included,
        base=base,
        fee=fee,
        fee_tax=fee_tax,
        vendor=value - included - fee - fee_tax,
    )


def cells_of(order: Order, goods: Mapping[int, Order]) -> tuple[Cell, ...]:
    """Every cell of the order, in the order's own sequence. What the customer owes for them is Shopify's total.

    `goods`: by shipping line, the order whose lines share it.
    """
    cells = [cell for line in order.lines for cell in _line_cells(line, order)]
    cells += [cell for line in order.shipping for cell in _shipping_cells(line, goods[line.id])]
    extras = (
        ("tip", order.tips, Account.TIPS),
        ("duties", order.duties, Account.DUTIES),
        ("fees", order.additional_fees, Account.ADDITIONAL_FEES),
    )
    cells += [Cell(key, amount, (account, None)) for key, amount, account in extras if amount]
    return tuple(cells)


def _line_cells(line: Line, order: Order) -> Iterable[Cell]:
    if line.tip:
        return
    yield _goods_cell(line, order)
    if line.taxes:
        yield _tax_cell(f"line:{line.id}:tax", line.taxes, line.terms.tax_to, line.terms.vendor_id, line_id=line.id)


def _goods_cell(line: Line, order: Order) -> Cell:
    key, vendor = f"line:{line.id}:sale", line.terms.vendor_id
    paid = max(0, line.gross - line.discount - (line.tax if order.taxes_included else 0))
    if line.gift_card:
        return Cell(key, paid, (Account.GIFT_CARDS, None), line_id=line.id)
    if vendor is None:
        return Cell(key, paid, (Account.GOODS_REVENUE, None), line_id=line.id)
    share = share_line(line, order)
    shares = (
        Entry(Account.COMMISSION, share.fee),
        Entry(Account.FEE_TAX, share.fee_tax),
        Entry(Account.DISCOUNTS_BORNE, -share.market_discount),
    )
    rest = (Account.VENDOR_PENDING, vendor)
    return Cell(key, paid, rest, tuple([s for s in shares if s.amount]), line_id=line.id, share=share)


def _tax_cell(key: str, taxes: Sequence[Tax], to: Recipient, vendor: int | None, *, line_id: int) -> Cell:
    rest: tuple[Account, int | None] = (Account.SALES_TAX, None)
    if to is Recipient.VENDOR and vendor is not None:
        rest = (Account.VENDOR_PENDING, vendor)
    channel = sum(tax.amount for tax in taxes if tax.channel_liable)
    shares = (Entry(Account.CHANNEL_TAX, channel),) if channel else ()
    return Cell(key, sum(tax.amount for tax in taxes), rest, shares, line_id=line_id)


def _shipping_cells(shipping: ShippingLine, order: Order) -> Iterable[Cell]:
    included = shipping.tax if order.taxes_included else 0
    paid = max(0, shipping.price - shipping.discount - included)
    channel = sum(tax.amount for tax in shipping.taxes if tax.channel_liable)
    weights = shipping_weights(shipping, order)
    for party, part in share_shipping(shipping, paid, order, weights).items():
        key = _shipping_key(shipping.id, party, "sale")
        if party is None:
            yield Cell(key, part, (Account.SHIPPING_REVENUE, None), shipping_id=shipping.id)
        else:
            fees = shipping_fees(order, party, part)
            yield Cell(key, part, (Account.VENDOR_PENDING, party), fees, shipping_id=shipping.id)
    if channel:
        yield Cell(f"shipping:{shipping.id}:channel_tax", channel, (Account.CHANNEL_TAX, None), shipping_id=shipping.id)
    for party, part in share_shipping(shipping, shipping.tax - channel, order, weights, tax=True).items():
        if part:
            rest = (Account.SHIPPING_TAX, None) if party is None else (Account.VENDOR_PENDING, party)
            yield Cell(_shipping_key(shipping.id, party, "tax"), part, rest, shipping_id=shipping.id)


def _shipping_key(shipping_id: int, party: int | None, part: str) -> str:
    owner = "marketplace" if party is None else f"vendor:{party}"
    return f"shipping:{shipping_id}:{owner}:{part}"
