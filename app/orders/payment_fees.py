"""Asking Shopify what the payment provider kept. No webhook says it, and only Shopify Payments tells Shopify.

Asked only of orders in which a vendor bears a part of it: the fee of every other order concerns nobody here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped, system
from app.models.events import DomainEvent
from app.models.orders import Order, OrderPayment
from app.models.shops import Shop, ShopStatus
from app.money import to_minor
from app.orders.service import book_order, lock_order
from app.queue import enqueue, enqueue_after_commit
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of

_TOLD_BY: Final = "shopify_payments"
_CHARGES: Final = frozenset({"SALE", "CAPTURE"})
_GIVE_UP: Final = timedelta(days=7)
"""A charge without fees by then has none."""
_AT_ONCE: Final = 200


def read_when_paid(session: Session, event: DomainEvent) -> None:
    """Ask soon, when a vendor of the order bears payment fees."""
    order = session.get_one(Order, event.subject["order_id"])
    if order.terms.get("reads_fees"):
        enqueue_after_commit(session, "jobs.fees.read_fees", order.shop_id, order.id, queue="catalogue")


def read_fees(shop_id: int, order_id: int) -> None:
    """Ask for an order's fees and book them. Raises ShopifyError. Asking twice changes nothing."""
    with scoped(shop_id) as session:
        shop, order = session.get_one(Shop, shop_id), session.get_one(Order, order_id)
        if shop.status is not ShopStatus.INSTALLED or order.fees_read_at is not None:
            return
        credentials, number = ShopCredentials(shop.id, shop.domain), order.shopify_id
    found = graphql(credentials, "orderPaymentFees", {"id": f"gid://shopify/Order/{number}"})
    if not found:
        return
    with scoped(shop_id) as session:
        locked = lock_order(session, shop_id, number)
        assert locked is not None
        waiting = [each for each in found["transactions"] if not _keep(session, locked, each)]
        if not waiting or (locked.paid_seen_at or clock.now()) < clock.now() - _GIVE_UP:
            locked.fees_read_at = clock.now()
        session.flush()
        book_order(session, locked)


def sweep() -> int:
    """Ring for orders whose fees nobody has asked for, or that had none yet. Returns how many."""
    with system() as session:
        unread = (
            select(Order.shop_id, Order.id)
            .where(Order.fees_read_at.is_(None), Order.terms.has_key("reads_fees"), Order.paid_seen_at.is_not(None))
            .order_by(Order.paid_seen_at)
            .limit(_AT_ONCE)
        )
        orders = session.execute(unread).all()
    for shop_id, order_id in orders:
        enqueue("jobs.fees.read_fees", shop_id, order_id, queue="catalogue")
    return len(orders)


def _keep(session: Session, order: Order, told: Mapping[str, Any]) -> bool:
    """Store the transaction with its fee; False when its fee should still come."""
    if told["status"] != "SUCCESS" or told["kind"] not in _CHARGES:
        return True
    number = number_of(told["id"])
    query = select(OrderPayment).where(OrderPayment.shop_id == order.shop_id, OrderPayment.shopify_id == number)
    payment = session.scalars(query).one_or_none() or _add(session, order, number, told)
    fees = [part for fee in told["fees"] for part in (fee["amount"], fee["taxAmount"])]
    # A fee in another currency than the order's cannot be added to its books.
    if fees and all(part["currencyCode"] == order.currency for part in fees):
        payment.fee_minor = sum(to_minor(Decimal(part["amount"]), order.currency) for part in fees)
    return bool(fees) or payment.gateway != _TOLD_BY


def _add(session: Session, order: Order, number: int, told: Mapping[str, Any]) -> OrderPayment:
    """A transaction whose webhook has not come."""
    charged = told["amountSet"]["presentmentMoney"]
    payment = OrderPayment(
        shop_id=order.shop_id,
        order_shopify_id=order.shopify_id,
        shopify_id=number,
        processed_at=datetime.fromisoformat(told["processedAt"] or told["createdAt"]),
        kind=told["kind"].lower(),
        status=told["status"].lower(),
        gateway=told["gateway"] or "",
        amount=charged["amount"],
        currency=charged["currencyCode"],
    )
    session.add(payment)
    return payment
