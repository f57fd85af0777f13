"""What the merchant's home shows: what waits, the numbers, and how far the set-up has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.orm import Session

from app.ledger.rules import Account
from app.models.emails import Email, EmailStatus
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine, VendorOrder, VendorOrderStatus
from app.models.payouts import Payout
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.money import Money

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Counts:
    """What is there and what waits for the merchant."""

    applications: int
    vendors: int
    in_review: int
    published: int
    stuck_events: int
    failed_emails: int
    to_ship: int
    """Parts of orders that vendors have still to send."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The last thirty days, today included, in the shop's currency and time zone."""

    days: Sequence[tuple[date, Money]]
    """Vendors' sales after discounts, before refunds, one entry for each day."""
    sales: Money
    orders: int
    commission: Money
    """What the books hold, refunds taken off."""
    available: Money
    """Owed to vendors and ready to be paid out."""
    held: Money
    """Owed to vendors, not yet shipped or within the hold."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the set-up guide; `done` comes from what the database holds, never from a tick somebody set."""

    title: str
    words: str
    action: str
    href: str
    done: bool


def count_everything(session: Session) -> Counts:
    vendors = dict(session.execute(select(Vendor.status, func.count()).group_by(Vendor.status)).all())
    products = dict(session.execute(select(Product.status, func.count()).group_by(Product.status)).all())
    stuck = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.DEAD)
    failed = select(func.count()).select_from(Email).where(Email.status.in_((EmailStatus.FAILED, EmailStatus.BOUNCED)))
    unsent = (VendorOrderStatus.TO_SHIP, VendorOrderStatus.PARTLY_SHIPPED)
    to_ship = select(func.count()).select_from(VendorOrder).where(VendorOrder.status.in_(unsent), ~VendorOrder.is_test)
    return Counts(
        applications=vendors.get(VendorStatus.PENDING, 0),
        vendors=vendors.get(VendorStatus.APPROVED, 0),
        in_review=products.get(ProductStatus.IN_REVIEW, 0),
        published=products.get(ProductStatus.PUBLISHED, 0),
        stuck_events=session.execute(stuck).scalar_one(),
        failed_emails=session.execute(failed).scalar_one(),
        to_ship=session.execute(to_ship).scalar_one(),
    )


def get_numbers(session: Session, shop: Shop, now: datetime) -> Numbers:
    today = now.astimezone(ZoneInfo(shop.timezone)).date()
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, datetime.min.time(), ZoneInfo(shop.timezone))
    by_day = _sales_by_day(session, shop, since)
    days = [(day, Money(by_day.get(day, 0), shop.currency)) for day in (first + timedelta(n) for n in range(DAYS))]
    owed = _owed(session, shop)
    return Numbers(
        days=days,
        sales=Money(sum(amount.minor for _, amount in days), shop.currency),
        orders=_count_orders(session, shop, since),
        commission=Money(_commission(session, shop, since), shop.currency),
        available=Money(owed.get(Account.VENDOR_AVAILABLE, 0), shop.currency),
        held=Money(owed.get(Account.VENDOR_PENDING, 0) + owed.get(Account.VENDOR_HELD, 0), shop.currency),
    )


def list_setup_steps(session: Session, shop: Shop, counts: Counts) -> list[Step]:
    """What turns a new installation into a running marketplace, in the order in which it is done."""
    chosen = select(AuditEntry.id).where(AuditEntry.action == "settings.change").limit(1)
    anybody = select(Vendor.id).limit(1)
    paid = select(Payout.id).where(Payout.sent_at.is_not(None)).limit(1)
    return [
        Step(
            "Connect the store",
            "Vendor pages and the link from product to vendor are set up in your store.",
            "Open settings",
            "/app/settings",
            done=shop.vendor_definition_gid is not None and shop.publication_gid is not None,
        ),
        Step(
            "Choose your rules",
            "Decide who approves vendors and products, how long money is held, and the smallest payout.",
            "Choose rules",
            "/app/settings",
            done=session.execute(chosen).first() is not None,
        ),
        Step(
            "Receive the first application",
            "Add the application form to a page of your theme, then tell sellers where it is.",
            "See vendors",
            "/app/vendors",
            done=session.execute(anybody).first() is not None,
        ),
        Step(
            "Approve a vendor",
            "Their page goes live and they get a link to their portal.",
            "See applications",
            "/app/vendors?status=pending",
            done=counts.vendors > 0,
        ),
        Step(
            "Publish a vendor's product",
            "Products that vendors send in wait in the review queue.",
            "Open the review queue",
            "/app/review",
            done=counts.published > 0,
        ),
        Step(
            "Pay a vendor",
            "When the hold is over, money is ready to be paid out.",
            "Open payouts",
            "/app/payouts",
            done=session.execute(paid).first() is not None,
        ),
    ]


def _sales_by_day(session: Session, shop: Shop, since: datetime) -> dict[date, int]:
    day = cast(func.timezone(shop.timezone, Order.ordered_at), Date)
    sold = OrderLine.gross_minor - OrderLine.vendor_discount_minor - OrderLine.market_discount_minor
    query = (
        select(day, func.sum(sold))
        .join(Order, Order.id == OrderLine.order_id)
        .where(*_counted(shop, since), OrderLine.vendor_id.is_not(None))
        .group_by(day)
    )
    return {when: int(amount) for when, amount in session.execute(query)}


def _count_orders(session: Session, shop: Shop, since: datetime) -> int:
    """Orders with at least one vendor's goods."""
    query = select(func.count(Order.id.distinct())).join(OrderLine, OrderLine.order_id == Order.id)
    query = query.where(*_counted(shop, since), OrderLine.vendor_id.is_not(None))
    return session.execute(query).scalar_one()


def _counted(shop: Shop, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Order.shop_id == shop.id,
        Order.ordered_at >= since,
        Order.currency == shop.currency,
        ~Order.test,
        Order.paid_seen_at.is_not(None),
    )


def _commission(session: Session, shop: Shop, since: datetime) -> int:
    query = (
        select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerEntry.shop_id == shop.id,
            LedgerEntry.account == Account.COMMISSION,
            LedgerEntry.currency == shop.currency,
            LedgerTransaction.happened_at >= since,
        )
    )
    return int(session.execute(query).scalar_one())


def _owed(session: Session, shop: Shop) -> dict[str, int]:
    accounts = (Account.VENDOR_PENDING, Account.VENDOR_HELD, Account.VENDOR_AVAILABLE)
    query = (
        select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor))
        .where(
            LedgerEntry.shop_id == shop.id,
            LedgerEntry.account.in_(accounts),
            LedgerEntry.currency == shop.currency,
        )
        .group_by(LedgerEntry.account)
    )
    return {account: int(amount) for account, amount in session.execute(query)}
