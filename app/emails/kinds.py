"""Every e-mail that the marketplace sends: who reads it, its subject, and what its template must be given."""

from dataclasses import dataclass
from typing import Literal

Reader = Literal["vendor", "customer", "merchant"]


@dataclass(frozen=True)
class Kind:
    """One e-mail. `subject` is a Jinja string; `needs` names the context keys that its templates read.

    `shop_name` is always there. Keys ending in `_at` are aware datetimes, `money` keys are Money.
    """

    reader: Reader
    subject: str
    needs: tuple[str, ...]
    label: str


KINDS: dict[str, Kind] = {
    "vendor_welcome": Kind("vendor", "We have your application, {{ vendor_name }}", ("vendor_name",), "Welcome"),
    "vendor_pending": Kind(
        "vendor", "Your application to {{ shop_name }} is being reviewed", ("vendor_name",), "Application pending"
    ),
    "vendor_approved": Kind(
        "vendor", "You can start selling at {{ shop_name }}", ("vendor_name", "link", "link_lasts"), "Approved"
    ),
    "vendor_rejected": Kind(
        "vendor", "Your application to {{ shop_name }}", ("vendor_name", "reason"), "Application declined"
    ),
    "vendor_already_known": Kind(
        "vendor", "You already have an application at {{ shop_name }}", ("vendor_name", "link"), "Applied twice"
    ),
    "vendor_suspended": Kind(
        "vendor", "Your shop at {{ shop_name }} is paused", ("vendor_name", "reason"), "Suspended"
    ),
    "vendor_magic_link": Kind(
        "vendor", "Your sign-in link for {{ shop_name }}", ("vendor_name", "link", "link_lasts"), "Sign-in link"
    ),
    "vendor_staff_invited": Kind(
        "vendor",
        "{{ inviter }} invites you to work for {{ vendor_name }}",
        ("vendor_name", "inviter", "role", "link", "link_lasts"),
        "Staff invited",
    ),
    "vendor_security_changed": Kind(
        "vendor", "How you sign in was changed", ("vendor_name", "change", "link"), "Sign-in changed"
    ),
    "vendor_payout_details_changed": Kind(
        "vendor", "Your payout details were changed", ("vendor_name", "link", "hold_hours"), "Payout details changed"
    ),
    "vendor_payout_details_confirm": Kind(
        "vendor",
        "Confirm your new payout details",
        ("vendor_name", "destination", "link"),
        "Payout details to confirm",
    ),
    "product_in_review": Kind(
        "vendor",
        "{{ product_title }} is being reviewed",
        ("vendor_name", "product_title", "link"),
        "Product in review",
    ),
    "product_published": Kind(
        "vendor", "{{ product_title }} is on sale", ("vendor_name", "product_title", "link"), "Product published"
    ),
    "product_changes_requested": Kind(
        "vendor",
        "{{ product_title }} needs a change",
        ("vendor_name", "product_title", "reason", "link"),
        "Changes requested",
    ),
    "product_rejected": Kind(
        "vendor",
        "{{ product_title }} was not accepted",
        ("vendor_name", "product_title", "reason", "link"),
        "Product rejected",
    ),
    "vendor_new_order": Kind(
        "vendor",
        "New order {{ order_name }}: {{ item_count }} {{ 'item' if item_count == 1 else 'items' }} to send",
        ("vendor_name", "order_name", "item_count", "lines", "earnings", "link"),
        "New order",
    ),
    "customer_order_received": Kind(
        "customer",
        "Your order {{ order_name }} at {{ shop_name }}",
        ("customer_name", "order_name", "vendors", "total"),
        "Order received",
    ),
    "customer_shipped": Kind(
        "customer",
        "{{ vendor_name }} has sent your order {{ order_name }}",
        ("customer_name", "vendor_name", "order_name", "lines", "carrier", "tracking_number", "tracking_url"),
        "Shipped",
    ),
    "payout_sent": Kind(
        "vendor",
        "{{ amount | money }} is on its way to you",
        ("vendor_name", "amount", "reference", "destination", "link"),
        "Payout sent",
    ),
    "payout_returned": Kind(
        "vendor",
        "{{ amount | money }} did not reach you",
        ("vendor_name", "amount", "reference", "reason", "link"),
        "Payout came back",
    ),
    "merchant_payouts_prepared": Kind(
        "merchant",
        "{{ amount | money }} for {{ count }} {{ 'vendor' if count == 1 else 'vendors' }} waits for your approval",
        ("amount", "count", "link"),
        "Payouts prepared",
    ),
    "merchant_new_application": Kind(
        "merchant",
        "{{ vendor_name }} wants to sell in your shop",
        ("vendor_name", "email", "tagline", "link"),
        "New application",
    ),
    "merchant_books_differ": Kind(
        "merchant",
        "Something does not agree in the books of {{ shop_name }}",
        ("count", "differences", "link"),
        "Books do not agree",
    ),
    "privacy_export_ready": Kind(
        "merchant",
        "A customer asked for their data: it is ready",
        ("customer", "days", "due", "link"),
        "Customer's data ready",
    ),
}

AFTER_UNINSTALL: frozenset[str] = frozenset({"privacy_export_ready"})
"""What is owed even to a shop that has left; everything else waits for its return."""
