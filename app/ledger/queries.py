"""Reading the books: balances, a vendor's entries, and whether everything still adds up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, case, column, func, insert, literal, or_, select, table, text
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.ledger.rules import STAGE_MOVES, VENDOR_BALANCES, Account
from app.models.ledger import LedgerEntry, LedgerTransaction, OpenEntry
from app.models.orders import OrderLine, VendorOrder
from app.models.payouts import Payout, PayoutEntry
from app.money import Money

PER_PAGE: Final = 50
LINES: Final = "lines"
# The function of the migration 0056: closed balances, and what came since.
_BALANCES: Final = text("""
SELECT vendor_id, account, currency, amount_minor
FROM balances(:shop_id, CAST(:vendors AS bigint[]), CAST(:accounts AS text[]))
""")
_ACCOUNTS: Final = text("""
SELECT account, currency, sum(amount_minor) AS amount_minor FROM balances(:shop_id, NULL, NULL)
GROUP BY account, currency
""")
# The total is read in the statement that finds the newest postings, so that both are of one moment.
_MOVEMENTS: Final = text("""
SELECT id, (
  SELECT sum(amount_minor) FROM balances(:shop_id, ARRAY[CAST(:vendor_id AS bigint)], CAST(:accounts AS text[]))
  WHERE currency = :currency) AS total
FROM movements(:vendor_id, :currency, CAST(:accounts AS text[]), CAST(:moves AS text[]), :at, :below, :most) AS id
""")
_LAST: Final = 2**63 - 1
_KEPT: Final = table("unpaid_now", column("id"), column("vendor_id"), column("amount_minor"))


@dataclass(frozen=True, slots=True)
class Balances:
    """What the shop owes a vendor, by stage, in one currency."""

    currency: str
    pending: Money
    held: Money
    available: Money
    reserve: Money

    @property
    def total(self) -> Money:
        return self.pending + self.held + self.available + self.reserve


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry on a vendor's account with the posting it belongs to."""

    entry: LedgerEntry
    transaction: LedgerTransaction
    balance: Money | None = None
    """What the vendor was owed after it, in all stages; in a statement."""

    @property
    def amount(self) -> Money:
        return Money(self.entry.amount_minor, self.entry.currency)


class OrderSum(NamedTuple):
    """What an order's entries in one account come to."""

    vendor_id: int | None
    account: str
    component: str
    """The part of the order; LINES for all lines together."""
    minor: int


@dataclass(frozen=True, slots=True)
class Sought:
    """Which movements. Every part that is given must hold."""

    words: str = ""
    """In an order's number, an item's title or a payout's reference."""
    kinds: Sequence[str] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    rows: Sequence[Movement]
    older: str | None
    """The cursor of the page after; None at the end."""


def vendor_balances(session: Session, shop_id: int, currency: str, vendor_id: int) -> Balances:
    """One vendor's balances in the shop's currency; zeros when nothing was ever booked."""
    return list_balances(session, shop_id, currency, [vendor_id])[vendor_id]


def list_balances(session: Session, shop_id: int, currency: str, vendor_ids: Iterable[int]) -> dict[int, Balances]:
    """The balances of several vendors in one query."""
    wanted = list(vendor_ids)
    values = {"shop_id": shop_id, "vendors": wanted, "accounts": [account.value for account in VENDOR_BALANCES]}
    sums = {
        (row.vendor_id, row.account): row.amount_minor
        for row in session.execute(_BALANCES, values)
        if row.currency == currency
    }

    def at(vendor_id: int, account: Account) -> Money:
        return Money(sums.get((vendor_id, account), 0), currency)

    return {
        vendor_id: Balances(
            currency,
            at(vendor_id, Account.VENDOR_PENDING),
            at(vendor_id, Account.VENDOR_HELD),
            at(vendor_id, Account.VENDOR_AVAILABLE),
            at(vendor_id, Account.VENDOR_RESERVE),
        )
        for vendor_id in wanted
    }


def list_accounts(session: Session, shop_id: int) -> list[tuple[str, Money]]:
    """Every account of the shop with its balance, in the order of the chart of accounts."""
    rows = session.execute(_ACCOUNTS, {"shop_id": shop_id})
    found = [(row.account, Money(int(row.amount_minor), row.currency)) for row in rows]
    places = {account.value: at for at, account in enumerate(Account)}
    return sorted(found, key=lambda row: (row[1].currency, places.get(row[0], 99)))


def sum_available(session: Session, shop_id: int) -> dict[str, dict[int, int]]:
    """What each vendor has available, in minor units, by currency; who has exactly zero is left out.

    It is what is unpaid (`sum_unpaid`), found without going through it: the nightly proof compares the two.
    """
    values = {"shop_id": shop_id, "vendors": None, "accounts": [Account.VENDOR_AVAILABLE.value]}
    found: dict[str, dict[int, int]] = {}
    for row in session.execute(_BALANCES, values):
        if row.amount_minor:
            found.setdefault(row.currency, {})[row.vendor_id] = row.amount_minor
    return found


def list_currencies(session: Session, shop_id: int, vendor_id: int) -> list[str]:
    """Currencies in which a vendor has, or had, money."""
    values = {"shop_id": shop_id, "vendors": [vendor_id], "accounts": [account.value for account in VENDOR_BALANCES]}
    return sorted({row.currency for row in session.execute(_BALANCES, values)})


def keep_unpaid(session: Session, shop_id: int, currency: str) -> None:
    """Keep what `sum_unpaid` would sum, as of one moment, in the table `unpaid_now`; the caller drops it."""
    open_ones = select(OpenEntry.entry_id, OpenEntry.vendor_id, OpenEntry.amount_minor)
    unpaid = open_ones.where(OpenEntry.shop_id == shop_id, OpenEntry.currency == currency)
    columns = [one.name for one in _KEPT.columns]
    session.execute(text("CREATE TEMPORARY TABLE unpaid_now (id bigint, vendor_id bigint, amount_minor bigint)"))
    session.execute(insert(_KEPT).from_select(columns, unpaid))
    session.execute(text("ANALYZE unpaid_now"))


def sum_kept(session: Session) -> dict[int, int]:
    """What is kept in `unpaid_now` for each vendor, in minor units."""
    rows = session.execute(text("SELECT vendor_id, sum(amount_minor) FROM unpaid_now GROUP BY vendor_id"))
    return {vendor_id: int(amount) for vendor_id, amount in rows}


def sum_unpaid(session: Session, shop_id: int, currency: str) -> dict[int, int]:
    """What each vendor could be paid now, in minor units; vendors at exactly zero with no entries are left out."""
    query = select(OpenEntry.vendor_id, func.sum(OpenEntry.amount_minor)).group_by(OpenEntry.vendor_id)
    query = query.where(OpenEntry.shop_id == shop_id, OpenEntry.currency == currency)
    return {vendor_id: int(amount) for vendor_id, amount in session.execute(query)}


def list_movements(
    session: Session, shop_id: int, vendor_id: int, currency: str, *, cursor: str = "", limit: int = PER_PAGE
) -> Statement:
    """What moved a vendor's money, newest booking first, each with the balance after it, as a bank's statement.

    Moves between stages are left out: they change no balance. A cursor that says nothing begins with the newest.
    """
    at, below, balance = _read_cursor(cursor) or (datetime.max.replace(tzinfo=UTC), _LAST, None)
    values = {"shop_id": shop_id, "vendor_id": vendor_id, "currency": currency, "at": at, "below": below}
    stages = [account.value for account in VENDOR_BALANCES]
    more = {"accounts": stages, "moves": list(STAGE_MOVES), "most": limit + 1}
    found = session.execute(_MOVEMENTS, {**values, **more}).all()
    query = (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.id.in_([row.id for row in found[:limit]]))
        .where(LedgerEntry.vendor_id == vendor_id, LedgerEntry.account.in_(stages))
        .order_by(LedgerTransaction.booked_at.desc(), LedgerTransaction.id.desc(), LedgerEntry.id.desc())
    )
    left = int(found[0].total) if found and balance is None else balance or 0
    rows = []
    for entry, transaction in session.execute(query) if found else ():
        rows.append(Movement(entry, transaction, Money(left, currency)))
        left -= entry.amount_minor
    last = rows[-1].transaction if len(found) > limit else None
    return Statement(rows, f"{last.booked_at.isoformat()}_{last.id}_{left}" if last else None)


def find_movements(
    session: Session,
    vendor_id: int,
    currency: str,
    sought: Sought,
    *,
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Movement]:
    """Some of what moved a vendor's money, newest first; without balances: what lies between is not shown."""
    query = (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.vendor_id == vendor_id, LedgerTransaction.currency == currency)
        .where(LedgerTransaction.kind.not_in(STAGE_MOVES))
        .where(LedgerEntry.vendor_id == vendor_id, LedgerEntry.account.in_(VENDOR_BALANCES))
    )
    if sought.kinds:
        query = query.where(LedgerTransaction.kind.in_(sought.kinds))
    if sought.since:
        query = query.where(LedgerTransaction.booked_at >= sought.since)
    if sought.words:
        query = query.where(_is_about(vendor_id, sought.words))
    newest = Sort((LedgerTransaction.booked_at, LedgerEntry.id), is_descending=True)
    return read_page(session, query, newest, place, limit=limit, make=Movement)


def _is_about(vendor_id: int, words: str) -> ColumnElement[bool]:
    orders = select(VendorOrder.order_id).where(
        VendorOrder.vendor_id == vendor_id, VendorOrder.name.icontains(words.lstrip("#"), autoescape=True)
    )
    items = select(OrderLine.order_id).where(
        OrderLine.vendor_id == vendor_id,
        OrderLine.title.icontains(words, autoescape=True),
        LedgerTransaction.component == func.concat("line:", OrderLine.shopify_id),
    )
    payouts = select(Payout.id).where(Payout.vendor_id == vendor_id, Payout.reference.icontains(words, autoescape=True))
    return or_(
        LedgerTransaction.order_id.in_(orders),
        LedgerTransaction.order_id.in_(items.correlate(LedgerTransaction)),
        LedgerTransaction.payout_id.in_(payouts),
    )


def _read_cursor(text_: str) -> tuple[datetime, int, int] | None:
    """When the last row was booked, its posting's number, and the balance before it."""
    at, _, rest = text_.partition("_")
    number, _, balance = rest.partition("_")
    try:
        read = datetime.fromisoformat(at), int(number), int(balance)
    except ValueError:
        return None
    return read if 0 <= read[1] <= _LAST and abs(read[2]) <= _LAST else None


def list_order_movements(session: Session, order_id: int) -> Sequence[Movement]:
    """Every entry of an order that the asker may see, in the order of booking."""
    query = (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.order_id == order_id)
        .order_by(LedgerTransaction.happened_at, LedgerTransaction.id, LedgerEntry.id)
    )
    return [Movement(entry, transaction) for entry, transaction in session.execute(query)]


def page_order_movements(
    session: Session,
    order_id: int,
    *,
    vendor_id: int | None = None,
    every: bool = False,
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Movement]:
    """A part of an order's entries, in the order of booking: one vendor's, or all that the asker may see.

    `every`: those of the customer's side, and what moves from one stage to the next, as well.
    """
    query = (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.order_id == order_id)
    )
    if vendor_id is not None:
        query = query.where(LedgerEntry.vendor_id == vendor_id)
    if not every:
        query = query.where(LedgerTransaction.kind.not_in(STAGE_MOVES))
        query = query.where(LedgerEntry.account != Account.CUSTOMER_RECEIPTS)
    oldest = Sort((LedgerTransaction.happened_at, LedgerTransaction.id, LedgerEntry.id))
    return read_page(session, query, oldest, place, limit=limit, make=Movement)


def sum_order(session: Session, order_id: int) -> Sequence[OrderSum]:
    """What the entries of an order that the asker may see come to, what was booked first before the rest."""
    of_line = LedgerTransaction.component.startswith("line:")
    component = case((of_line, literal(LINES, literal_execute=True)), else_=LedgerTransaction.component)
    query = (
        select(LedgerEntry.vendor_id, LedgerEntry.account, component, func.sum(LedgerEntry.amount_minor))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.order_id == order_id)
        .group_by(LedgerEntry.vendor_id, LedgerEntry.account, component)
        .order_by(func.min(LedgerEntry.id))
    )
    return [OrderSum(vendor, account, part, int(minor)) for vendor, account, part, minor in session.execute(query)]


def sum_lines(session: Session, order_id: int, numbers: Collection[int]) -> Mapping[int, int]:
    """What vendors have of some lines of an order, in minor units by Shopify's number of the line."""
    query = (
        select(LedgerTransaction.component, func.sum(LedgerEntry.amount_minor))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.order_id == order_id, LedgerEntry.vendor_id.is_not(None))
        .where(LedgerTransaction.component.in_([f"line:{number}" for number in numbers]))
        .group_by(LedgerTransaction.component)
    )
    sums = {component: int(amount) for component, amount in session.execute(query)}
    return {number: sums.get(f"line:{number}", 0) for number in numbers}


def sum_claimed(session: Session, order_id: int) -> Mapping[int, int]:
    """How much of an order is in payouts, by vendor. Less than nothing: one took back what an earlier one had paid."""
    query = (
        select(LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(PayoutEntry, PayoutEntry.entry_id == LedgerEntry.id)
        .where(LedgerTransaction.order_id == order_id, PayoutEntry.released_at.is_(None))
        .group_by(LedgerEntry.vendor_id)
    )
    return {vendor: int(amount) for vendor, amount in session.execute(query) if vendor is not None}


def list_unbalanced(session: Session, shop_id: int) -> Sequence[int]:
    """Transactions whose entries do not sum to zero. The database refuses them, so this should always be empty."""
    query = (
        select(LedgerEntry.transaction_id)
        .where(LedgerEntry.shop_id == shop_id)
        .group_by(LedgerEntry.transaction_id, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount_minor) != 0)
    )
    return session.scalars(query).all()


def count_transactions(session: Session, shop_id: int) -> int:
    query = select(func.count()).select_from(LedgerTransaction).where(LedgerTransaction.shop_id == shop_id)
    return session.scalar(query) or 0
