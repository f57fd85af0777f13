"""Our own events and whoever hears of them, in the merchant's words. Pure."""

from typing import Final

EVENTS: Final = {
    "CancellationAsked": "A vendor asked to cancel items",
    "ChosenEmailRefused": "A customer's address refused an e-mail",
    "DisputeEnded": "A dispute ended",
    "DisputeOpened": "A customer's bank disputed a payment",
    "OrderCancelled": "An order was cancelled",
    "OrderCreated": "An order came in",
    "OrderDelivered": "A parcel arrived",
    "OrderEdited": "An order was edited",
    "OrderFulfilled": "A parcel was packed",
    "OrderHeld": "An order was put on hold",
    "OrderHoldReleased": "An order's hold was released",
    "OrderMessageReceived": "A customer wrote about an order",
    "OrderMessageSent": "A vendor wrote about an order",
    "OrderShipped": "A parcel is on its way",
    "PaymentReceived": "An order was paid",
    "PayoutReturned": "A payout came back",
    "PayoutSent": "A payout was sent",
    "ProductChangesRequested": "A product was sent back for changes",
    "ProductEditDeclined": "An edit of a product was declined",
    "ProductEditProposed": "An edit of a product was proposed",
    "ProductEdited": "An edit of a product went live",
    "ProductPublished": "A product went on sale",
    "ProductRejected": "A product was rejected",
    "ProductSubmitted": "A product was handed in",
    "QuestionAsked": "A customer asked a question",
    "QuestionAnswered": "A vendor answered a question",
    "RefundProcessed": "A refund was made",
    "ReturnChanged": "A return moved on",
    "ReturnRequested": "A customer asked to return items",
    "ReviewAnswered": "A vendor answered a review",
    "VendorApplied": "Somebody applied as a vendor",
    "VendorApproved": "A vendor was approved",
}
"""By the kind of a domain event; test_told_words.py holds it against the subscribers."""

LISTENERS: Final = {
    "ask_for_review": "Asking the customer for a review",
    "email_asker": "E-mail to whoever asked",
    "email_customer": "E-mail to the customer",
    "email_merchant": "E-mail to you",
    "email_vendor": "E-mail to the vendor",
    "email_vendors": "E-mails to vendors",
    "empty_saved_cart": "Saved carts",
    "free_reserved": "Reserved stock, given back",
    "hooks": "Other systems",
    "mark_review": "Reviews of what came back",
    "notices": "Notices in the app",
    "read_payment_fees": "Reading the payment fee",
    "sell_reserved": "Reserved stock, sold",
    "stop_chosen_emails": "E-mails that the customer chose",
}
"""By the name of a subscriber."""
