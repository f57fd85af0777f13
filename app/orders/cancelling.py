"""Cancelled items on their way through Shopify: one refund, whatever is lost or killed on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped, system
from app.emails.service import queue_email
from app.models.cancellations import Cancellation, CancellationState
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.money import Money, parse_money
from app.orders import cancellations
from app.queue import enqueue
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

_SWEEP_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Refunded:
    number: int
    amount: Money
    """What the customer gets back, in what they paid in."""


def cancel_in_shopify(shop_id: int, number: int) -> None:
    """Have Shopify take the items off and return their price. Raises ShopifyError when trying later may help."""
    with scoped(shop_id) as session:
        wish, shop = session.get(Cancellation, number), session.get_one(Shop, shop_id)
        if wish is None or wish.state is not CancellationState.APPROVED:
            return
        wish.attempts += 1
        credentials, mark = ShopCredentials(shop.id, shop.domain), _mark(wish)
    try:
        refunded = _find_or_make(credentials, wish, mark)
    except ShopifyError as error:
        if not error.permanent:
            raise
        _fail(shop_id, number, error.message)
    else:
        _finish(shop_id, number, refunded)


def sweep() -> None:
    """Ring again for what was approved and not done: its ring was lost, or its last attempt failed for the moment."""
    old = clock.now() - _SWEEP_AFTER
    with system() as session:
        here = (Shop.id == Cancellation.shop_id) & (Shop.status == ShopStatus.INSTALLED)
        waiting = select(Cancellation.shop_id, Cancellation.id).join(Shop, here)
        due = or_(Cancellation.created_at < old, Cancellation.attempts == 0)
        found = waiting.where(Cancellation.state == CancellationState.APPROVED, due).order_by(Cancellation.id)
        rows = session.execute(found.limit(200)).all()
    for shop_id, number in rows:
        enqueue(cancellations.JOB, shop_id, number, queue="calls")


def _mark(wish: Cancellation) -> str:
    """What staff read beside the refund in Shopify, and by which it is found again."""
    return f"{cancellations.REASONS.get(wish.reason, wish.reason)} (Stallkeeper {wish.id})"


def _find_or_make(shop: ShopCredentials, wish: Cancellation, mark: str) -> _Refunded:
    """The refund of an attempt whose answer was lost is found by its note, not made twice."""
    order_gid = f"gid://shopify/Order/{wish.order_shopify_id}"
    lines = [
        {"lineItemId": f"gid://shopify/LineItem/{line_id}", "quantity": units, "restockType": "CANCEL"}
        for line_id, units in wish.quantities.items()
    ]
    made = graphql(shop, "orderRefunds", {"id": order_gid}) if wish.attempts > 1 else {}
    for refund in made.get("refunds", ()):
        if refund["note"] == mark:
            return _read(refund)
    order = graphql(shop, "orderToCancel", {"id": order_gid, "lines": lines})
    if not order:
        raise ShopifyError("It does not show this order: deleted, or older than 60 days.", permanent=True)
    suggested = order["suggestedRefund"]["suggestedTransactions"] if order["suggestedRefund"] else []
    refund_input = {
        "orderId": order_gid,
        "note": mark,
        # The customer gets our e-mail, which names the vendor; two would be one too many.
        "notify": False,
        "refundLineItems": lines,
        "currency": order["presentmentCurrencyCode"],
        "transactions": _transactions(order_gid, suggested),
    }
    # One key for all attempts of one decision: Shopify answers a key that it knows as it did the first time, and what
    # it refused then the merchant may have set right since.
    decided = int(wish.decided_at.timestamp()) if wish.decided_at else 0
    key = f"cancellation-{wish.shop_id}-{wish.id}-{decided}"
    answer = graphql(shop, "refundCreate", {"input": refund_input}, idempotency_key=key)
    return _read(answer["refund"])


def _transactions(order_gid: str, suggested: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Money goes back the way it came, as Shopify suggests; none where nothing was paid."""
    return [
        {
            "orderId": order_gid,
            "parentId": one["parentTransaction"]["id"],
            "gateway": one["gateway"],
            "kind": "REFUND",
            "amount": one["amountSet"]["presentmentMoney"]["amount"],
        }
        for one in suggested
        if one["parentTransaction"]
    ]


def _read(refund: Mapping[str, Any]) -> _Refunded:
    total = refund["totalRefundedSet"]["presentmentMoney"]
    return _Refunded(int(refund["id"].rpartition("/")[2]), parse_money(total["amount"], total["currencyCode"]))


def _finish(shop_id: int, number: int, refunded: _Refunded) -> None:
    with scoped(shop_id) as session:
        wish = session.get_one(Cancellation, number, with_for_update=True)
        if wish.state is not CancellationState.APPROVED:
            return
        wish.state, wish.refund_shopify_id, wish.error = CancellationState.DONE, refunded.number, None
        part = session.get_one(VendorOrder, wish.part_id)
        _tell_customer(session, wish, part, refunded.amount)
        if wish.decided_by is None:
            cancellations.tell_merchant(session, wish, part, "merchant_items_cancelled")


def _fail(shop_id: int, number: int, message: str) -> None:
    with scoped(shop_id) as session:
        wish = session.get_one(Cancellation, number, with_for_update=True)
        if wish.state is CancellationState.APPROVED:
            wish.state, wish.error = CancellationState.FAILED, message


def _tell_customer(session: Session, wish: Cancellation, part: VendorOrder, amount: Money) -> None:
    order = session.get_one(Order, part.order_id)
    if not order.customer_email:
        return
    context = {
        "customer_name": order.customer_name,
        "vendor_name": session.get_one(Vendor, wish.vendor_id).name,
        "order_name": order.name,
        "lines": cancellations.list_items(session, wish),
        "amount": amount or None,
    }
    key = f"customer_items_cancelled:{wish.id}"
    queue_email(
        session,
        wish.shop_id,
        "customer_items_cancelled",
        order.customer_email,
        context,
        locale=order.snapshot.get("customer_locale"),
        dedupe_key=key,
    )
