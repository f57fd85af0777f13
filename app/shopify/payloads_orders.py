"""Bodies of the order topics: orders/*, refunds/create, fulfillments/*. Only what we read; amounts stay strings.

Every amount we use is the shop-money half of a `*_set`: the bare fields beside them are in whichever currency.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from app.shopify.payloads import Payload

UNPAID: Final = frozenset({"pending", "authorized", "voided", "expired"})
"""Financial statuses of orders for which nothing came in."""
READ_AFTER: Final = timedelta(minutes=1)
"""The second in which Shopify changed an order is surely over by then, though our clock be a little wrong. What we read
so late (`app_read_afterwards`) is the last state of it, with every edit until then.
"""


class ShopMoney(Payload, kw_only=True, frozen=True):
    amount: str
    currency_code: str


class MoneySet(Payload, kw_only=True, frozen=True):
    shop_money: ShopMoney
    presentment_money: ShopMoney | None = None


class TaxLine(Payload, kw_only=True, frozen=True):
    price_set: MoneySet
    title: str = ""
    channel_liable: bool | None = None


class DiscountAllocation(Payload, kw_only=True, frozen=True):
    amount_set: MoneySet
    discount_application_index: int = 0


class DiscountApplication(Payload, kw_only=True, frozen=True):
    type: str = ""
    code: str | None = None
    title: str | None = None
    description: str | None = None


class Duty(Payload, kw_only=True, frozen=True):
    shop_money: ShopMoney | None = None
    tax_lines: tuple[TaxLine, ...] = ()


class LineItem(Payload, kw_only=True, frozen=True):
    id: int
    title: str = ""
    variant_title: str | None = None
    quantity: int
    current_quantity: int | None = None
    price_set: MoneySet
    product_id: int | None = None
    variant_id: int | None = None
    sku: str | None = None
    vendor: str | None = None
    gift_card: bool = False
    grams: int | None = None
    requires_shipping: bool = True
    tip: dict[str, Any] | None = None
    tax_lines: tuple[TaxLine, ...] = ()
    duties: tuple[Duty, ...] = ()
    discount_allocations: tuple[DiscountAllocation, ...] = ()


class ShippingLine(Payload, kw_only=True, frozen=True):
    id: int
    title: str | None = None
    code: str | None = None
    price_set: MoneySet
    is_removed: bool = False
    tax_lines: tuple[TaxLine, ...] = ()
    discount_allocations: tuple[DiscountAllocation, ...] = ()


class Transaction(Payload, kw_only=True, frozen=True):
    id: int
    kind: str
    status: str
    amount: str
    currency: str | None = None
    """Of `amount`: what the customer was charged in, not always the shop's."""


class RefundLineItem(Payload, kw_only=True, frozen=True):
    id: int
    line_item_id: int
    quantity: int
    restock_type: str | None = None
    subtotal_set: MoneySet
    total_tax_set: MoneySet | None = None


class RefundShippingLine(Payload, kw_only=True, frozen=True):
    id: int
    shipping_line_id: int | None = None
    shipping_line: dict[str, Any] | None = None
    subtotal_amount_set: MoneySet
    tax_amount_set: MoneySet | None = None


class OrderAdjustment(Payload, kw_only=True, frozen=True):
    id: int
    kind: str | None = None
    amount_set: MoneySet
    tax_amount_set: MoneySet | None = None


class Refund(Payload, kw_only=True, frozen=True):
    """refunds/create, and the refunds inside an order."""

    id: int
    order_id: int
    created_at: datetime
    processed_at: datetime | None = None
    note: str | None = None
    refund_line_items: tuple[RefundLineItem, ...] = ()
    refund_shipping_lines: tuple[RefundShippingLine, ...] = ()
    order_adjustments: tuple[OrderAdjustment, ...] = ()
    total_duties_set: MoneySet | None = None
    transactions: tuple[Transaction, ...] = ()


class FulfillmentLine(Payload, kw_only=True, frozen=True):
    id: int
    quantity: int


class Fulfillment(Payload, kw_only=True, frozen=True):
    """fulfillments/create and update, and the fulfillments inside an order."""

    id: int
    order_id: int
    status: str | None = None
    shipment_status: str | None = None
    tracking_company: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    created_at: datetime
    updated_at: datetime
    line_items: tuple[FulfillmentLine, ...] = ()


class Address(Payload, kw_only=True, frozen=True):
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country: str | None = None


class Customer(Payload, kw_only=True, frozen=True):
    id: int | None = None
    first_name: str | None = None
    last_name: str | None = None


class Addition(Payload, kw_only=True, frozen=True):
    """What one edit added to an order, and took off it: units by "line:7" or "shipping:3". And what it took off the
    price of lines that were there, in minor units of shop money.
    """

    at: datetime
    units: dict[str, int]
    removed: Mapping[str, int] = {}
    off: Mapping[str, int] = {}


class Order(Payload, kw_only=True, frozen=True):
    """orders/create, paid, updated, cancelled."""

    id: int
    name: str
    currency: str
    presentment_currency: str | None = None
    created_at: datetime
    processed_at: datetime | None = None
    updated_at: datetime
    app_read_afterwards: bool = False
    """Not Shopify's: we asked for it ourselves when that second was over, so it is the last state of it."""
    app_additions: tuple[Addition, ...] | None = None
    """Nor this: Shopify's list of edits, where we asked for it as well."""
    cancelled_at: datetime | None = None
    financial_status: str | None = None
    fulfillment_status: str | None = None
    test: bool = False
    taxes_included: bool = False
    email: str | None = None
    customer_locale: str | None = None
    total_price_set: MoneySet
    current_total_price_set: MoneySet | None = None
    total_outstanding: str | None = None
    total_tip_received: str | None = None
    original_total_duties_set: MoneySet | None = None
    original_total_additional_fees_set: MoneySet | None = None
    total_cash_rounding_payment_adjustment_set: MoneySet | None = None
    total_cash_rounding_refund_adjustment_set: MoneySet | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    discount_applications: tuple[DiscountApplication, ...] = ()
    line_items: tuple[LineItem, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()

    @property
    def is_partly_paid(self) -> bool:
        """Something came in, and something is still to come."""
        if self.financial_status is None or self.financial_status in UNPAID:
            return False
        lacks = self.cancelled_at is None and Decimal(self.total_outstanding or 0) > 0
        return lacks or self.financial_status == "partially_paid"


class OrderTransaction(Payload, kw_only=True, frozen=True):
    """order_transactions/create. Its receipt and payment details name the customer: they are not read."""

    id: int
    order_id: int
    kind: str
    status: str
    amount: str
    currency: str
    gateway: str | None = None
    created_at: datetime
    processed_at: datetime | None = None


class Dispute(Payload, kw_only=True, frozen=True):
    """disputes/create and disputes/update. No `updated_at`; `finalized_on` may be missing although it is over."""

    id: int
    order_id: int | None = None
    type: str
    amount: str
    currency: str
    reason: str | None = None
    status: str
    evidence_due_by: str | None = None
    evidence_sent_on: str | None = None
    finalized_on: str | None = None
    initiated_at: datetime


class Change(Payload, kw_only=True, frozen=True):
    id: int | None = None
    """Of the line."""
    delta: int = 1


class Changes(Payload, kw_only=True, frozen=True):
    additions: tuple[Change, ...] = ()
    removals: tuple[Change, ...] = ()


class OrderEdit(Payload, kw_only=True, frozen=True):
    id: int
    order_id: int
    created_at: datetime | None = None
    committed_at: datetime | None = None
    line_items: Changes = Changes()
    shipping_lines: Changes = Changes()


class OrderEdited(Payload, kw_only=True, frozen=True):
    """orders/edited: what was added and removed, not the order itself."""

    order_edit: OrderEdit
