"""Orders that are in the books already, without the store they came from."""

from datetime import timedelta

from sqlalchemy import func, select

from app import clock, db
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, VendorOrder, VendorOrderStatus
from app.models.vendors import Vendor


def add_order(vendor: Vendor, days_ago: int, earned: int, status: VendorOrderStatus = VendorOrderStatus.TO_SHIP) -> int:
    """One order's part of `vendor`, booked: `earned` waits until it is sent. Returns the part's id."""
    at = clock.now() - timedelta(days=days_ago)
    with db.scoped(vendor.shop_id) as session:
        number = (session.scalar(select(func.count()).select_from(Order)) or 0) + 1
        order = Order(
            shop_id=vendor.shop_id,
            shopify_id=number,
            name=f"#{number}",
            currency="USD",
            ordered_at=at,
            snapshot={},
            snapshot_updated_at=at,
            terms={},
            total_minor=earned,
        )
        session.add(order)
        session.flush()
        part = VendorOrder(
            shop_id=vendor.shop_id,
            vendor_id=vendor.id,
            order_id=order.id,
            order_shopify_id=number,
            name=order.name,
            ordered_at=at,
            currency="USD",
            status=status,
            earned_minor=earned,
        )
        booking = LedgerTransaction(
            shop_id=vendor.shop_id,
            vendor_id=vendor.id,
            order_id=order.id,
            key=str(number),
            source_key=str(number),
            kind="sold",
            currency="USD",
            happened_at=at,
        )
        session.add_all((part, booking))
        session.flush()
        for account, sign, owner in ((Account.VENDOR_PENDING, 1, vendor.id), (Account.CUSTOMER_RECEIPTS, -1, None)):
            session.add(
                LedgerEntry(
                    shop_id=vendor.shop_id,
                    vendor_id=owner,
                    transaction_id=booking.id,
                    account=account,
                    amount_minor=sign * earned,
                    currency="USD",
                )
            )
        return part.id
