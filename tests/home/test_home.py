"""The merchant's first page: its numbers are the database's, its guide ticks itself."""

from datetime import UTC, datetime, timedelta

import pytest

from app import audit, db
from app.home import queries
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from tests.conftest import make_vendor

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sell(shop: Shop, vendor: Vendor | None, at: datetime, minor: int, number: int, **columns: object) -> None:
    with db.scoped(shop.id) as session:
        held = {"currency": "USD", "paid_seen_at": at, "total_minor": minor, **columns}
        order = Order(
            shop_id=shop.id,
            shopify_id=number,
            name=f"#{number}",
            ordered_at=at,
            snapshot={},
            snapshot_updated_at=at,
            terms={},
            **held,
        )
        session.add(order)
        session.flush()
        line = OrderLine(
            shop_id=shop.id,
            vendor_id=vendor.id if vendor else None,
            order_id=order.id,
            shopify_id=number,
            position=1,
            title="Bowl",
            attribution="product",
            hold_days=14,
            tax_to="marketplace",
            fee_tax_bps=0,
            gross_minor=minor + 300,
            vendor_discount_minor=200,
            market_discount_minor=100,
        )
        session.add(line)


def book(shop: Shop, vendor: Vendor, at: datetime, amounts: dict[Account, int]) -> None:
    with db.scoped(shop.id) as session:
        posting = LedgerTransaction(
            shop_id=shop.id,
            vendor_id=vendor.id,
            key=str(at),
            source_key=str(at),
            kind="sale",
            currency="USD",
            happened_at=at,
        )
        session.add(posting)
        session.flush()
        for account, minor in amounts.items():
            session.add(
                LedgerEntry(
                    shop_id=shop.id,
                    vendor_id=vendor.id,
                    transaction_id=posting.id,
                    account=account,
                    amount_minor=minor,
                    currency="USD",
                )
            )


def read(shop: Shop) -> queries.Numbers:
    with db.scoped(shop.id) as session:
        return queries.get_numbers(session, session.get_one(Shop, shop.id), NOW)


def test_sales_are_those_of_vendors_after_discounts_by_the_shops_own_day(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).timezone = "America/New_York"
    sell(acme, ada, NOW, 1000, 1)
    sell(acme, ada, datetime(2026, 11, 20, 3, tzinfo=UTC), 500, 2)
    sell(acme, None, NOW, 9000, 3)
    sell(acme, ada, NOW, 9000, 4, test=True)
    sell(acme, ada, NOW, 9000, 5, paid_seen_at=None)
    sell(acme, ada, NOW - timedelta(days=31), 9000, 6)
    numbers = read(acme)
    assert len(numbers.days) == queries.DAYS
    assert [(day.day, amount.minor) for day, amount in numbers.days[-2:]] == [(19, 500), (20, 1000)]
    assert (numbers.sales.minor, numbers.orders) == (1500, 2)


def test_commission_and_what_is_owed_come_from_the_books(acme: Shop, ada: Vendor) -> None:
    sale = {Account.CUSTOMER_RECEIPTS: -1000, Account.VENDOR_AVAILABLE: 900, Account.COMMISSION: 100}
    book(acme, ada, NOW, sale)
    held = {Account.CUSTOMER_RECEIPTS: -500, Account.VENDOR_HELD: 450, Account.COMMISSION: 50}
    book(acme, ada, NOW - timedelta(days=40), held)
    numbers = read(acme)
    assert (numbers.commission.minor, numbers.available.minor, numbers.held.minor) == (100, 900, 450)


def test_one_shops_numbers_are_not_anothers(acme: Shop, ada: Vendor, zenith: Shop) -> None:
    sell(acme, ada, NOW, 1000, 1)
    assert read(zenith).sales.minor == 0


@pytest.mark.parametrize("status", [VendorStatus.PENDING, VendorStatus.APPROVED])
def test_the_guide_ticks_itself(acme: Shop, status: VendorStatus) -> None:
    def done() -> dict[str, bool]:
        with db.scoped(acme.id) as session:
            counts = queries.count_everything(session)
            steps = queries.list_setup_steps(session, session.get_one(Shop, acme.id), counts)
        return {step.title: step.done for step in steps}

    assert not any(done().values())
    make_vendor(acme, "Ada's Ceramics", "ada@example.com", status)
    with db.scoped(acme.id) as session:
        audit.record(session, acme.id, "settings.change", ("shop", acme.id), actor="staff:1")
    ticked = {title for title, is_done in done().items() if is_done}
    first = {"Choose your rules", "Receive the first application"}
    assert ticked == (first | {"Approve a vendor"} if status is VendorStatus.APPROVED else first)
