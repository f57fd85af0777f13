"""The vendor hears that money was sent, or came back."""

from sqlalchemy.orm import Session

from app.config import get_config
from app.emails.service import queue_email
from app.languages import find_words, later
from app.models.events import DomainEvent
from app.models.payouts import Payout
from app.models.vendors import Vendor
from app.payouts.queries import list_moves
from app.vendors.payout_details import describe


def tell_vendor_of_payout(session: Session, event: DomainEvent) -> None:
    """PayoutSent."""
    payout = session.get_one(Payout, event.subject["payout_id"])
    _tell(session, event, payout, "payout_sent", destination=later(describe, payout.rail, payout.last4))


def tell_vendor_of_return(session: Session, event: DomainEvent) -> None:
    """PayoutReturned: the rail or the bank refused it or gave it back, or it was marked as sent by mistake."""
    payout = session.get_one(Payout, event.subject["payout_id"])
    newest = list_moves(session, payout)[-1].vendors_reason
    reason = later(find_words, newest) if newest else ""
    _tell(session, event, payout, "payout_returned", reason=reason)


def _tell(session: Session, event: DomainEvent, payout: Payout, kind: str, **more: object) -> None:
    vendor = session.get_one(Vendor, payout.vendor_id)
    context = {
        "vendor_name": vendor.name,
        "amount": payout.amount,
        "reference": payout.reference,
        "link": f"{get_config().portal_url}/portal/money/payouts/{payout.id}",
        **more,
    }
    key = f"{kind}:{payout.id}:{event.id}"
    queue_email(session, payout.shop_id, kind, vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
