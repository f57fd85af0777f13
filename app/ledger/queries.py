"""Reading the books: balances, a vendor's entries, and whether everything still adds up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import column, func, insert, select, table, text
from sqlalchemy.orm import Session

from app.ledger.rules import STAGE_MOVES, VENDOR_BALANCES, Account
from app.models.ledger import LedgerEntry, LedgerTransaction, OpenEntry
from app.money import Money

PER_PAGE: Final = 50
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

    @property
    def amount(self) -> Money:
        return Money(self.entry.amount_minor, self.entry.currency)


def vendor_balances(session: Session, shop_id: int, currency: str, vendor_id: int) -> Balances:
    """One vendor's balances in the shop's currency; zeros when nothing was ever booked."""
    return list_balances(session, shop_id, currency, [vendor_id])[vendor_id]


def list_balances(session: Session, shop_id: int, currency: str, vendor_ids: Iterable[int]) -> dict[int, Balances]:
    """The balances of several vendors in one query."""
    wanted = list(vendor_ids)
    query = (
        select(LedgerEntry.vendor_id, LedgerEntry.account, func.sum(LedgerEntry.amount_minor))
        .where(
            LedgerEntry.shop_id == shop_id,
            LedgerEntry.vendor_id.in_(wanted),
            LedgerEntry.currency == currency,
            LedgerEntry.account.in_(VENDOR_BALANCES),
        )
        .group_by(LedgerEntry.vendor_id, LedgerEntry.account)
    )
    sums = {(vendor, account): int(amount) for vendor, account, amount in session.execute(query)}

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
    query = (
        select(LedgerEntry.account, LedgerEntry.currency, func.sum(LedgerEntry.amount_minor))
        .where(LedgerEntry.shop_id == shop_id)
        .group_by(LedgerEntry.account, LedgerEntry.currency)
    )
    rows = [(account, Money(int(amount), currency)) for account, currency, amount in session.execute(query)]
    places = {account.value: at for at, account in enumerate(Account)}
    return sorted(rows, key=lambda row: (row[1].currency, places.get(row[0], 99)))


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
    session: Session, shop_id: int, vendor_id: int, *, page: int = 1, per_page: int = PER_PAGE
) -> tuple[Sequence[Movement], int]:
    """What moved a vendor's money, newest first, and how many pages there are. Moves between stages are left out."""
    where = (
        LedgerEntry.shop_id == shop_id,
        LedgerEntry.vendor_id == vendor_id,
        LedgerEntry.account.in_(VENDOR_BALANCES),
        LedgerTransaction.kind.not_in(STAGE_MOVES),
    )
    query = select(LedgerEntry, LedgerTransaction).join(
        LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id
    )
    total = session.scalar(select(func.count()).select_from(query.where(*where).subquery())) or 0
    newest = (LedgerTransaction.happened_at.desc(), LedgerEntry.id.desc())
    rows = session.execute(query.where(*where).order_by(*newest).limit(per_page).offset((page - 1) * per_page))
    return [Movement(entry, transaction) for entry, transaction in rows], max(1, -(-total // per_page))


def list_order_movements(session: Session, order_id: int) -> Sequence[Movement]:
    """Every entry of an order that the asker may see, in the order of booking."""
    query = (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.order_id == order_id)
        .order_by(LedgerTransaction.happened_at, LedgerTransaction.id, LedgerEntry.id)
    )
    return [Movement(entry, transaction) for entry, transaction in session.execute(query)]


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
