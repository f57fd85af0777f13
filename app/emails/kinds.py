"""Every e-mail that the marketplace sends: who reads it, and what its words may speak of.

The words themselves stand in app/templates/emails, and in `email_wordings` where a merchant chose others.
"""

from dataclasses import dataclass
from typing import Literal

Reader = Literal["vendor", "customer", "merchant"]


@dataclass(frozen=True)
class Kind:
    """One e-mail. `needs` names the placeholders of its words besides `shop_name`; values are text, Money, a day,
    a count of what `counted` says, or a list that stands as a block of its own.
    """

    reader: Reader
    needs: tuple[str, ...]
    label: str
    counted: str = ""
    topic: str = ""
    """What a customer must have chosen to get it (app/mailings): every such e-mail says how to stop it."""
    is_awaited: bool = False
    """Somebody whom the shop knows waits for its link at the screen: it has a queue of its own."""

    @property
    def button(self) -> str | None:
        """The placeholder without whose address the e-mail is of no use."""
        return next((name for name in ("link", "tracking_url") if name in self.needs), None)


KINDS: dict[str, Kind] = {
    "vendor_welcome": Kind("vendor", ("vendor_name",), "Welcome"),
    "vendor_pending": Kind("vendor", ("vendor_name", "link"), "Application pending"),
    "vendor_approved": Kind("vendor", ("vendor_name", "link", "link_lasts"), "Approved"),
    "vendor_rejected": Kind("vendor", ("vendor_name", "reason"), "Application declined"),
    "vendor_already_known": Kind("vendor", ("vendor_name", "link"), "Applied twice"),
    "vendor_suspended": Kind("vendor", ("vendor_name", "reason"), "Suspended"),
    "vendor_reinstated": Kind("vendor", ("vendor_name", "link"), "Sells again"),
    "vendor_closed": Kind("vendor", ("vendor_name", "reason"), "Closed"),
    "vendor_asked": Kind("vendor", ("vendor_name", "message"), "Asked by you"),
    "vendor_magic_link": Kind("vendor", ("vendor_name", "link", "link_lasts"), "Sign-in link", is_awaited=True),
    "vendor_staff_invited": Kind(
        "vendor",
        ("vendor_name", "inviter", "role", "link", "link_lasts"),
        "Staff invited",
    ),
    "vendor_invited": Kind("vendor", ("inviter", "note", "link", "link_lasts"), "Invited to sell"),
    "vendor_security_changed": Kind("vendor", ("vendor_name", "change", "link"), "Sign-in changed"),
    "vendor_payout_details_changed": Kind(
        "vendor", ("vendor_name", "link", "hold_hours"), "New payout details", "hour"
    ),
    "vendor_payout_details_confirm": Kind(
        "vendor",
        ("vendor_name", "destination", "link"),
        "Payout details to confirm",
        is_awaited=True,
    ),
    "product_in_review": Kind(
        "vendor",
        ("vendor_name", "product_title", "link"),
        "Product in review",
    ),
    "product_published": Kind("vendor", ("vendor_name", "product_title", "link"), "Product published"),
    "product_changes_requested": Kind(
        "vendor",
        ("vendor_name", "product_title", "reason", "link"),
        "Changes requested",
    ),
    "product_rejected": Kind(
        "vendor",
        ("vendor_name", "product_title", "reason", "link"),
        "Product rejected",
    ),
    "product_taken_down": Kind(
        "vendor",
        ("vendor_name", "product_title", "reason", "link"),
        "Product taken off sale",
    ),
    "product_put_back": Kind("vendor", ("vendor_name", "product_title", "link"), "Product back on sale"),
    "product_edit_accepted": Kind(
        "vendor",
        ("vendor_name", "product_title", "link"),
        "Edit accepted",
    ),
    "product_edit_changes_requested": Kind(
        "vendor",
        ("vendor_name", "product_title", "reason", "link"),
        "Edit to be changed",
    ),
    "product_edit_rejected": Kind(
        "vendor",
        ("vendor_name", "product_title", "reason", "link"),
        "Edit rejected",
    ),
    "vendor_new_order": Kind(
        "vendor",
        ("vendor_name", "order_name", "item_count", "lines", "earnings", "link"),
        "New order",
        "item",
    ),
    "vendor_new_order_collected": Kind(
        "vendor",
        ("vendor_name", "order_name", "item_count", "lines", "earnings", "link"),
        "New order that you collect",
        "item",
    ),
    "vendor_order_edited": Kind(
        "vendor",
        ("vendor_name", "order_name", "lines", "earnings", "link"),
        "Order changed",
    ),
    "vendor_order_cancelled": Kind("vendor", ("vendor_name", "order_name", "lines", "link"), "Order cancelled"),
    "customer_order_received": Kind(
        "customer",
        ("customer_name", "order_name", "vendors", "total"),
        "Order received",
    ),
    "customer_shipped": Kind(
        "customer",
        ("customer_name", "vendor_name", "order_name", "lines", "carrier", "tracking_number", "tracking_url"),
        "Shipped",
    ),
    "customer_items_cancelled": Kind(
        "customer",
        ("customer_name", "vendor_name", "order_name", "lines", "amount"),
        "Items cancelled",
    ),
    "customer_message": Kind(
        "customer",
        ("customer_name", "vendor_name", "order_name", "message", "link"),
        "Message from a vendor",
    ),
    "vendor_message": Kind(
        "vendor",
        ("vendor_name", "order_name", "message", "link"),
        "Message from a customer",
    ),
    "vendor_cancellation_declined": Kind(
        "vendor",
        ("vendor_name", "order_name", "reason", "link"),
        "Cancellation declined",
    ),
    "merchant_cancellation_asked": Kind(
        "merchant",
        ("vendor_name", "order_name", "lines", "reason", "link"),
        "Vendor asks to cancel",
    ),
    "merchant_items_cancelled": Kind(
        "merchant",
        ("vendor_name", "order_name", "lines", "reason", "link"),
        "Vendor cancelled items",
    ),
    "customer_review_request": Kind(
        "customer",
        ("customer_name", "vendor_name", "order_name", "lines", "link"),
        "Review asked for",
    ),
    "customer_review_answered": Kind(
        "customer",
        ("customer_name", "vendor_name", "order_name", "answer"),
        "Review answered",
    ),
    "customer_review_rejected": Kind(
        "customer",
        ("customer_name", "vendor_name", "order_name", "reason"),
        "Review not published",
    ),
    "customer_question_confirm": Kind(
        "customer",
        ("vendor_name", "link", "link_lasts"),
        "Question to confirm",
    ),
    "customer_question_answered": Kind(
        "customer",
        ("customer_name", "vendor_name", "question", "answer", "link"),
        "Question answered",
    ),
    "customer_mails_confirm": Kind(
        "customer",
        ("choices", "link", "link_lasts"),
        "E-mails to confirm",
    ),
    "customer_vendor_news": Kind("customer", ("vendors",), "New from followed vendors", topic="vendors"),
    "customer_wishlist_news": Kind("customer", ("lines",), "Wishlist: back or cheaper", topic="wishlist"),
    "customer_left_cart": Kind("customer", ("lines", "link"), "Cart left behind", topic="cart"),
    "vendor_question": Kind("vendor", ("vendor_name", "question", "link"), "New question"),
    "vendor_review": Kind("vendor", ("vendor_name", "stars", "review", "link"), "New review"),
    "vendor_dispute_opened": Kind(
        "vendor",
        ("vendor_name", "order_name", "amount", "bank_reason", "due", "link"),
        "Dispute opened",
    ),
    "vendor_dispute_won": Kind("vendor", ("vendor_name", "order_name", "amount", "link"), "Dispute over"),
    "vendor_dispute_lost": Kind("vendor", ("vendor_name", "order_name", "amount", "link"), "Dispute lost"),
    "vendor_return_requested": Kind("vendor", ("vendor_name", "order_name", "lines", "link"), "Return asked for"),
    "vendor_return_opened": Kind("vendor", ("vendor_name", "order_name", "lines", "link"), "Return approved"),
    "vendor_return_called_off": Kind("vendor", ("vendor_name", "order_name", "lines", "link"), "Return called off"),
    "payout_sent": Kind(
        "vendor",
        ("vendor_name", "amount", "reference", "destination", "link"),
        "Payout sent",
    ),
    "payout_returned": Kind(
        "vendor",
        ("vendor_name", "amount", "reference", "reason", "link"),
        "Payout came back",
    ),
    "merchant_payouts_prepared": Kind(
        "merchant",
        ("amount", "count", "link"),
        "Payouts prepared",
        "vendor",
    ),
    "merchant_new_application": Kind(
        "merchant",
        ("vendor_name", "email", "tagline", "link"),
        "New application",
    ),
    "merchant_pickups_ready": Kind(
        "merchant",
        ("vendor_name", "order_name", "place", "pickup_count", "link"),
        "Ready for pickup",
        "parcel",
    ),
    "merchant_books_differ": Kind(
        "merchant",
        ("count", "differences", "link"),
        "Books do not agree",
        "difference",
    ),
    "privacy_export_ready": Kind(
        "merchant",
        ("customer", "days", "due", "link"),
        "Customer's data ready",
        "day",
    ),
}

AFTER_UNINSTALL: frozenset[str] = frozenset({"privacy_export_ready"})
"""What is owed even to a shop that has left; everything else waits for its return."""

MEANINGS: dict[str, str] = {
    "shop_name": "Your store's name",
    "vendor_name": "The vendor's name",
    "customer_name": "The customer's first name",
    "inviter": "Who invites",
    "note": "What you write in the invitation",
    "role": "The role the person gets",
    "link": "Where the button leads",
    "link_lasts": "How long the link works",
    "reason": "The reason you gave",
    "message": "What was written",
    "change": "What was changed",
    "hold_hours": "How long payouts wait",
    "destination": "The account, with its last digits only",
    "product_title": "The product's title",
    "order_name": "The order's number",
    "item_count": "How many items",
    "lines": "The items, as a list",
    "vendors": "The items by vendor, as lists",
    "earnings": "What the vendor earns",
    "total": "The order's total",
    "stars": "How many stars",
    "review": "What the customer wrote",
    "answer": "What the vendor answered",
    "question": "What the customer asked",
    "carrier": "The carrier",
    "tracking_number": "The tracking number",
    "tracking_url": "Where the parcel can be followed",
    "amount": "The amount",
    "reference": "The payout's number",
    "count": "How many",
    "differences": "What does not agree, as a list",
    "choices": "What the customer chose, as a list",
    "email": "The applicant's address",
    "tagline": "How the vendor describes the shop",
    "place": "Where the vendor says that it stands",
    "pickup_count": "How many parcels of the vendor's wait to be collected",
    "customer": "The customer's number at Shopify",
    "days": "How long the download is kept",
    "due": "The last day for the answer",
    "bank_reason": "The reason that the customer's bank gives",
}
LISTS: frozenset[str] = frozenset({"lines", "vendors", "differences", "choices"})
"""Placeholders that take a paragraph of their own."""
