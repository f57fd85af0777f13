"""What other systems may hear of, and what each call says. The API's description and the settings page read it here."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """One kind of domain event: what happened in the merchant's words, and the ids that its call carries."""

    words: str
    about: tuple[str, ...]


_ORDER: Final = ("order_id",)
_PART: Final = ("order_id", "vendor_id")
_PARCEL: Final = ("order_id", "fulfilment_id")
_PICKUP: Final = ("order_id", "pickup_id", "vendor_id")
_PRODUCT: Final = ("product_id", "vendor_id")
_VENDOR: Final = ("vendor_id",)
_PAYOUT: Final = ("payout_id", "vendor_id")

GROUPS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "Orders": {
        "OrderCreated": Kind("An order came in", _ORDER),
        "PaymentReceived": Kind("An order was paid", _ORDER),
        "OrderEdited": Kind("An order was edited", ("order_id", "vendor_ids")),
        "OrderHeld": Kind("A vendor's part of an order was put on hold", _PART),
        "OrderHoldReleased": Kind("A vendor's part of an order is no longer on hold", _PART),
        "CancellationAsked": Kind("A vendor asks to cancel items", ("cancellation_id", "vendor_id")),
        "OrderCancelled": Kind("An order was cancelled", _ORDER),
    },
    "Parcels": {
        "OrderReadyForPickup": Kind("A vendor has something ready for pickup", _PICKUP),
        "OrderPickupWithdrawn": Kind("A vendor took something back from pickup", _PICKUP),
        "OrderCollected": Kind("Something was collected from a vendor", _PICKUP),
        "OrderFulfilled": Kind("A parcel was packed", _PARCEL),
        "OrderShipped": Kind("A parcel is on its way", _PARCEL),
        "OrderDelivered": Kind("A parcel arrived", _PARCEL),
    },
    "Refunds, returns and disputes": {
        "RefundProcessed": Kind("A refund was made", ("order_id", "refund_id")),
        "ReturnRequested": Kind("A customer asks to send items back", ("order_id", "return_id")),
        "ReturnChanged": Kind("A return was opened, decided or closed", ("order_id", "return_id")),
        "DisputeOpened": Kind("A customer disputes a payment with the bank", ("order_id", "dispute_id")),
        "DisputeEnded": Kind("The bank has decided a dispute", ("order_id", "dispute_id")),
    },
    "Products": {
        "ProductSubmitted": Kind("A product was handed in for review", _PRODUCT),
        "ProductPublished": Kind("A product went on sale", _PRODUCT),
        "ProductChangesRequested": Kind("A vendor was asked to change a product", _PRODUCT),
        "ProductRejected": Kind("A product was declined", _PRODUCT),
        "ProductWithdrawn": Kind("A vendor took a product back", _PRODUCT),
        "ProductArchived": Kind("A product was put away", _PRODUCT),
        "ProductRestored": Kind("A product that was put away is back", _PRODUCT),
        "ProductTakenDown": Kind("The shop took a product off sale", _PRODUCT),
        "ProductPutBack": Kind("The shop put a product back on sale", _PRODUCT),
        "ProductEditProposed": Kind("An edit of a product on sale waits for review", _PRODUCT),
        "ProductEdited": Kind("An edit of a product on sale is live", _PRODUCT),
        "ProductEditDeclined": Kind("An edit of a product on sale was not taken over", _PRODUCT),
    },
    "Vendors": {
        "VendorApplied": Kind("A vendor applied", _VENDOR),
        "VendorApproved": Kind("A vendor was approved", _VENDOR),
        "VendorRejected": Kind("A vendor was declined", _VENDOR),
        "VendorSuspended": Kind("A vendor was suspended", _VENDOR),
        "VendorReinstated": Kind("A suspended vendor sells again", _VENDOR),
        "VendorClosed": Kind("A vendor was closed", _VENDOR),
    },
    "Money": {
        "PayoutSent": Kind("A payout was sent", _PAYOUT),
        "PayoutReturned": Kind("A payout came back", _PAYOUT),
        "BalanceAdjusted": Kind("A vendor's balance was adjusted by hand", ("adjustment_id", "vendor_id")),
        "BooksDiffer": Kind("The nightly proof found new differences", ("proof_id",)),
    },
    "Customers": {
        "OrderMessageReceived": Kind("A customer wrote to a vendor", ("message_id", "vendor_id")),
        "OrderMessageSent": Kind("A vendor wrote to a customer", ("message_id", "vendor_id")),
        "QuestionAsked": Kind("A visitor asked a vendor", ("question_id", "vendor_id")),
        "QuestionAnswered": Kind("A vendor answered a visitor", ("question_id", "vendor_id")),
        "ReviewWritten": Kind("A customer reviewed a vendor", ("review_id", "vendor_id")),
        "ReviewAnswered": Kind("A vendor answered a review", ("review_id", "vendor_id")),
        "ReviewReported": Kind("A vendor reported a review", ("review_id", "vendor_id")),
    },
}
"""Domain events that others may hear of, as a merchant looks for them."""

KINDS: Final[Mapping[str, Kind]] = {kind: what for group in GROUPS.values() for kind, what in group.items()}


class Field(NamedTuple):
    """A field of a call's `data`: "integer", "string" or "array" (of integers), and what it means."""

    type: str
    meaning: str
    may_be_null: bool = False


NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "order_id": ("order_name", "order_shopify_id"),
    "fulfilment_id": ("fulfilment_shopify_id",),
    "refund_id": ("refund_shopify_id",),
    "return_id": ("return_shopify_id",),
    "dispute_id": ("dispute_shopify_id",),
    "product_id": ("product_shopify_gid",),
    "vendor_id": ("vendor_handle",),
}
"""What Shopify and people know the same things by."""

FIELDS: Final[Mapping[str, Field]] = {
    "shop": Field("string", "The shop's domain at Shopify."),
    "order_id": Field("integer", "Our id of the order."),
    "order_name": Field("string", "As people call the order: #1001."),
    "order_shopify_id": Field("integer", "Shopify's id of the order: `GET /orders/{order_id}` takes this one."),
    "vendor_ids": Field("array", "The vendors of whose lines something was added or taken off; may be empty."),
    "fulfilment_id": Field("integer", "Our id of the parcel."),
    "fulfilment_shopify_id": Field("integer", "Shopify's id of the fulfillment; null when it is gone.", True),
    "pickup_id": Field("integer", "Our id of what the vendor packed for the shop to collect."),
    "refund_id": Field("integer", "Our id of the refund."),
    "refund_shopify_id": Field("integer", "Shopify's id of the refund."),
    "return_id": Field("integer", "Our id of the return."),
    "return_shopify_id": Field("integer", "Shopify's id of the return."),
    "dispute_id": Field("integer", "Our id of the dispute."),
    "dispute_shopify_id": Field("integer", "Shopify's id of the dispute."),
    "product_id": Field("integer", "Our id of the product: `GET /products/{product_id}`."),
    "product_shopify_gid": Field("string", "Shopify's id of the product; null while it is not in Shopify.", True),
    "vendor_id": Field("integer", "Our id of the vendor: `GET /vendors/{vendor_id}`."),
    "vendor_handle": Field("string", "The vendor's name in addresses."),
    "payout_id": Field("integer", "Our id of the payout: `GET /payouts/{payout_id}`."),
    "adjustment_id": Field("integer", "Our id of the adjustment, which the ledger's entries name."),
    "proof_id": Field("integer", "Our id of the proof: `GET /proofs/{proof_id}`."),
    "cancellation_id": Field("integer", "Our id of what the vendor asks to cancel."),
    "message_id": Field("integer", "Our id of the message. Its words stay here."),
    "question_id": Field("integer", "Our id of the question. Its words stay here."),
    "review_id": Field("integer", "Our id of the review."),
}


def fields_of(kind: str) -> Iterator[str]:
    """Names of everything in a call's `data`."""
    yield "shop"
    for subject in KINDS[kind].about:
        yield subject
        yield from NAMED.get(subject, ())
