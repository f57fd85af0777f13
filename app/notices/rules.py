"""The words of notices: by the kind of the event that made them. Pure."""

from typing import Final

from app.languages import noted

VENDOR_WORDS: Final = {
    "PaymentReceived": noted("Order %(about)s came in, paid"),
    "OrderEdited": noted("Order %(about)s was changed: see what is to be sent"),
    "OrderCancelled": noted("Order %(about)s was cancelled"),
    "OrderHeld": noted("Order %(about)s is on hold: do not send it yet"),
    "OrderHoldReleased": noted("Order %(about)s is no longer on hold"),
    "OrderCollected": noted("The shop has collected order %(about)s"),
    "RefundProcessed": noted("Money of order %(about)s was refunded"),
    "ReturnRequested": noted("A customer asks to send items of order %(about)s back"),
    "OrderMessageReceived": noted("A customer wrote to you about order %(about)s"),
    "QuestionAsked": noted("A customer asks about “%(about)s”"),
    "ProductPublished": noted("“%(about)s” is on sale"),
    "ProductChangesRequested": noted("The shop asks you to change “%(about)s”"),
    "ProductRejected": noted("“%(about)s” was declined"),
    "ProductTakenDown": noted("The shop took “%(about)s” off sale"),
    "ProductPutBack": noted("“%(about)s” is on sale again"),
    "ProductEdited": noted("Your edit of “%(about)s” is live"),
    "ProductEditDeclined": noted("Your edit of “%(about)s” was not taken over"),
    "PayoutSent": noted("%(about)s is on its way to you"),
    "PayoutReturned": noted("Your payout of %(about)s came back"),
}
SHOP_WORDS: Final = {
    "VendorApplied": "%(about)s applied to sell with you",
    "ProductSubmitted": "“%(about)s” was handed in",
    "ProductEditProposed": "An edit of “%(about)s” waits for you",
    "OrderReadyForPickup": "Order %(about)s is ready for pickup",
    "ReturnRequested": "A customer asks to send items of order %(about)s back",
    "PayoutReturned": "The payout of %(about)s came back",
}
KINDS: Final = frozenset(VENDOR_WORDS) | frozenset(SHOP_WORDS)
TOPIC_OF: Final = {
    "PaymentReceived": "orders",
    "OrderEdited": "orders",
    "OrderCancelled": "orders",
    "OrderHeld": "orders",
    "OrderHoldReleased": "orders",
    "OrderReadyForPickup": "orders",
    "OrderCollected": "orders",
    "RefundProcessed": "orders",
    "ReturnRequested": "orders",
    "OrderMessageReceived": "orders",
    "QuestionAsked": "customers",
    "ProductPublished": "products",
    "ProductChangesRequested": "products",
    "ProductRejected": "products",
    "ProductTakenDown": "products",
    "ProductPutBack": "products",
    "ProductEdited": "products",
    "ProductEditDeclined": "products",
    "PayoutSent": "payouts",
    "PayoutReturned": "payouts",
    "VendorApplied": "applications",
    "ProductSubmitted": "review",
    "ProductEditProposed": "review",
}
ICONS: Final = {
    "orders": "receipt-text",
    "products": "package",
    "customers": "message-circle-question-mark",
    "payouts": "wallet",
    "applications": "store",
    "review": "package",
}
