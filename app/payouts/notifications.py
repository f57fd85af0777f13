"""The vendor hears that money was sent, or came back."""

from sqlalchemy.orm import Session

from app.config import get_config
from app.emails.service import queue_email
from app.languages import find_words, later
from app.models.events import DomainEvent
from app.models.payouts import Payout
from app.models.vendors import Vendor
from app.money import Money
from app.vendors.payout_details import describe


def tell_vendor_of_payout(session: Session, event: DomainEvent) -> None:
    """PayoutSent."""
    payout = session.get_one(Payout, event.subject["payout_id"])
    vendor = session.get_one(Vendor, payout.vendor_id)
    context = {
        "vendor_name": vendor.name,
        "amount": Money(payout.amount_minor, payout.currency),
        "reference": payout.reference,
        "destination": later(describe, payout.rail, payout.last4),
        "link": f"{get_config().portal_url}/portal/money/payouts/{payout.id}",
    }
    key = f"payout_sent:{payout.id}:{event.id}"
    queue_email(session, payout.shop_id, "payout_sent", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)


def tell_vendor_of_return(session: Session, event: DomainEvent) -> None:
    """PayoutReturned: the rail or the bank gave it back, or it was marked as sent by mistake."""
    payout = session.get_one(Payout, event.subject["payout_id"])
    vendor = session.get_one(Vendor, payout.vendor_id)
    context = {
        "vendor_name": vendor.name,
        "amount": Money(payout.amount_minor, payout.currency),
        "reference": payout.reference,
        "reason": later(find_words, payout.state_reason) if payout.state_reason else "",
        "link": f"{get_config().portal_url}/portal/money/payouts/{payout.id}",
    }
    key = f"payout_returned:{payout.id}:{event.id}"
    queue_email(session, payout.shop_id, "payout_returned", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
