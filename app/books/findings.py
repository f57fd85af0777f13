"""What the looks at the books found, as differences with their cause and the vendors they concern."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.books.rules import Booked, Found, Statement, compare_order
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, VendorOrder
from app.models.payouts import Payout
from app.models.shops import Shop
from app.money import Money, parse_money
from app.orders.intake import outstanding_within
from app.payouts.checks import Finding, check_totals
from app.reconciliation.differences import order_differs
from app.shopify import payloads_orders as payloads
from app.shopify.webhook_bodies import number_of

TOTALS: Final = ("posting:", "payout:", "balance:", "closing:", "days:")
"""Names of everything that the totals may find."""
_RECEIVED: Final = (Account.CUSTOMER_RECEIPTS, Account.CASH_ROUNDING)
_OF_ORDER: Final = ("flags", "unknown", "orders")
_KEYS: Final = {"balances": "balance", "closings": "closing"}
_CAUSES: Final = {
    "flags": "Shopify's own figures do not fit together, or a refund names other goods than the money it returned."
    " This order's money is on hold; a person has to look.",
    "unknown": "It was deleted there, or made up by somebody who knows the app's secret. This order's money is on hold;"
    " a person has to look.",
    "orders": "A booking is missing, or was changed past the program. Reading the order again books what is missing.",
    "postings": "Somebody or something wrote to the ledger past the program: the database refuses such a booking."
    " It takes a person with access to the database to say what happened.",
    "payouts": "A payout was interrupted, or its rows were changed past the program.",
    "closings": "Sums that are kept to show balances fast were changed past the program. They have been made anew from"
    " the entries; the next proof looks whether they hold.",
    "days": "An event of an order was never counted, or the figures were changed past the program. These days are"
    " counted anew; the next proof looks whether that helped. No money depends on them.",
    "balances": "An entry was claimed by a payout and not booked as claimed, or the other way round.",
}


def keys_of(order: Order) -> list[str]:
    """Everything that a look at one order's bookings may find."""
    return [f"{check}:order:{order.id}" for check in _OF_ORDER]


def of_orders(session: Session, checked: Mapping[Order, Sequence[Finding]]) -> list[Found]:
    """One difference for an order and a kind of finding, however many sentences."""
    wrong = {order: found for order, found in checked.items() if found}
    vendors = _vendors_of(session, [order.id for order in wrong])
    return [
        Found(
            key=f"{check}:order:{order.id}",
            words=" ".join(_without_name(finding.words, order) for finding in of_check),
            cause=_CAUSES[check],
            order_id=order.id,
            order_number=order.shopify_id,
            order_name=order.name,
            # A flagged order's own money is on hold already; what its vendors earned elsewhere is not in doubt.
            vendor_ids=vendors.get(order.id, frozenset()) if check == "orders" else frozenset(),
        )
        for order, found in wrong.items()
        for check in _OF_ORDER
        if (of_check := [finding for finding in found if finding.check == check])
    ]


def _without_name(words: str, order: Order) -> str:
    rest = words.removeprefix(f"Order {order.name}: ")
    return rest[:1].upper() + rest[1:]


def of_statements(session: Session, shop_id: int, said: Sequence[tuple[Mapping[str, Any], Statement]]) -> list[Found]:
    """Orders as Shopify lists them against the books."""
    query = select(Order).where(Order.shop_id == shop_id, Order.shopify_id.in_([one.number for _, one in said]))
    orders = {order.shopify_id: order for order in session.scalars(query)}
    ids = [order.id for order in orders.values()]
    net, vendors = _net_paid(session, ids), _vendors_of(session, ids)
    compared = []
    for node, one in said:
        order = orders.get(one.number)
        booked = None
        if order is not None:
            booked = Booked(
                order_id=order.id,
                is_older=order_differs(order, node),
                net_paid=Money(net.get(order.id, 0), order.currency),
                vendor_ids=vendors.get(order.id, frozenset()),
                within=credit_within(order),
            )
        compared.append(compare_order(one, booked))
    return [found for found in compared if found is not None]


def of_totals(session: Session, shop: Shop) -> list[Found]:
    """Bookings that do not sum to zero, payouts that are not their entries, balances that are not what is unpaid."""
    found: dict[str, Found] = {}
    for finding in check_totals(session, shop):
        one = _of_total(session, finding)
        before = found.get(one.key)
        found[one.key] = replace(one, words=f"{before.words} {one.words}") if before else one
    return list(found.values())


def of_days(wrong: Sequence[date]) -> list[Found]:
    """One difference for all days whose figures are not what their orders say."""
    if not wrong:
        return []
    named = ", ".join(day.isoformat() for day in wrong)
    return [Found(key="days:ordered", words=f"The daily figures of orders are wrong: {named}.", cause=_CAUSES["days"])]


def read_statement(node: Mapping[str, Any]) -> Statement:
    """Of a node of `ordersChanged` or `orderChanged`."""
    paid = node["netPaymentSet"]["shopMoney"]
    converted = node["presentmentCurrencyCode"] != paid["currencyCode"]
    return Statement(
        number=number_of(node["id"]),
        name=node["name"],
        updated_at=datetime.fromisoformat(node["updatedAt"]),
        net_paid=parse_money(paid["amount"], paid["currencyCode"]),
        returns_in_other_currency=len(node["refunds"]) if converted else 0,
    )


def credit_within(order: Order) -> int:
    """By how much the customer's credit, and so what was paid, may be off in the books, in minor units."""
    if Decimal(order.snapshot.get("total_outstanding") or 0) >= 0:
        return 0
    return outstanding_within(msgspec.convert(order.snapshot, payloads.Order))


def _of_total(session: Session, finding: Finding) -> Found:
    if finding.transaction_id is not None:
        row = session.get_one(LedgerTransaction, finding.transaction_id)
        order = session.get(Order, row.order_id) if row.order_id else None
        vendors = _vendors_of(session, [row.order_id]).get(row.order_id, frozenset()) if row.order_id else frozenset()
        return Found(
            key=f"posting:{row.id}",
            words=finding.words,
            cause=_CAUSES[finding.check],
            order_id=row.order_id,
            order_number=order.shopify_id if order else None,
            order_name=order.name if order else "",
            payout_id=row.payout_id,
            vendor_ids=vendors | ({row.vendor_id} if row.vendor_id else frozenset()),
        )
    vendor_id = finding.vendor_id
    if finding.payout_id is not None:
        vendor_id = session.get_one(Payout, finding.payout_id).vendor_id
    return Found(
        key=f"payout:{finding.payout_id}" if finding.payout_id else f"{_KEYS[finding.check]}:{finding.vendor_id}",
        words=finding.words,
        cause=_CAUSES[finding.check],
        payout_id=finding.payout_id,
        vendor_ids=frozenset({vendor_id} if vendor_id else ()),
    )


def _net_paid(session: Session, order_ids: Iterable[int]) -> dict[int, int]:
    """What customers paid less what went back, as it is booked. Shopify's figure is before coins are rounded."""
    query = (
        select(LedgerTransaction.order_id, func.sum(LedgerEntry.amount_minor))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.order_id.in_(order_ids), LedgerEntry.account.in_(_RECEIVED))
        .group_by(LedgerTransaction.order_id)
    )
    return {order_id: -int(amount) for order_id, amount in session.execute(query) if order_id is not None}


def _vendors_of(session: Session, order_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    query = select(VendorOrder.order_id, VendorOrder.vendor_id).where(VendorOrder.order_id.in_(order_ids))
    found: dict[int, frozenset[int]] = {}
    for order_id, vendor_id in session.execute(query):
        found[order_id] = found.get(order_id, frozenset()) | {vendor_id}
    return found
