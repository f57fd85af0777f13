"""One vendor in figures: what they are owed, what they sold, and how they served their customers lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commissions.agreements import get_agreed, get_overrides
from app.commissions.money_forms import described
from app.commissions.queries import list_rules
from app.commissions.schedules import say_schedule
from app.ledger.queries import Balances, vendor_balances
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import OrderLine, VendorOrder, VendorOrderStatus
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts.queries import find_settings

DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the last 90 days, test orders left out."""

    balances: Balances
    orders: int
    to_ship: int
    units: int
    cancelled: int
    """Of the units sold, those that were cancelled or refunded since."""
    shipped: int
    median_to_ship: timedelta | None
    """From order to first parcel, of the orders of which a parcel left."""
    reviewed: int
    rejected: int


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
    orders, to_ship = session.execute(select(func.count(), func.count().filter(waiting)).where(*mine)).one()
    units, left = session.execute(
        select(func.coalesce(func.sum(OrderLine.quantity), 0), func.coalesce(func.sum(OrderLine.current_quantity), 0))
        .join(VendorOrder, VendorOrder.order_id == OrderLine.order_id)
        .where(*mine, OrderLine.vendor_id == vendor.id)
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
        int(units),
        int(units - left),
        len(waits),
        waits[len(waits) // 2] if waits else None,
        reviewed,
        refused,
    )


def list_payout_terms(session: Session, shop: Shop, vendor: Vendor) -> list[tuple[str, str]]:
    """When this vendor's money is paid out and what holds it back, in words; what is theirs alone says so."""
    terms, alone = get_agreed(session, shop.id).of(vendor.id), get_overrides(session, vendor.id)
    words, held = described(terms, shop.currency), find_settings(session, shop.id)
    own = terms.payout_schedule
    when = say_schedule(own["schedule"], own["day"]) if own else say_schedule(held.schedule, held.schedule_day)
    smallest = words["payout_minimum"] if terms.payout_minimum_minor else "none"
    reserve = f"{words['reserve']} for {words['reserve_days']}" if terms.reserve_bps else "none"
    has_own_days = any(rule.hold_days is not None for rule in list_rules(session, shop.id))
    hold = words["hold_days"] + (" where no commission rule says otherwise" if has_own_days else "")
    rows = (
        ("Payouts are prepared", when, ("payout_schedule",)),
        ("Smallest payout", smallest, ("payout_minimum_minor",)),
        ("On hold after the parcel", hold, ("hold_days",)),
        ("Kept in reserve", reserve, ("reserve_bps", "reserve_days")),
    )
    return [
        (label, f"{said}, agreed with this vendor" if any(name in alone for name in names) else said)
        for label, said, names in rows
    ]
