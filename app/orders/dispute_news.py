"""Vendors hear of disputes in which their money is at stake, and how they end. Called by the outbox."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import get_config
from app.emails.service import queue_email
from app.models.events import DomainEvent
from app.models.orders import OrderDispute, VendorOrder
from app.models.vendors import Vendor
from app.money import Money
from app.orders.words import BANK_REASON_WORDS


def tell_vendors_of_dispute(session: Session, event: DomainEvent) -> None:
    """DisputeOpened: how much is on hold, and until when the shop can answer the bank."""
    for part, known in _concerned(session, event, "open"):
        reason, due = known["bank_reason"], known["answer_by"]
        more = {
            "bank_reason": BANK_REASON_WORDS.get(reason, reason),
            "due": datetime.fromisoformat(due).date() if due else "",
        }
        _tell(session, part, known, "vendor_dispute_opened", more)


def tell_vendors_of_decision(session: Session, event: DomainEvent) -> None:
    """DisputeEnded: what is the vendor's again, or what was taken."""
    for part, known in _concerned(session, event, "won", "closed"):
        _tell(session, part, known, "vendor_dispute_won", {})
    for part, known in _concerned(session, event, "lost"):
        _tell(session, part, known, "vendor_dispute_lost", {})


def _concerned(session: Session, event: DomainEvent, *states: str) -> Iterator[tuple[VendorOrder, dict[str, Any]]]:
    """The vendors' parts with the dispute, as it stands now: of an opening that is over nobody needs to hear."""
    number = session.scalar(select(OrderDispute.shopify_id).where(OrderDispute.id == event.subject["dispute_id"]))
    for part in session.scalars(select(VendorOrder).where(VendorOrder.order_id == event.subject["order_id"])).all():
        yield from ((part, known) for known in part.disputes if known["number"] == number and known["state"] in states)


def _tell(session: Session, part: VendorOrder, known: dict[str, Any], kind: str, more: dict[str, Any]) -> None:
    vendor = session.get_one(Vendor, part.vendor_id)
    context = {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "amount": Money(known["amount_minor"], part.currency),
        "link": f"{get_config().portal_url}/portal/orders/{part.id}",
        **more,
    }
    key = f"{kind}:{part.id}:{known['number']}"
    queue_email(session, part.shop_id, kind, vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
