"""/ledger-entries, /balances and /accounts"""

from typing import Annotated, Any, Final, Literal

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import select

from app.api.operations import operation
from app.api.paging import Order as Sorting
from app.api.paging import read_page
from app.api.shapes import Amount, Currency, Id, Listing, Moment, Page, amount, amount_of
from app.auth.scopes import Scope
from app.ledger import queries
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry as Row
from app.models.ledger import LedgerTransaction
from app.models.orders import Order, VendorOrder
from app.models.vendors import Vendor

_SORTS: Final = {"id": Sorting((Row.id,)), "-id": Sorting((Row.id,), is_descending=True)}
_BY_VENDOR: Final = Sorting((Vendor.id,))


class Entry(msgspec.Struct, frozen=True):
    """One side of a posting. Entries are never changed: corrections are entries of their own."""

    id: Id
    transaction_id: Annotated[int, Meta(description="The entries of a transaction sum to zero.")]
    vendor_id: int | None
    account: Account
    amount: Annotated[Amount, Meta(description="On a vendor's account a plus means that you owe the vendor more.")]
    kind: Annotated[str, Meta(examples=["sale", "refund", "released", "payout_sent"])]
    component: Annotated[str, Meta(description="The part of the order.", examples=["line:466157049"])]
    order_shopify_id: int | None
    payout_id: int | None
    happened_at: Moment
    booked_at: Moment


class EntryList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None
    account: Account | None = None
    kind: Annotated[str, Meta(max_length=60)] | None = None
    currency: Currency | None = None
    payout_id: Id | None = None
    order_shopify_id: Id | None = None
    booked_after: Moment | None = None
    booked_before: Moment | None = None
    sort: Literal["id", "-id"] = "-id"


class Balance(msgspec.Struct, frozen=True):
    """What you owe a vendor, by stage. Below zero the vendor owes you: the next earnings are taken for it."""

    vendor_id: Id
    vendor_name: str
    currency: Currency
    pending: Amount
    held: Amount
    reserve: Amount
    available: Amount
    total: Amount


class BalanceList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None
    currency: Annotated[Currency, Meta(description="The shop's, or an earlier one of the shop's.")] | None = None


class AccountBalance(msgspec.Struct, frozen=True):
    account: Account
    balance: Amount


@operation("GET", "/ledger-entries", tag="Ledger", scope=Scope.LEDGER_READ, for_vendors=True)
def list_entries(query: EntryList) -> Page[Entry]:
    """List the entries of the ledger."""
    number = Order.shopify_id if g.vendor is None else VendorOrder.order_shopify_id
    wanted: Any = (
        select(Row, LedgerTransaction, number)
        .join(LedgerTransaction, LedgerTransaction.id == Row.transaction_id)
        .where(Row.shop_id == g.shop.id)
    )
    if g.vendor is None:
        wanted = wanted.outerjoin(Order, Order.id == LedgerTransaction.order_id)
    else:  # a vendor knows the own part of an order only
        own = (VendorOrder.order_id == LedgerTransaction.order_id) & (VendorOrder.vendor_id == g.vendor.id)
        wanted = wanted.outerjoin(VendorOrder, own).where(Row.vendor_id == g.vendor.id)
    equal = (
        (number, query.order_shopify_id),
        (Row.vendor_id, query.vendor_id),
        (Row.account, query.account),
        (LedgerTransaction.kind, query.kind),
        (Row.currency, query.currency),
        (LedgerTransaction.payout_id, query.payout_id),
    )
    wanted = wanted.where(*(column == value for column, value in equal if value is not None))
    if query.booked_after:
        wanted = wanted.where(LedgerTransaction.booked_at >= query.booked_after)
    if query.booked_before:
        wanted = wanted.where(LedgerTransaction.booked_at < query.booked_before)
    rows, cursor = read_page(g.session, wanted, _SORTS[query.sort], query)
    return Page([_write(*row[:3]) for row in rows], cursor)


@operation("GET", "/balances", tag="Ledger", scope=Scope.LEDGER_READ, for_vendors=True)
def list_balances(query: BalanceList) -> Page[Balance]:
    """List what each vendor has in a currency, the shop's unless you say another."""
    wanted = select(Vendor).where(Vendor.shop_id == g.shop.id)
    if g.vendor is not None:
        wanted = wanted.where(Vendor.id == g.vendor.id)
    if query.vendor_id is not None:
        wanted = wanted.where(Vendor.id == query.vendor_id)
    rows, cursor = read_page(g.session, wanted, _BY_VENDOR, query)
    vendors = [row[0] for row in rows]
    currency = query.currency or g.shop.currency
    held = queries.list_balances(g.session, g.shop.id, currency, [vendor.id for vendor in vendors])
    return Page([_write_balance(vendor, held[vendor.id]) for vendor in vendors], cursor)


@operation("GET", "/accounts", tag="Ledger", scope=Scope.LEDGER_READ)
def list_accounts() -> Page[AccountBalance]:
    """List every account of the shop with its balance.

    They sum to zero.
    """
    rows = queries.list_accounts(g.session, g.shop.id)
    return Page([AccountBalance(Account(name), amount_of(balance)) for name, balance in rows], None)


def _write(row: Row, booking: LedgerTransaction, order_shopify_id: int | None) -> Entry:
    return Entry(
        id=row.id,
        transaction_id=row.transaction_id,
        vendor_id=row.vendor_id,
        account=Account(row.account),
        amount=amount(row.amount_minor, row.currency),
        kind=booking.kind,
        component=booking.component,
        order_shopify_id=order_shopify_id,
        payout_id=booking.payout_id,
        happened_at=booking.happened_at,
        booked_at=booking.booked_at,
    )


def _write_balance(vendor: Vendor, held: queries.Balances) -> Balance:
    return Balance(
        vendor_id=vendor.id,
        vendor_name=vendor.name,
        currency=held.currency,
        pending=amount_of(held.pending),
        held=amount_of(held.held),
        reserve=amount_of(held.reserve),
        available=amount_of(held.available),
        total=amount_of(held.total),
    )
