"""What a cart costs: discounts, shipping and tax, in whole minor units and without input or output."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from devstore.orders.amounts import rounded, split

DiscountKind = Literal["percentage", "fixed_amount", "free_shipping"]


@dataclass(frozen=True)
class CartLine:
    """Units of one variant at one price (minor units)."""

    product_id: int
    price: int
    quantity: int
    taxable: bool = True

    @property
    def gross(self) -> int:
        return self.price * self.quantity


@dataclass(frozen=True)
class Discount:
    """A code's promise: ``value`` is per cent for "percentage" and minor units for "fixed_amount"."""

    code: str
    kind: DiscountKind
    value: Decimal
    product_ids: frozenset[int] | None = None

    def covers(self, line: CartLine) -> bool:
        return self.product_ids is None or line.product_id in self.product_ids


@dataclass(frozen=True)
class Share:
    """The part of discount number ``discount`` that one line carries."""

    discount: int
    amount: int


@dataclass(frozen=True)
class PricedLine:
    """A line (or the shipping) with its discounts and its tax. With included taxes ``net`` contains ``tax``."""

    gross: int
    shares: tuple[Share, ...]
    tax: int

    @property
    def discount(self) -> int:
        return sum(share.amount for share in self.shares)

    @property
    def net(self) -> int:
        return self.gross - self.discount


@dataclass(frozen=True)
class Priced:
    """A cart priced: the totals follow from the lines and nothing else."""

    lines: tuple[PricedLine, ...]
    shipping: PricedLine | None
    taxes_included: bool

    @property
    def parts(self) -> tuple[PricedLine, ...]:
        return self.lines if self.shipping is None else (*self.lines, self.shipping)

    @property
    def subtotal(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def discounts(self) -> int:
        return sum(part.discount for part in self.parts)

    @property
    def tax(self) -> int:
        return sum(part.tax for part in self.parts)

    @property
    def total(self) -> int:
        before_tax = sum(part.net for part in self.parts)
        return before_tax if self.taxes_included else before_tax + self.tax


def tax_of(amount: int, rate: Decimal, *, included: bool) -> int:
    """Tax in (or on top of) an amount, rounded half away from zero."""
    taxed = Decimal(amount) * rate
    return rounded(taxed / (1 + rate) if included else taxed)


def price_cart(
    lines: Sequence[CartLine],
    discounts: Sequence[Discount],
    *,
    shipping: int | None,
    tax_rate: Decimal,
    taxes_included: bool,
) -> Priced:
    """Price a cart. Codes apply one after the other, each to what the earlier ones left."""
    shares: list[list[Share]] = [[] for _ in lines]
    shipping_shares: list[Share] = []
    for number, discount in enumerate(discounts):
        if discount.kind == "free_shipping":
            left = (shipping or 0) - sum(share.amount for share in shipping_shares)
            shipping_shares += [Share(number, left)] if left else []
            continue
        for at, amount in enumerate(_allocate(discount, lines, shares)):
            if amount:
                shares[at].append(Share(number, amount))

    def priced(gross: int, own: Sequence[Share], *, taxable: bool) -> PricedLine:
        net = gross - sum(share.amount for share in own)
        tax = tax_of(net, tax_rate, included=taxes_included) if taxable else 0
        return PricedLine(gross, tuple(own), tax)

    return Priced(
        lines=tuple(priced(line.gross, own, taxable=line.taxable) for line, own in zip(lines, shares, strict=True)),
        shipping=None if shipping is None else priced(shipping, shipping_shares, taxable=True),
        taxes_included=taxes_included,
    )


def _allocate(discount: Discount, lines: Sequence[CartLine], shares: Sequence[Sequence[Share]]) -> list[int]:
    """The amount of this discount on each line, by what is left to pay of the lines it covers."""
    left = [
        line.gross - sum(share.amount for share in own) if discount.covers(line) else 0
        for line, own in zip(lines, shares, strict=True)
    ]
    whole = sum(left)
    if whole == 0:
        return [0] * len(lines)
    wanted = rounded(whole * discount.value / 100) if discount.kind == "percentage" else int(discount.value)
    return split(min(wanted, whole), left)
