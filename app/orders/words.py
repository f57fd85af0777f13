"""How pages name what happens to an order and its money."""

from collections.abc import Mapping
from typing import Final

from app.languages import lazy
from app.ledger.rules import Account
from app.models.orders import VendorOrderStatus
from app.orders.stages import HoldReason

PAYMENT_WORDS: Final[dict[str, tuple[str, str]]] = {
    "pending": ("Payment pending", "warning"),
    "authorized": ("Authorized", "warning"),
    "expired": ("Expired", "neutral"),
    "voided": ("Voided", "neutral"),
    "partially_paid": ("Partly paid", "warning"),
    "paid": ("Paid", "success"),
    "partially_refunded": ("Partly refunded", "info"),
    "refunded": ("Refunded", "neutral"),
}
PART_WORDS: Final[dict[str, tuple[str, str | None]]] = {
    VendorOrderStatus.UNPAID: (lazy("Not paid yet"), None),
    VendorOrderStatus.TO_SHIP: (lazy("To ship"), "warn"),
    VendorOrderStatus.PARTLY_SHIPPED: (lazy("Partly shipped"), "warn"),
    "on_hold": (lazy("Do not send yet"), "info"),
    "packed": (lazy("Ready for pickup"), "info"),
    "collected": (lazy("Collected"), "info"),
    VendorOrderStatus.SHIPPED: (lazy("Shipped"), "good"),
    "delivered": (lazy("Delivered"), "good"),
    "returned": (lazy("Sent back"), None),
    VendorOrderStatus.CANCELLED: (lazy("Nothing to send"), None),
}


def part_words(*, is_collected: bool) -> Mapping[str, tuple[str, str | None]]:
    """What a vendor reads: where the shop collects, orders are packed instead of shipped."""
    return PART_WORDS | {VendorOrderStatus.TO_SHIP: (lazy("To pack"), "warn")} if is_collected else PART_WORDS


RETURN_WORDS: Final[dict[str, tuple[str, str]]] = {
    "requested": (lazy("Asked for"), "warn"),
    "open": (lazy("Coming back"), "info"),
    "closed": (lazy("Closed"), "good"),
    "declined": (lazy("Declined"), "neutral"),
    "canceled": (lazy("Called off"), "neutral"),
    "gone": (lazy("Deleted"), "neutral"),
}
DECLINE_WORDS: Final[dict[str, str]] = {
    "final_sale": lazy("Declined because these items cannot be returned."),
    "return_period_ended": lazy("Declined because the time to return them is over."),
}
HOLD_WORDS: Final[dict[str, str]] = {
    HoldReason.TO_SHIP: lazy("The money waits until the order is sent."),
    HoldReason.TEST_ORDER: lazy("This order is a test and is never paid out."),
    HoldReason.RETURN_WINDOW: lazy("The money is on hold for the return period."),
    HoldReason.CHECK: lazy("The money is on hold: the amounts of this order are being checked."),
    HoldReason.DISPUTE: lazy("The money that the customer disputes is on hold until the bank decides."),
    HoldReason.RESERVE: lazy("The money is kept back for some days, in case of late refunds."),
}
SHIP_HOLD_WORDS: Final[dict[str, str]] = {
    "awaiting_payment": lazy("The shop waits for a payment."),
    "awaiting_return_items": lazy("The shop waits for items that the customer sends back."),
    "high_risk_of_fraud": lazy("The shop checks whether the order is genuine."),
    "incorrect_address": lazy("The shop checks the address."),
    "inventory_out_of_stock": lazy("Something is out of stock."),
    "online_store_post_purchase_cross_sell": lazy("The customer may still add something to the order."),
    "unknown_delivery_date": lazy("It is not known yet when it can be delivered."),
    "scheduled": lazy("It is to be sent later."),
    "other": lazy("The shop has stopped it for now."),
}
"""Why items may not be sent yet. Shopify adds reasons now and then: those are "other" here."""
KIND_WORDS: Final[dict[str, str]] = {
    "sale": lazy("Sold"),
    "refund": lazy("Refunded"),
    "edit": lazy("Taken off the order"),
    "cancellation": lazy("Cancelled"),
    "fulfilled": lazy("Put on hold"),
    "released": lazy("Available"),
    "reserved": lazy("Kept in the reserve"),
    "reserve_released": lazy("Available from the reserve"),
    "dispute": lazy("Disputed: taken by the bank"),
    "dispute_fee": lazy("Fee for a dispute"),
    "dispute_won": lazy("Dispute won"),
    "dispute_lost": lazy("Dispute lost"),
    "payment_fee": lazy("Payment fee"),
    "payment_fee_back": lazy("Payment fee given back"),
    "adjustment": lazy("Adjusted by hand"),
    "adjustment_reversed": lazy("Adjustment taken back"),
    "payout_claim": lazy("Payout prepared"),
    "payout_sent": lazy("Paid out"),
    "payout_given_back": lazy("Payout came back"),
}
ACCOUNT_WORDS: Final[dict[str, str]] = {
    Account.CUSTOMER_RECEIPTS: "Received from the customer",
    Account.CUSTOMER_CREDIT: lazy("Owed back to the customer"),
    Account.VENDOR_PENDING: lazy("Vendor, pending"),
    Account.VENDOR_HELD: lazy("Vendor, on hold"),
    Account.VENDOR_AVAILABLE: lazy("Vendor, available"),
    Account.VENDOR_RESERVE: "Vendor, in the reserve",
    Account.PAYOUTS_IN_TRANSIT: "Payouts on their way",
    Account.PAID_OUT: "Paid out to vendors",
    Account.COMMISSION: "Commission",
    Account.DISCOUNTS_BORNE: "Discounts you bear",
    Account.REFUNDS_BORNE: "Refunds and disputes you bear",
    Account.GOODS_REVENUE: "Your own goods",
    Account.SHIPPING_REVENUE: "Shipping",
    Account.SALES_TAX: "Sales tax",
    Account.SHIPPING_TAX: "Tax on shipping",
    Account.CHANNEL_TAX: "Tax that the channel pays",
    Account.FEE_TAX: "Tax on commission",
    Account.GIFT_CARDS: "Gift cards sold",
    Account.TIPS: "Tips",
    Account.DUTIES: "Duties",
    Account.ADDITIONAL_FEES: "Additional fees",
    Account.CASH_ROUNDING: "Cash rounding",
    Account.PAYMENT_FEES: "Payment fees you bear",
    Account.PAYMENT_PROVIDER: "Kept by the payment provider",
    Account.CHARGEBACKS: "Taken back by the bank",
    Account.DISPUTES: "Disputed, at the bank",
    Account.DISPUTE_FEES: "Dispute fees you bear",
    Account.ADJUSTMENTS: "Adjustments by hand",
    Account.UNEXPLAINED: "Not explained",
}
DISPUTE_WORDS: Final[dict[str, str]] = {
    "open": lazy("With the bank"),
    "won": lazy("Won"),
    "lost": lazy("Lost"),
    "closed": lazy("Ended, nothing taken"),
}
BANK_REASON_WORDS: Final[dict[str, str]] = {
    "bank cannot process": lazy("the bank cannot process it"),
    "bank not process": lazy("the bank cannot process it"),
    "credit not processed": lazy("a refund that was promised did not come"),
    "customer initiated": lazy("the customer asked for it"),
    "debit not authorized": lazy("the customer did not agree to the payment"),
    "duplicate": lazy("the customer paid twice"),
    "fraudulent": lazy("the customer says that somebody else paid"),
    "general": lazy("no special reason"),
    "incorrect account details": lazy("the account details are wrong"),
    "insufficient funds": lazy("there was not enough money in the account"),
    "noncompliant": lazy("the payment broke a rule of the card network"),
    "product not received": lazy("the product did not arrive"),
    "product unacceptable": lazy("the product is damaged or not as described"),
    "subscription canceled": lazy("the subscription was cancelled before"),
    "subscription cancelled": lazy("the subscription was cancelled before"),
    "unrecognized": lazy("the customer does not know the payment"),
}
"""Why the customer's bank asks for the money back, as Shopify's webhooks and its Admin API spell it."""
_COMPONENT_WORDS: Final = {
    "shipping": lazy("Shipping"),
    "fees": lazy("Payment fees"),
    "dispute": lazy("Fee for a dispute"),
}
TAKING_KINDS: Final = frozenset({"refund", "edit", "cancellation", "dispute_lost", "dispute_fee", "payment_fee"})
"""Kinds of postings that take something from a vendor: where one gives, an earlier one was taken back."""
FEE_KINDS: Final = frozenset({"payment_fee", "dispute_fee"})
"""Kinds of postings that take something from a vendor without taking a sale back."""
STAGE_WORDS: Final[dict[str, str]] = {
    Account.VENDOR_PENDING: lazy("pending"),
    Account.VENDOR_HELD: lazy("on hold"),
    Account.VENDOR_AVAILABLE: lazy("available"),
    Account.VENDOR_RESERVE: lazy("in the reserve"),
}


def name_component(component: str) -> str:
    """What of an order an amount belongs to, where it is no line: "shipping:3", "fees", "dispute:5"."""
    return _COMPONENT_WORDS.get(component.partition(":")[0], lazy("Correction"))
