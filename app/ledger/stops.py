"""Vendors whose payouts wait because the books do not agree with something of theirs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.books import PayoutStop

STOPPED = "The books do not agree with Shopify or with a payout. See Reconciliation."


def list_stopped(session: Session, shop_id: int) -> set[int]:
    """Vendor ids."""
    return set(session.scalars(select(PayoutStop.vendor_id).where(PayoutStop.shop_id == shop_id).distinct()))


def is_stopped(session: Session, vendor_id: int) -> bool:
    found = select(PayoutStop.difference_id).where(PayoutStop.vendor_id == vendor_id).limit(1)
    return session.scalar(found) is not None
