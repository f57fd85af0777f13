"""What the merchant's home shows: what waits, and the numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Select, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.books.queries import count_open
from app.commissions.queries import list_rules
from app.commissions.rules import in_other_currencies
from app.fulfilment.pickup_list import count_states
from app.ledger.queries import list_accounts
from app.ledger.rules import Account
from app.models.cancellations import Cancellation, CancellationState
from app.models.customer_questions import Question, QuestionState
from app.models.emails import Email, EmailStatus
from app.models.events import InboxEvent, InboxState
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.mapping import Model
from app.models.orders import Order, OrderLine, VendorOrder, VendorOrderStatus
from app.models.payouts import Payout, PayoutState
from app.models.products import ProductProposal, ProductStatus, ProposalStatus
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.money import Money
from app.products.queries import count_by_status
from app.reviews.queries import count_waiting

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
    differences: int
    """What the proof of the books found and nobody has settled."""
    payouts_waiting: int
    """Prepared, and nobody has approved them."""
    to_ship: int
    """Parts of orders that vendors have still to send."""
    pickups: Mapping[str, int]
    """Packed by vendors for the shop to collect and send, by where they stand (app/fulfilment/pickup_list.py)."""
    edits: int
    """Of products on sale, waiting for the merchant's answer."""
    cancellations: int
    """That vendors ask for."""
    rules_elsewhere: int
    """Commission rules that what is sold now passes over, as the shop's currency changed."""
    reviews: int
    """Not published yet, or reported."""
    questions: int
    """Of customers, which no vendor has answered."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a stretch of days: vendors' sales after discounts and before refunds, orders, and commission after refunds."""

    sales: Money
    orders: int
    commission: Money


@dataclass(frozen=True, slots=True)
class Numbers:
    """The last thirty days, today included, in the shop's currency and time zone, beside the thirty before."""

    days: Sequence[tuple[date, Money]]
    """Vendors' sales, one entry for each day."""
    days_before: Sequence[tuple[date, Money]]
    now: Totals
    before: Totals
    today: Totals
    available: Money
    """Owed to vendors and ready to be paid out."""
    held: Money
    """Owed to vendors, not yet shipped or within the hold."""


def count_everything(session: Session, shop: Shop) -> Counts:
    vendors = dict(session.execute(select(Vendor.status, func.count()).group_by(Vendor.status)).all())
    products = count_by_status(session, shop.id)
    stuck = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.DEAD)
    failed = select(func.count()).select_from(Email).where(Email.status.in_((EmailStatus.FAILED, EmailStatus.BOUNCED)))
    unsent = (VendorOrderStatus.TO_SHIP, VendorOrderStatus.PARTLY_SHIPPED)
    to_ship = select(func.count()).select_from(VendorOrder).where(VendorOrder.status.in_(unsent), ~VendorOrder.is_test)
    unapproved = select(func.count()).select_from(Payout).where(Payout.state == PayoutState.PENDING)
    return Counts(
        applications=vendors.get(VendorStatus.PENDING, 0),
        vendors=vendors.get(VendorStatus.APPROVED, 0),
        in_review=products.get(ProductStatus.IN_REVIEW, 0),
        published=products.get(ProductStatus.PUBLISHED, 0),
        stuck_events=session.execute(stuck).scalar_one(),
        failed_emails=session.execute(failed).scalar_one(),
        differences=count_open(session, shop.id),
        payouts_waiting=session.execute(unapproved).scalar_one(),
        to_ship=session.execute(to_ship).scalar_one(),
        pickups=count_states(session, shop.id),
        edits=session.execute(_count(ProductProposal, ProductProposal.status == ProposalStatus.WAITING)).scalar_one(),
        cancellations=session.execute(_count(Cancellation, Cancellation.state == CancellationState.ASKED)).scalar_one(),
        rules_elsewhere=_count_rules_elsewhere(session, shop),
        reviews=count_waiting(session, shop.id),
        questions=session.execute(_count(Question, Question.state == QuestionState.OPEN)).scalar_one(),
    )


def _count_rules_elsewhere(session: Session, shop: Shop) -> int:
    return len(in_other_currencies(list_rules(session, shop.id), shop.currency)) if shop.earlier_currencies else 0


def _count(model: type[Model], which: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(model).where(which)


def get_numbers(session: Session, shop: Shop, now: datetime) -> Numbers:
    zone = ZoneInfo(shop.timezone)
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(2 * DAYS))]
    since = datetime.combine(days[0], datetime.min.time(), zone)
    sales, orders = _sales_by_day(session, shop, since), _orders_by_day(session, shop, since)
    commission = _commission_by_day(session, shop, since)

    def total(wanted: Sequence[date]) -> Totals:
        sums = [sum(by_day.get(day, 0) for day in wanted) for by_day in (sales, orders, commission)]
        return Totals(Money(sums[0], shop.currency), sums[1], Money(sums[2], shop.currency))

    def sold(wanted: Sequence[date]) -> list[tuple[date, Money]]:
        return [(day, Money(sales.get(day, 0), shop.currency)) for day in wanted]

    owed = _owed(session, shop)
    return Numbers(
        days=sold(days[DAYS:]),
        days_before=sold(days[:DAYS]),
        now=total(days[DAYS:]),
        before=total(days[:DAYS]),
        today=total(days[-1:]),
        available=Money(owed.get(Account.VENDOR_AVAILABLE, 0), shop.currency),
        held=Money(owed.get(Account.VENDOR_PENDING, 0) + owed.get(Account.VENDOR_HELD, 0), shop.currency),
    )


def _sales_by_day(session: Session, shop: Shop, since: datetime) -> dict[date, int]:
    day = _day(shop, Order.ordered_at)
    sold = OrderLine.gross_minor - OrderLine.vendor_discount_minor - OrderLine.market_discount_minor
    query = (
        select(day, func.sum(sold))
        .join(Order, Order.id == OrderLine.order_id)
        .where(*_counted(shop, since), OrderLine.vendor_id.is_not(None))
        .group_by(day)
    )
    return {when: int(amount) for when, amount in session.execute(query)}


def _orders_by_day(session: Session, shop: Shop, since: datetime) -> dict[date, int]:
    """Orders with at least one vendor's goods."""
    day = _day(shop, Order.ordered_at)
    query = select(day, func.count(Order.id.distinct())).join(OrderLine, OrderLine.order_id == Order.id)
    query = query.where(*_counted(shop, since), OrderLine.vendor_id.is_not(None)).group_by(day)
    return {when: int(count) for when, count in session.execute(query)}


def _counted(shop: Shop, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Order.shop_id == shop.id,
        Order.ordered_at >= since,
        Order.currency == shop.currency,
        ~Order.test,
        Order.paid_seen_at.is_not(None),
    )


def _commission_by_day(session: Session, shop: Shop, since: datetime) -> dict[date, int]:
    day = _day(shop, LedgerTransaction.happened_at)
    # Postings are numbered as they are booked, after what they are for happened: earlier ones are not looked through.
    # A day is for clocks that differ.
    booked = (LedgerTransaction.shop_id == shop.id, LedgerTransaction.booked_at >= since - timedelta(days=1))
    in_time = select(LedgerTransaction.id).where(*booked).order_by(LedgerTransaction.booked_at, LedgerTransaction.id)
    query = (
        select(day, func.sum(LedgerEntry.amount_minor))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerEntry.shop_id == shop.id,
            # Written out: a plan for any account finds the index of this one never.
            LedgerEntry.account == literal(Account.COMMISSION.value, literal_execute=True),
            LedgerEntry.currency == shop.currency,
            LedgerEntry.transaction_id >= in_time.limit(1).scalar_subquery(),
            LedgerTransaction.happened_at >= since,
        )
        .group_by(day)
    )
    return {when: int(amount) for when, amount in session.execute(query)}


def _day(shop: Shop, moment: InstrumentedAttribute[datetime]) -> ColumnElement[date]:
    """In the shop's time zone."""
    return cast(func.timezone(shop.timezone, moment), Date)


def _owed(session: Session, shop: Shop) -> dict[str, int]:
    accounts = list_accounts(session, shop.id)
    return {account: amount.minor for account, amount in accounts if amount.currency == shop.currency}
