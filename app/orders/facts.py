"""What is known about an order, free of Shopify's spelling: the input of the money rules. Pure data, minor units."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import msgspec

from app.commissions.rules import FULL_BPS, Rule


class Recipient(StrEnum):
    VENDOR = "vendor"
    MARKETPLACE = "marketplace"


class ShippingShare(StrEnum):
    """How one shipping line is shared over the order's vendors."""

    BY_VALUE = "value"
    BY_WEIGHT = "weight"
    EQUALLY = "equal"


class Keeps(NamedTuple):
    """What stays with the marketplace of a vendor's part when something is refunded."""

    commission: bool = False
    payment_fee: bool = False


class RefundBearer(StrEnum):
    """Who bears a refund, or the part of one, that names no lines."""

    SPREAD = "spread"
    """Over the order's lines, by what is left of each."""
    MARKETPLACE = "marketplace"
    VENDOR = "vendor"
    """Over what is left of one vendor's lines, whom the merchant named; then over the others."""


class FeesTo(StrEnum):
    """Who bears what the payment provider keeps of a payment, on a vendor's part of it."""

    MARKETPLACE = "marketplace"
    VENDOR = "vendor"
    SHARED = "shared"
    """The vendor and the marketplace, by what each gets of that part."""


class DisputeState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    """Or accepted: the customer has the money."""
    CLOSED = "closed"
    """Ended without anything taken: prevented, or settled by a refund."""


class Payment(StrEnum):
    NOTHING = "nothing"
    PARTLY = "partly"
    SETTLED = "settled"


class LineTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen when the line is first seen. `vendor_id` None: the store's own goods."""

    vendor_id: int | None = None
    rule: Rule | None = None
    fee_tax_bps: Decimal = Decimal(0)
    tax_to: Recipient = Recipient.MARKETPLACE
    hold_days: int = 14


class VendorTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one vendor's part of an order. Frozen when the vendor's first line is seen."""

    shipping_to: Recipient = Recipient.VENDOR
    shipping_tax_to: Recipient = Recipient.MARKETPLACE
    shipping_share: ShippingShare | None = None
    """None: as the order says."""
    payment_fees_to: FeesTo = FeesTo.MARKETPLACE
    reserve_bps: Decimal = Decimal(0)
    """Kept back of what becomes available, for `reserve_days` more."""
    reserve_days: int = 0


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen with the order."""

    shipping_to: Recipient = Recipient.VENDOR
    shipping_tax_to: Recipient = Recipient.MARKETPLACE
    shipping_share: ShippingShare = ShippingShare.BY_VALUE
    vendors: Mapping[int, VendorTerms] = {}
    """Of the vendors in the order; a vendor who is not here has the order's."""
    shipping_owners: Mapping[int, int] = {}
    """Shipping lines that are one vendor's own: vendor id by shipping line id."""

    def of(self, vendor_id: int) -> VendorTerms:
        return self.vendors.get(vendor_id) or _as_the_order(self.shipping_to, self.shipping_tax_to)

    def share_of(self, vendor_id: int | None) -> ShippingShare:
        """How the part of this vendor, or of the store's own goods, is reckoned."""
        found = None if vendor_id is None else self.vendors.get(vendor_id)
        return (found and found.shipping_share) or self.shipping_share


@cache
def _as_the_order(shipping_to: Recipient, shipping_tax_to: Recipient) -> VendorTerms:
    return VendorTerms(shipping_to=shipping_to, shipping_tax_to=shipping_tax_to)


class Discount(msgspec.Struct, frozen=True):
    amount: int
    vendor_bps: Decimal = FULL_BPS
    """The part that the vendor bears; the marketplace bears the rest."""


class Tax(msgspec.Struct, frozen=True):
    amount: int
    channel_liable: bool = False
    """The sales channel remits it: it belongs neither to the vendor nor to the marketplace."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    title: str = ""
    quantity: int
    """As sold, before removals and refunds."""
    current_quantity: int
    unit_price: int
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    duties: int = 0
    grams: int = 0
    gift_card: bool = False
    tip: bool = False
    terms: LineTerms = LineTerms()

    @property
    def gross(self) -> int:
        return self.unit_price * self.quantity

    @property
    def discount(self) -> int:
        return sum([discount.amount for discount in self.discounts])

    @property
    def tax(self) -> int:
        return sum([tax.amount for tax in self.taxes])


class ShippingLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    title: str = ""
    price: int
    discount: int = 0
    taxes: tuple[Tax, ...] = ()
    removed: bool = False
    """By an edit of the order."""

    @property
    def tax(self) -> int:
        return sum([tax.amount for tax in self.taxes])


class RefundLine(msgspec.Struct, frozen=True, kw_only=True):
    line_id: int
    quantity: int
    subtotal: int
    tax: int = 0
    cancelled: bool = False
    """Shopify's restock type "cancel": the units were taken off before they were sent."""
    came_back: bool = False
    """Shopify's restock type "return": the units had been sent."""


class ShippingRefund(msgspec.Struct, frozen=True, kw_only=True):
    shipping_id: int | None
    amount: int
    tax: int = 0


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    at: datetime
    returned: int
    """What the customer really got back: successful refund transactions only."""
    has_transactions: bool = True
    lines: tuple[RefundLine, ...] = ()
    shipping: tuple[ShippingRefund, ...] = ()
    duties: int = 0
    adjustments: int = 0
    """Sum of order adjustments other than shipping; plus means that less than the lines' worth was returned."""
    keep_commission: bool = False
    keep_payment_fee: bool = False
    """Whether a vendor who bears the payment fee bears it on what is refunded too."""
    alone: Mapping[int, Keeps] = {}
    """Vendors with whom something else was agreed."""
    bearer: RefundBearer = RefundBearer.SPREAD
    bearer_vendor_id: int | None = None
    """Whom the merchant put it on, for RefundBearer.VENDOR."""
    bearers: Mapping[int, RefundBearer] = {}
    """Vendors with whom something else than `bearer` was agreed; it holds while the merchant names nobody."""

    def keeps(self, vendor_id: int | None) -> Keeps:
        found = None if vendor_id is None else self.alone.get(vendor_id)
        return found or Keeps(self.keep_commission, self.keep_payment_fee)

    def spares(self, vendor_id: int | None) -> bool:
        """Whether the marketplace bears what names no lines and would fall on this vendor, or on the store's goods."""
        if self.bearer is RefundBearer.VENDOR:
            return False
        agreed = self.bearer if vendor_id is None else self.bearers.get(vendor_id, self.bearer)
        return agreed is RefundBearer.MARKETPLACE

    @property
    def removes_only(self) -> bool:
        """Units taken off the order and no money moved: an edit, told by Shopify as a refund."""
        return not self.has_transactions and bool(self.lines) and all(line.cancelled for line in self.lines)


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A customer went to the bank. An inquiry only holds money; of a chargeback the bank takes it at once."""

    id: int
    opened_at: datetime
    ended_at: datetime
    """Without meaning while it is open."""
    amount: int
    state: DisputeState
    is_chargeback: bool = True
    in_another_currency: bool = False
    """Neither the shop's nor the one the customer was charged in: the amount is doubtful."""
    fee: int = 0
    """What the payment provider charges for it; returned when it is won."""
    fee_to_vendors: bool = False
    fee_to_alone: Mapping[int, bool] = {}
    """Vendors with whom something else was agreed."""
    keep_commission: bool = False
    keep_payment_fee: bool = False
    alone: Mapping[int, Keeps] = {}
    bearer: RefundBearer = RefundBearer.SPREAD
    bearer_vendor_id: int | None = None
    bearers: Mapping[int, RefundBearer] = {}

    def charges(self, vendor_id: int) -> bool:
        """Whether this vendor bears the fee on what they lose."""
        return self.fee_to_alone.get(vendor_id, self.fee_to_vendors)


class PaymentFee(msgspec.Struct, frozen=True):
    """What the payment provider kept of one transaction, its tax included."""

    transaction_id: int
    at: datetime
    amount: int


class Fulfilment(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    at: datetime
    quantities: Mapping[int, int]
    """Units by line id."""


class Edit(msgspec.Struct, frozen=True):
    """What an edit changed, by component of the order ("line:7", "shipping:3")."""

    added: Mapping[str, int] = {}
    """Units."""
    removed: Mapping[str, int] = {}
    """Units that it took off."""
    off: Mapping[str, int] = {}
    """By how much it made lines cheaper that were there."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    currency: str
    ordered_at: datetime
    updated_at: datetime
    payment: Payment
    total: int
    """Shopify's total_price, in shop money."""
    current_total: int
    """After edits and refunds."""
    outstanding: int = 0
    """Minus: what Shopify says is owed to the customer."""
    outstanding_within: int = 0
    """By how much that may be off: Shopify rounds it to the customer's currency, and we back to the shop's."""
    known_returned: int = 0
    """Refunded money plus order adjustments, as far as `current_total` and `outstanding` already know of them."""
    paid_in: int | None = None
    """What the payments that Shopify told of come to; None where none was, or one in a third currency."""
    paid_within: int = 0
    """By how much `paid_in` may be off: what was paid or returned in the customer's currency is rounded."""
    lines: tuple[Line, ...]
    shipping: tuple[ShippingLine, ...] = ()
    tips: int = 0
    duties: int = 0
    additional_fees: int = 0
    cash_rounding: int = 0
    """How much more than what Shopify counts as paid went into the till."""
    cash_rounding_back: int = 0
    """How much more than what Shopify counts as returned came out of it."""
    taxes_included: bool = False
    cancelled_at: datetime | None = None
    test: bool = False
    refunds: tuple[Refund, ...] = ()
    fulfilments: tuple[Fulfilment, ...] = ()
    edits: tuple[Edit, ...] = ()
    """The oldest first."""
    asked_until: datetime | None = None
    """Shopify is asked what an edit changed: until it answered, or until then, shipping may still move."""
    disputes: tuple[Dispute, ...] = ()
    payment_fees: tuple[PaymentFee, ...] = ()
    is_unknown: bool = False
    """Shopify does not have it, or not any more."""
    lifted: frozenset[str] = frozenset()
    """Flags that a person has looked at and lifted."""
    terms: OrderTerms = OrderTerms()
