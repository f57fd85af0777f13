"""The books' own arithmetic: accounts, entries that balance, and what is still missing from a set of postings."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec


class Account(StrEnum):
    """Read from the owner's side: a plus on a vendor's account means that we owe the vendor more."""

    CUSTOMER_RECEIPTS = "customer_receipts"
    """Minus what customers paid, plus what went back to them: the other side of everything below."""
    CUSTOMER_CREDIT = "customer_credit"
    """Paid for something that was then taken off the order, and not yet returned."""
    VENDOR_PENDING = "vendor_pending"
    VENDOR_HELD = "vendor_held"
    VENDOR_AVAILABLE = "vendor_available"
    VENDOR_RESERVE = "vendor_reserve"
    """Kept back of what became available, until its date."""
    PAYOUTS_IN_TRANSIT = "payouts_in_transit"
    PAID_OUT = "paid_out"
    COMMISSION = "commission"
    DISCOUNTS_BORNE = "discounts_borne"
    REFUNDS_BORNE = "refunds_borne"
    GOODS_REVENUE = "goods_revenue"
    SHIPPING_REVENUE = "shipping_revenue"
    SALES_TAX = "sales_tax"
    SHIPPING_TAX = "shipping_tax"
    CHANNEL_TAX = "channel_tax"
    FEE_TAX = "fee_tax"
    GIFT_CARDS = "gift_cards"
    TIPS = "tips"
    DUTIES = "duties"
    ADDITIONAL_FEES = "additional_fees"
    CASH_ROUNDING = "cash_rounding"
    PAYMENT_FEES = "payment_fees"
    """What payments cost the marketplace; minus is a cost."""
    PAYMENT_PROVIDER = "payment_provider"
    """What the payment provider kept for itself: fees for payments and for disputes."""
    CHARGEBACKS = "chargebacks"
    """What banks took back of what customers paid: the outside of it, as receipts are of a payment."""
    DISPUTES = "disputes"
    """Money that the bank has taken back while it decides; minus, until it comes back or is lost."""
    DISPUTE_FEES = "dispute_fees"
    ADJUSTMENTS = "adjustments"
    """The marketplace's side of what was credited to or debited from a vendor by hand."""
    UNEXPLAINED = "unexplained"


VENDOR_BALANCES = (Account.VENDOR_PENDING, Account.VENDOR_HELD, Account.VENDOR_AVAILABLE, Account.VENDOR_RESERVE)

MARKETPLACE_FEES = (Account.COMMISSION, Account.FEE_TAX)
"""What the marketplace charges its vendors for a sale."""

STAGE_MOVES = ("fulfilled", "released", "reserved", "reserve_released")
"""Kinds of postings that move a vendor's money from one stage to the next: nobody has more or less by them."""


class UnbalancedError(ValueError):
    """A set of entries that does not sum to zero. Nothing is posted: this is a bug, never bad input."""


class Entry(msgspec.Struct, frozen=True):
    account: Account
    amount: int
    """Minor units of the posting's currency."""
    vendor_id: int | None = None


class Posting(msgspec.Struct, frozen=True):
    """Everything that should stand in the books under one key, to date."""

    key: str
    """Such as "order:450789469:line:466157049:sale"."""
    kind: str
    happened_at: datetime
    entries: tuple[Entry, ...]
    component: str = ""
    """The part of the order it belongs to: "line:466157049", "shipping:369256396"; empty for the order itself."""
    vendor_id: int | None = None
    """The one vendor who may see this posting; a posting never mixes two."""


Balance = dict[tuple[Account, int | None], int]


def add_entries(entries: Iterable[Entry]) -> Balance:
    """Sum by account and vendor; zeros are dropped."""
    sums: Balance = defaultdict(int)
    for entry in entries:
        sums[entry.account, entry.vendor_id] += entry.amount
    return {key: amount for key, amount in sums.items() if amount}


def balanced(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, summed by account and vendor, without zeros. Raises UnbalancedError when they do not sum to zero."""
    summed = tuple(Entry(account, amount, vendor) for (account, vendor), amount in add_entries(entries).items())
    if off := sum(entry.amount for entry in summed):
        raise UnbalancedError(f"entries are off by {off}: {summed}")
    return summed


def against(account: Account, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries and, on `account`, what balances them."""
    listed = tuple(entries)
    if len(listed) == 1:  # as nearly always
        [entry] = listed
        other = Entry(account, -entry.amount)
        return (entry, other) if entry.amount and (entry.account, entry.vendor_id) != (account, None) else ()
    sums: Balance = {}
    total = 0
    for entry in listed:
        owner = entry.account, entry.vendor_id
        sums[owner] = sums.get(owner, 0) + entry.amount
        total += entry.amount
    sums[account, None] = sums.get((account, None), 0) - total
    return tuple([Entry(on, amount, vendor) for (on, vendor), amount in sums.items() if amount])


def missing_entries(target: Iterable[Entry], booked: Iterable[Entry]) -> tuple[Entry, ...]:
    """What must still be posted so that `booked` becomes `target`. Empty when nothing is missing."""
    return balanced((*target, *(Entry(entry.account, -entry.amount, entry.vendor_id) for entry in booked)))


def source_key(key: str, times_posted: int) -> str:
    """The unique key of the next posting under `key`: a correction gets its number, so that each stands for itself."""
    return key if times_posted == 0 else f"{key}#{times_posted + 1}"
