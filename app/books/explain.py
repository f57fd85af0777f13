"""How a vendor's amount of one part of an order came about, from the price to the payout.

Read under the scope of whoever asks: a vendor sees the own side of each booking only, staff see both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.ledger.rules import STAGE_MOVES, VENDOR_BALANCES, Account
from app.models.events import AuditEntry
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.payouts import Payout, PayoutEntry
from app.models.vendors import Vendor
from app.money import Money, parse_money
from app.typed import read_number


@dataclass(frozen=True, slots=True)
class Step:
    """One posting: what it changed for the vendor, and (for staff) every other side of it."""

    transaction: LedgerTransaction
    amount: Money
    others: Sequence[LedgerEntry]
    moves_only: bool
    """From one stage to another: the vendor has neither more nor less."""
    to: str
    """The stage that a move leads to."""
    moved: Money
    """How much of it."""
    at: datetime
    """A move that takes back an earlier one, as a dispute does, happens when it is booked."""


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What a payout pays of it."""

    payout: Payout
    amount: Money


@dataclass(frozen=True, slots=True)
class Discount:
    """A code or title, and what it took off the line."""

    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Explanation:
    part: VendorOrder
    vendor: Vendor
    component: str
    line: OrderLine | None
    steps: Sequence[Step]
    stages: dict[str, Money]
    """Where the vendor's amount stands now, by account; empty stages are left out."""
    paid: Sequence[PaidPart]
    unpaid: Money
    """Available and in no payout yet."""

    @property
    def changes(self) -> Sequence[Step]:
        """What gave the vendor more or less."""
        return [step for step in self.steps if not step.moves_only]

    @property
    def moves(self) -> Sequence[Step]:
        return [step for step in self.steps if step.moves_only]

    @property
    def total(self) -> Money:
        return Money(sum(step.amount.minor for step in self.steps), self.part.currency)

    @property
    def reckoned(self) -> Mapping[str, Any] | None:
        """How the vendor's part of a shipping line is reckoned, where that was kept."""
        return next((one for one in self.part.shipping if self.component == f"shipping:{one['line']}"), None)

    @property
    def sold(self) -> Money:
        return self._sum("sale")

    def money(self, minor: int) -> Money:
        return Money(minor, self.part.currency)

    def _sum(self, kind: str) -> Money:
        return self.money(sum(step.amount.minor for step in self.steps if step.transaction.kind == kind))


@dataclass(frozen=True, slots=True)
class Place:
    """What an entry belongs to: part of an order, a payout, or an adjustment."""

    transaction: LedgerTransaction
    entry: LedgerEntry


def get_place(session: Session, shop_id: int, entry_id: int, vendor_id: int | None = None) -> Place:
    """Raises NotFound, also for another vendor's entry."""
    entry = session.get(LedgerEntry, entry_id)
    if entry is None or entry.shop_id != shop_id or (vendor_id is not None and entry.vendor_id != vendor_id):
        raise NotFound("There is no such amount.")
    return Place(session.get_one(LedgerTransaction, entry.transaction_id), entry)


def explain(session: Session, shop_id: int, order_id: int, component: str, vendor_id: int) -> Explanation:
    """One vendor's amount of "line:7", "shipping:3", "fees" or "dispute:5". Raises NotFound."""
    of_vendor = select(VendorOrder).where(VendorOrder.order_id == order_id, VendorOrder.vendor_id == vendor_id)
    part = session.scalars(of_vendor).one_or_none()
    if part is None or part.shop_id != shop_id:
        raise NotFound("There is no such amount.")
    line = _find_line(session, order_id, component, vendor_id)
    booked = _list_booked(session, order_id, component, vendor_id)
    if line is None and not booked:
        raise NotFound("There is no such amount.")
    steps = sorted((_step(*one, vendor_id) for one in booked), key=lambda step: step.at)
    mine = [entry for _, entries in booked for entry in entries if entry.vendor_id == vendor_id]
    claims = _list_claims(session, mine)
    return Explanation(
        part=part,
        vendor=session.get_one(Vendor, vendor_id),
        component=component,
        line=line,
        steps=steps,
        stages=_stages(mine, part.currency),
        paid=_paid(claims, mine),
        unpaid=_unpaid(claims, mine, part.currency),
    )


def list_discounts(order: Order, line: OrderLine) -> list[Discount]:
    """The discounts of a line by name, as Shopify allocated them; for staff, who may read the order."""
    items = (item for item in order.snapshot["line_items"] if item["id"] == line.shopify_id)
    sold: dict[str, Any] = next(items, {})
    found = []
    for allocation in sold.get("discount_allocations", ()):
        amount = parse_money(allocation["amount_set"]["shop_money"]["amount"], order.currency)
        found.append(Discount(_discount_name(order.snapshot, allocation), amount))
    return found


def find_release(session: Session, part: VendorOrder) -> AuditEntry | None:
    """Who last ended the return window of a vendor's part by hand, and why; for staff."""
    about = (AuditEntry.subject_type == "vendor_order", AuditEntry.subject_id == part.id)
    query = select(AuditEntry).where(AuditEntry.shop_id == part.shop_id, *about, AuditEntry.action == "hold.release")
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()


def _discount_name(snapshot: dict[str, Any], allocation: dict[str, Any]) -> str:
    named, at = snapshot.get("discount_applications", ()), allocation.get("discount_application_index", -1)
    one = named[at] if 0 <= at < len(named) else {}
    return str(one.get("code") or one.get("title") or one.get("description") or "Discount").strip()


def _find_line(session: Session, order_id: int, component: str, vendor_id: int) -> OrderLine | None:
    kind, _, number = component.partition(":")
    line_id = read_number(number)
    if kind != "line" or line_id is None:
        return None
    query = select(OrderLine).where(
        OrderLine.order_id == order_id, OrderLine.shopify_id == line_id, OrderLine.vendor_id == vendor_id
    )
    return session.scalars(query).one_or_none()


def _list_booked(
    session: Session, order_id: int, component: str, vendor_id: int
) -> list[tuple[LedgerTransaction, list[LedgerEntry]]]:
    query = (
        select(LedgerTransaction, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(
            LedgerTransaction.order_id == order_id,
            LedgerTransaction.component == component,
            LedgerTransaction.vendor_id == vendor_id,
        )
        .order_by(LedgerTransaction.happened_at, LedgerTransaction.id, LedgerEntry.id)
    )
    booked: dict[int, tuple[LedgerTransaction, list[LedgerEntry]]] = {}
    for transaction, entry in session.execute(query):
        booked.setdefault(transaction.id, (transaction, []))[1].append(entry)
    return list(booked.values())


def _step(transaction: LedgerTransaction, entries: Sequence[LedgerEntry], vendor_id: int) -> Step:
    mine = [entry for entry in entries if entry.vendor_id == vendor_id]
    moves_only = transaction.kind in STAGE_MOVES
    takes_back = moves_only and transaction.source_key != transaction.key
    return Step(
        transaction,
        Money(sum(entry.amount_minor for entry in mine), transaction.currency),
        [entry for entry in entries if entry.vendor_id != vendor_id],
        moves_only,
        to=next((entry.account for entry in mine if entry.amount_minor > 0), ""),
        moved=Money(sum(entry.amount_minor for entry in mine if entry.amount_minor > 0), transaction.currency),
        at=transaction.booked_at if takes_back else transaction.happened_at,
    )


def _list_claims(session: Session, mine: Sequence[LedgerEntry]) -> dict[int, Payout]:
    """Which payout pays which of the entries, by entry id."""
    available = [entry.id for entry in mine if entry.account == Account.VENDOR_AVAILABLE]
    query = (
        select(PayoutEntry.entry_id, Payout)
        .join(Payout, Payout.id == PayoutEntry.payout_id)
        .where(PayoutEntry.entry_id.in_(available), PayoutEntry.released_at.is_(None))
        .order_by(Payout.id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _paid(claims: dict[int, Payout], mine: Sequence[LedgerEntry]) -> list[PaidPart]:
    sums: dict[int, int] = {}
    for entry in mine:
        if payout := claims.get(entry.id):
            sums[payout.id] = sums.get(payout.id, 0) + entry.amount_minor
    payouts = {payout.id: payout for payout in claims.values()}
    paid = [(payouts[number], minor) for number, minor in sums.items() if minor]
    return [PaidPart(payout, Money(minor, payout.currency)) for payout, minor in paid]


def _unpaid(claims: dict[int, Payout], mine: Sequence[LedgerEntry], currency: str) -> Money:
    free = (e.amount_minor for e in mine if e.account == Account.VENDOR_AVAILABLE and e.id not in claims)
    return Money(sum(free), currency)


def _stages(mine: Sequence[LedgerEntry], currency: str) -> dict[str, Money]:
    sums: dict[str, int] = {}
    for entry in mine:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount_minor
    return {account: Money(sums[account], currency) for account in VENDOR_BALANCES if sums.get(account)}
