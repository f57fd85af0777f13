"""One vendor in figures: what they are owed, what they sold, and how they served their customers lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.queries import Balances, vendor_balances
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor

DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the last 90 days, test orders left out. A share of nothing is None, and said to be unknown."""

    balances: Balances
    orders: int
    to_ship: int
    cancelled: int
    shipped: int
    median_to_ship: timedelta | None
    """From order to first parcel, of the orders of which a parcel left."""
    reviewed: int
    rejected: int

    @property
    def cancelled_share(self) -> float | None:
        return self.cancelled / self.orders if self.orders else None

    @property
    def rejected_share(self) -> float | None:
        return self.rejected / self.reviewed if self.reviewed else None


def get_figures(session: Session, shop: Shop, vendor: Vendor, now: datetime) -> Figures:
    since = now - timedelta(days=DAYS)
    mine = (
        VendorOrder.shop_id == shop.id,
        VendorOrder.vendor_id == vendor.id,
        VendorOrder.is_test.is_(False),
        VendorOrder.ordered_at >= since,
        VendorOrder.status != VendorOrderStatus.UNPAID,
    )
    waiting = VendorOrder.status.in_((VendorOrderStatus.TO_SHIP, VendorOrderStatus.PARTLY_SHIPPED))
    cancelled = VendorOrder.status == VendorOrderStatus.CANCELLED
    orders, to_ship, lost = session.execute(
        select(func.count(), func.count().filter(waiting), func.count().filter(cancelled)).where(*mine)
    ).one()
    first = (
        select(func.min(Fulfilment.fulfilled_at), VendorOrder.ordered_at)
        .join(Fulfilment, Fulfilment.order_shopify_id == VendorOrder.order_shopify_id)
        .where(*mine, Fulfilment.shop_id == shop.id, Fulfilment.vendor_id == vendor.id)
        .where(Fulfilment.state == FulfilmentState.CREATED)
        .group_by(VendorOrder.id)
    )
    waits = sorted(sent - ordered for sent, ordered in session.execute(first))
    in_review = (Product.vendor_id == vendor.id, Product.reviewed_at >= since)
    rejected = Product.status == ProductStatus.REJECTED
    reviewed, refused = session.execute(select(func.count(), func.count().filter(rejected)).where(*in_review)).one()
    return Figures(
        vendor_balances(session, shop.id, shop.currency, vendor.id),
        orders,
        to_ship,
        lost,
        len(waits),
        waits[len(waits) // 2] if waits else None,
        reviewed,
        refused,
    )
