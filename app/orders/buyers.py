"""Vendors see a customer's name and address while they need them to send, and some days longer; then they are gone.

They are taken out of the rows that vendors read, so that no page, file or program of a vendor's can show them. The
merchant's own copy of the order stays until the customer asks to be forgotten.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import Integer, case, cast, func, select, update

from app import clock
from app.db import system
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.shops import ShopSettings

ARRIVES_WITHIN: Final = timedelta(days=30)
"""Of many parcels nobody ever tells that they arrived."""
_AT_ONCE: Final = 2000
_OVER: Final = (VendorOrderStatus.SHIPPED, VendorOrderStatus.CANCELLED)


def remove_old() -> int:
    """Take out the names and addresses that are no longer needed, in all shops. Returns how many."""
    removed = 0
    while count := _remove_some():
        removed += count
    return removed


def _remove_some() -> int:
    now = clock.now()
    arrived = func.coalesce(VendorOrder.delivered_at, VendorOrder.shipped_at + ARRIVES_WITHIN)
    # Of what was cancelled nothing was ever to be sent.
    over = case((VendorOrder.status == VendorOrderStatus.CANCELLED, VendorOrder.ordered_at), else_=arrived)
    kept = func.make_interval(0, 0, 0, cast(ShopSettings.buyer_days, Integer))
    due = (
        select(VendorOrder.id)
        .join(ShopSettings, ShopSettings.shop_id == VendorOrder.shop_id)
        .where(VendorOrder.buyer_removed_at.is_(None), VendorOrder.status.in_(_OVER), over < now - kept)
        .limit(_AT_ONCE)
    )
    gone = update(VendorOrder).where(VendorOrder.id.in_(due.scalar_subquery()))
    with system() as session:
        rows = session.execute(
            gone.values(customer_name="", ship_to=[], buyer_removed_at=now).returning(VendorOrder.id)
        )
        return len(rows.all())
