"""Reading orders: lists for the merchant and for a vendor, one order with its split, and what a vendor sold by day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, defer, load_only

from app import clock
from app.errors import NotFound
from app.formats import write_date, write_money
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.languages import _
from app.ledger.queries import LINES, OrderSum, sum_claimed, sum_order
from app.ledger.rules import VENDOR_BALANCES
from app.models.cancellations import Cancellation, CancellationState
from app.models.fulfilments import Fulfilment
from app.models.messages import OrderThread
from app.models.orders import Order, OrderLine, OrderRefund, VendorOrder, VendorOrderStatus
from app.models.vendors import Vendor
from app.money import Money
from app.orders.packed import has_packed, is_to_pack
from app.orders.stages import DATED, NO_DEBT_YET, HoldReason
from app.orders.words import HOLD_WORDS, name_component

T = TypeVar("T")
PER_PAGE: Final = 50
WAITING: Final = (VendorOrderStatus.TO_SHIP, VendorOrderStatus.PARTLY_SHIPPED)
_IN_SHORT: Final = (
    OrderLine.vendor_id, OrderLine.shopify_id, OrderLine.position, OrderLine.title, OrderLine.sku,
    OrderLine.quantity, OrderLine.current_quantity, OrderLine.to_ship,
)  # fmt: skip
_FIRST_TO_SAY: Final = (VendorOrderStatus.TO_SHIP, VendorOrderStatus.UNPAID, VendorOrderStatus.SHIPPED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the merchant's orders is asked for."""

    search: str = ""
    """In numbers and customers."""
    status: str = ""
    """A payment state of Shopify's, or "check", "to_ship", "on_hold", "packed", "cancellation"."""
    vendor_id: int | None = None
    since: datetime | None = None
    """Ordered from then on, and before `until`."""
    until: datetime | None = None
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in the merchant's list, with the vendors in it."""

    order: Order
    parts: Sequence[tuple[str, VendorOrderStatus]]
    """Each vendor's name, and how far their part is."""

    @property
    def vendors(self) -> list[str]:
        return [name for name, _status in self.parts]

    @property
    def shipping(self) -> str:
        """How far the order is as a whole: a VendorOrderStatus, or "" without a vendor's part."""
        states = {status for _name, status in self.parts} - {VendorOrderStatus.CANCELLED}
        if VendorOrderStatus.PARTLY_SHIPPED in states or states > {VendorOrderStatus.SHIPPED}:
            return VendorOrderStatus.PARTLY_SHIPPED
        rest = VendorOrderStatus.CANCELLED if self.parts else ""
        return next((state for state in _FIRST_TO_SAY if state in states), rest)

    @property
    def total(self) -> Money:
        return Money(self.order.total_minor, self.order.currency)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a vendor's money of an order stands."""

    pending: Money
    held: Money
    available: Money
    reserve: Money
    claimed: Money
    """What is in payouts, of what is or was available."""
    reason: HoldReason | None
    release_at: datetime | None
    """When that is over, where a day ends it."""

    @property
    def total(self) -> Money:
        return self.pending + self.held + self.available + self.reserve

    @property
    def owed(self) -> Money:
        """The debt: what was paid out, or taken back beyond that, and is not made up for by a later payout."""
        lacking = self.claimed - self.total
        return Money(0 if self.reason in NO_DEBT_YET else max(0, lacking.minor), lacking.currency)

    @property
    def words(self) -> str:
        """What keeps the money, until when; or that nothing does, or that it is a debt. Empty while there is none."""
        if self.owed:
            return _("%(amount)s is owed: it is taken from other earnings.", amount=write_money(self.owed))
        if self.reason is None:
            if self.total.minor < 0:
                return _("It was taken from other earnings.")
            return _("Released.") if self.total else ""
        until = [_("Released on %(day)s.", day=write_date(self.release_at))] if self.release_at else []
        return " ".join([str(HOLD_WORDS[self.reason]), *until])


@dataclass(frozen=True, slots=True)
class VendorPart:
    """One vendor's part of an order: lines, money, and where it stands."""

    part: VendorOrder
    vendor: Vendor
    lines: Sequence[OrderLine]
    standing: Standing
    parcels: Sequence[Fulfilment]
    sums: Mapping[str, int]
    """What the vendor has by component, all lines together, in the order of booking."""

    @property
    def shipping(self) -> Money:
        """The vendor's part of the shipping that the customer paid."""
        amounts = (amount for component, amount in self.sums.items() if component.startswith("shipping:"))
        return Money(sum(amounts), self.part.currency)

    @property
    def fees(self) -> list[tuple[str, Money]]:
        """What the vendor bears beside lines and shipping, by name: of payments, of disputes."""
        beside = [one for one in self.sums if one != LINES and not one.startswith("shipping:")]
        return [(name_component(one), Money(self.sums[one], self.part.currency)) for one in beside if self.sums[one]]


@dataclass(frozen=True, slots=True)
class Split:
    """An order with every vendor's part of it."""

    parts: Sequence[VendorPart]
    lines: Sequence[OrderLine]
    sums: Sequence[OrderSum]


def list_orders(
    session: Session, shop_id: int, wanted: Wanted | None = None, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[OrderRow]:
    """The merchant's orders, with the vendors in each; all of them unless something is wanted."""
    wanted = wanted or Wanted()
    order = Sort((Order.ordered_at, Order.id), is_descending=wanted.sort != "oldest")
    # Shopify's whole payload is long, and no list shows it.
    query = select(Order).where(Order.shop_id == shop_id, *_where(wanted)).options(defer(Order.snapshot))
    page = read_page(session, query, order, place, limit=limit, make=only)
    parts = _list_parts(session, [row.id for row in page.rows])
    return page.with_rows([OrderRow(row, parts.get(row.id, ())) for row in page.rows])


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.search:
        like = f"%{wanted.search.lstrip('#')}%"
        where.append(or_(Order.name.ilike(like), Order.customer_name.ilike(like), Order.customer_email.ilike(like)))
    if wanted.vendor_id is not None:
        where.append(_has_part(VendorOrder.vendor_id == wanted.vendor_id))
    if wanted.since is not None:
        where.append(Order.ordered_at >= wanted.since)
    if wanted.until is not None:
        where.append(Order.ordered_at < wanted.until)
    if wanted.status:
        where.append(_stands(wanted.status))
    return where


def _stands(status: str) -> ColumnElement[bool]:
    """How an order stands: what is to be done about it, or a payment state of Shopify's."""
    waits = VendorOrder.status.in_(WAITING)
    if status == "check":
        return func.jsonb_array_length(Order.flags) > 0
    if status == "to_ship":
        return _has_part(waits)
    if status == "on_hold":
        return _has_part(waits, VendorOrder.holds != [])
    if status == "packed":
        return _has_part(waits, has_packed())
    if status == "cancellation":
        asked = select(Cancellation.id).where(
            Cancellation.shop_id == Order.shop_id,
            Cancellation.order_shopify_id == Order.shopify_id,
            Cancellation.state == CancellationState.ASKED,
        )
        return asked.exists()
    return Order.financial_status == status


def _has_part(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(VendorOrder.id).where(VendorOrder.order_id == Order.id, *which).exists()


def get_order(session: Session, shop_id: int, order_id: int) -> Order:
    """Raises NotFound."""
    order = session.get(Order, order_id, options=[defer(Order.snapshot)])
    if order is None or order.shop_id != shop_id:
        raise NotFound(_("There is no such order."))
    return order


def list_lines(session: Session, order_id: int) -> Sequence[OrderLine]:
    return session.scalars(_select_lines(order_id)).all()


def page_lines(
    session: Session, order_id: int, *, vendor_id: int | None = None, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[OrderLine]:
    """A part of an order's lines: one vendor's, or all that the asker may see."""
    query = select(OrderLine).where(OrderLine.order_id == order_id)
    if vendor_id is not None:
        query = query.where(OrderLine.vendor_id == vendor_id)
    return read_page(session, query, Sort((OrderLine.position, OrderLine.id)), place, limit=limit, make=only)


def list_refunds(session: Session, order: Order) -> Sequence[OrderRefund]:
    query = select(OrderRefund).where(
        OrderRefund.shop_id == order.shop_id, OrderRefund.order_shopify_id == order.shopify_id
    )
    return session.scalars(query.order_by(OrderRefund.refunded_at, OrderRefund.id)).all()


def read_split(session: Session, order: Order) -> Split:
    """An order and who has what of it, for the merchant."""
    parts = session.scalars(select(VendorOrder).where(VendorOrder.order_id == order.id).order_by(VendorOrder.id)).all()
    return _read_split(session, order.id, parts)


def list_parts(session: Session, order: Order) -> Sequence[VendorPart]:
    """Every vendor's part of an order, for the merchant."""
    return read_split(session, order).parts


def get_own_part(session: Session, vendor_id: int, part_id: int) -> VendorOrder:
    """A vendor's own part, without its lines and money. Raises NotFound for anybody else's."""
    part = session.get(VendorOrder, part_id)
    if part is None or part.vendor_id != vendor_id:
        raise NotFound(_("There is no such order."))
    return part


def get_part(session: Session, vendor_id: int, part_id: int) -> VendorPart:
    """A vendor's own part. Raises NotFound for anybody else's."""
    part = get_own_part(session, vendor_id, part_id)
    return _read_split(session, part.order_id, [part]).parts[0]


def count_waiting(session: Session, vendor_id: int) -> int:
    """Orders that the vendor has to send, or to pack for the shop."""
    waiting = (VendorOrder.vendor_id == vendor_id, VendorOrder.status.in_(WAITING), is_to_pack())
    return session.scalar(select(func.count()).select_from(VendorOrder).where(*waiting)) or 0


def sales_by_day(
    session: Session, vendor_id: int, currency: str, timezone: str, *, days: int = 30
) -> list[tuple[date, Money]]:
    """What a vendor earned with the orders of each of the last `days` days, oldest first; days without are zero."""
    zone = ZoneInfo(timezone)
    today = clock.now().astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    day = func.date(func.timezone(timezone, VendorOrder.ordered_at))
    query = (
        select(day, func.sum(VendorOrder.earned_minor))
        .where(
            VendorOrder.vendor_id == vendor_id,
            VendorOrder.currency == currency,
            VendorOrder.ordered_at >= since,
            VendorOrder.is_test.is_(False),
        )
        .group_by(day)
    )
    sums = {at: int(amount) for at, amount in session.execute(query)}
    return [(at, Money(sums.get(at, 0), currency)) for at in (first + timedelta(days=n) for n in range(days))]


def find_unread(session: Session, part_ids: Sequence[int]) -> Mapping[int, int]:
    """How many of the customer's messages nobody at the vendor has seen, by part; parts without are left out."""
    query = select(OrderThread.part_id, OrderThread.unread).where(
        OrderThread.part_id.in_(part_ids), OrderThread.unread > 0
    )
    return {row.part_id: row.unread for row in session.execute(query)}


def list_holds(session: Session, vendor_id: int, *, limit: int = 50) -> Sequence[VendorOrder]:
    """The vendor's orders whose money is released next, soonest first."""
    query = select(VendorOrder).where(VendorOrder.vendor_id == vendor_id, VendorOrder.next_release_at.is_not(None))
    return session.scalars(query.order_by(VendorOrder.next_release_at, VendorOrder.id).limit(limit)).all()


def page_holds(
    session: Session, vendor_id: int, *, search: str = "", last_first: bool = False, place: Place = BEGINNING
) -> Page[VendorOrder]:
    """A part of all orders whose money is released some day. `search`: in an order's number."""
    query = select(VendorOrder).where(VendorOrder.vendor_id == vendor_id, VendorOrder.next_release_at.is_not(None))
    if search:
        query = query.where(VendorOrder.name.icontains(search.lstrip("#"), autoescape=True))
    order = Sort((VendorOrder.next_release_at, VendorOrder.id), is_descending=last_first)
    return read_page(session, query, order, place, limit=PER_PAGE, make=only)


def _read_split(session: Session, order_id: int, parts: Sequence[VendorOrder]) -> Split:
    """`parts`: those of the order that are asked for."""
    # How a line was sold is long, and asked for of a page of lines only.
    lines = session.scalars(_select_lines(order_id).options(load_only(*_IN_SHORT))).all()
    sums = sum_order(session, order_id)
    ids = [part.vendor_id for part in parts]
    vendors = {vendor.id: vendor for vendor in session.scalars(select(Vendor).where(Vendor.id.in_(ids)))}
    sent = select(Fulfilment).where(
        Fulfilment.shop_id.in_([part.shop_id for part in parts]),
        Fulfilment.order_shopify_id.in_([part.order_shopify_id for part in parts]),
        Fulfilment.vendor_id.in_(ids),
    )
    lines_of = _by_vendor(lines, lambda line: line.vendor_id)
    sums_of = _by_vendor(sums, lambda one: one.vendor_id)
    parcels_of = _by_vendor(session.scalars(sent.order_by(Fulfilment.id)), lambda parcel: parcel.vendor_id)
    claimed = sum_claimed(session, order_id)
    found = [
        VendorPart(
            part=part,
            vendor=vendors[part.vendor_id],
            lines=lines_of.get(part.vendor_id, ()),
            standing=_standing(part, sums_of.get(part.vendor_id, ()), claimed.get(part.vendor_id, 0)),
            parcels=parcels_of.get(part.vendor_id, ()),
            sums=_by_component(sums_of.get(part.vendor_id, ())),
        )
        for part in parts
    ]
    return Split(found, lines, sums)


def _select_lines(order_id: int) -> Select[OrderLine]:
    return select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position, OrderLine.id)


def _by_vendor(rows: Iterable[T], vendor_of: Callable[[T], int | None]) -> Mapping[int | None, list[T]]:
    found: dict[int | None, list[T]] = {}
    for row in rows:
        found.setdefault(vendor_of(row), []).append(row)
    return found


def _by_component(sums: Iterable[OrderSum]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for one in sums:
        found[one.component] = found.get(one.component, 0) + one.minor
    return found


def _standing(part: VendorOrder, sums: Iterable[OrderSum], claimed: int) -> Standing:
    stages: dict[str, int] = dict.fromkeys(VENDOR_BALANCES, 0)
    for one in sums:
        if one.account in stages:
            stages[one.account] += one.minor
    pending, held, available, reserve = (Money(stages[account], part.currency) for account in VENDOR_BALANCES)
    reason = _reason(part, pending, held)
    release_at = part.next_release_at if reason in DATED else None
    return Standing(pending, held, available, reserve, Money(claimed, part.currency), reason, release_at)


def _reason(part: VendorOrder, pending: Money, held: Money) -> HoldReason | None:
    if part.hold_reason:
        return HoldReason(part.hold_reason)
    if part.is_test:
        return HoldReason.TEST_ORDER
    if not part.is_checked:
        return HoldReason.CHECK
    if pending:
        return HoldReason.TO_SHIP
    return HoldReason.RETURN_WINDOW if held else None


def by_customer(shop_id: int, customer_id: int) -> ColumnElement[bool]:
    """Whose order it is, by Shopify's number of the customer."""
    return and_(Order.shop_id == shop_id, Order.shopify_customer_id == customer_id)


def _list_parts(session: Session, order_ids: Sequence[int]) -> Mapping[int, list[tuple[str, VendorOrderStatus]]]:
    query = (
        select(VendorOrder.order_id, Vendor.name, VendorOrder.status)
        .join(Vendor, Vendor.id == VendorOrder.vendor_id)
        .where(VendorOrder.order_id.in_(order_ids))
        .order_by(VendorOrder.id)
    )
    parts: dict[int, list[tuple[str, VendorOrderStatus]]] = {}
    for order_id, name, status in session.execute(query):
        parts.setdefault(order_id, []).append((name, status))
    return parts
