"""Of two messages about the same thing the newer is kept, whichever came first. No statement is sent from here."""

import json
from decimal import Decimal
from typing import Any, Final

import msgspec

from app.commissions.agreements import Agreed
from app.models.fulfilments import FulfilmentState
from app.money import parse_money
from app.orders.additions import Additions, with_read, with_told
from app.orders.bank_news import keep_dispute, keep_payment
from app.orders.frozen_terms import order_terms, return_terms
from app.orders.held import Held, OrderRow, ParcelRow, RefundRow
from app.orders.intake import customer_name, is_live
from app.shopify import payloads_orders as payloads

Body = (
    payloads.Order
    | payloads.OrderEdit
    | payloads.Refund
    | payloads.Fulfillment
    | payloads.OrderTransaction
    | payloads.Dispute
)
_RANKS: Final = (
    "pending",
    "authorized",
    "expired",
    "voided",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
)


class _Refunds(msgspec.Struct):
    refunds: list[msgspec.Raw]


def keep_news(one: Held, agreed: Agreed, body: Body, raw: bytes) -> None:
    """Keep what the message says of its order, unless we hold something newer."""
    match body:
        case payloads.Order():
            order = _keep_order(one, agreed, body, raw)
            _keep_additions(one, order, with_read(order.additions, body))
        case payloads.OrderEdit():
            # Of an order that was never seen: the comparison with Shopify brings both.
            if one.order is not None:
                _keep_additions(one, one.order, with_told(one.order.additions, body))
        case payloads.Refund():
            _keep_refund(one, agreed, body, raw)
        case payloads.Fulfillment():
            _keep_parcel(one, body)
        case payloads.OrderTransaction():
            keep_payment(one, body)
        case payloads.Dispute():
            keep_dispute(one, agreed, body)


def _keep_order(one: Held, agreed: Agreed, body: payloads.Order, raw: bytes) -> OrderRow:
    if one.order is None or one.body is None:
        one.order = OrderRow(
            shopify_id=body.id,
            name=body.name,
            currency=body.currency,
            ordered_at=body.processed_at or body.created_at,
            snapshot=msgspec.Raw(raw),
            snapshot_updated_at=body.updated_at,
            terms=order_terms(agreed),
        )
    elif not _is_newer(body, raw, one.body, one.order.snapshot):
        return one.order
    _describe(one.order, body, raw)
    one.body, one.changed = body, True
    if body.refunds:
        for refund, part in zip(body.refunds, msgspec.json.decode(raw, type=_Refunds).refunds, strict=True):
            _keep_refund(one, agreed, refund, bytes(part))
    for parcel in body.fulfillments:
        _keep_parcel(one, parcel)
    return one.order


def _keep_additions(one: Held, order: OrderRow, known: Additions) -> None:
    if known is not order.additions:
        order.additions, one.changed = known, True


def _describe(order: OrderRow, body: payloads.Order, raw: bytes) -> None:
    order.snapshot, order.snapshot_updated_at = msgspec.Raw(raw), body.updated_at
    order.name, order.test, order.cancelled_at = body.name, body.test, body.cancelled_at
    order.financial_status = body.financial_status or ""
    order.fulfillment_status = body.fulfillment_status or ""
    order.total_minor = parse_money(body.total_price_set.shop_money.amount, body.currency).minor
    order.customer_name, order.customer_email = customer_name(body), body.email
    order.shopify_customer_id = body.customer.id if body.customer else None


def _is_newer(body: payloads.Order, raw: bytes, held: payloads.Order, held_raw: msgspec.Raw) -> bool:
    """Total, so that it does not matter which came first.

    Several webhooks may carry the same second but not the same state: then the one that knows more is newer. What we
    asked Shopify for when that second was over is the last state of it, also where it seems to know less.
    """
    mine, theirs = _age_of(body), _age_of(held)
    return mine > theirs if mine != theirs else _in_full(raw) > _in_full(held_raw)


def _age_of(order: payloads.Order) -> tuple[Any, ...]:
    """Within a second: what can only become more, then what is outstanding, which may become more with it."""
    return (
        order.updated_at,
        order.app_read_afterwards,
        order.cancelled_at is not None,
        sum(len(refund.transactions) + 1 for refund in order.refunds),
        len(order.fulfillments),
        len(order.line_items) + len(order.shipping_lines),
        sum(item.quantity for item in order.line_items),
        -sum(item.quantity if item.current_quantity is None else item.current_quantity for item in order.line_items),
        -Decimal(order.total_outstanding or "0"),
        _RANKS.index(order.financial_status) if order.financial_status in _RANKS else -1,
    )


def _in_full(snapshot: bytes | msgspec.Raw) -> str:
    return json.dumps(json.loads(bytes(snapshot)), sort_keys=True)


def _keep_refund(one: Held, agreed: Agreed, body: payloads.Refund, raw: bytes) -> None:
    """Store the refund, or what its transactions have become."""
    kept = one.refunds.get(body.id)
    if kept is None:
        one.refunds[body.id] = RefundRow(
            order_shopify_id=body.order_id,
            shopify_id=body.id,
            refunded_at=body.processed_at or body.created_at,
            snapshot=msgspec.Raw(raw),
            keep_commission=agreed.shared.keep_commission,
            bearer=agreed.shared.refund_bearer,
            terms=return_terms(agreed),
        )
    elif _progress(body) > _progress(kept.body):
        kept.snapshot = msgspec.Raw(raw)
    else:
        return
    one.changed = True


def _progress(refund: payloads.Refund) -> tuple[int, int]:
    """A refund only ever gains transactions, and they only ever succeed or fail once."""
    return (sum(t.status == "success" for t in refund.transactions), len(refund.transactions))


def _keep_parcel(one: Held, body: payloads.Fulfillment) -> None:
    """Store the parcel's newest state. The vendor is found when the order is."""
    quantities = {str(line.id): line.quantity for line in body.line_items}
    parcel = next((parcel for parcel in one.parcels if parcel.shopify_id == body.id), None)
    if parcel is None:
        parcel = _find_requested(one, body, quantities)
        if parcel is None:
            parcel = ParcelRow(order_shopify_id=body.order_id, fulfilled_at=body.created_at)
            one.parcels.append(parcel)
        parcel.shopify_id, parcel.fulfilled_at = body.id, body.created_at
    elif parcel.shopify_updated_at and _age_of_news(body) <= _age_of_parcel(parcel):
        return
    gone = parcel.state is FulfilmentState.CANCELLED or not is_live(body)
    parcel.state = FulfilmentState.CANCELLED if gone else FulfilmentState.CREATED
    parcel.quantities = quantities
    parcel.carrier, parcel.shipment_status = body.tracking_company or "", body.shipment_status or ""
    parcel.tracking_number, parcel.tracking_url = body.tracking_number or "", body.tracking_url or ""
    parcel.shopify_updated_at = body.updated_at
    one.changed = True


def _find_requested(one: Held, body: payloads.Fulfillment, quantities: dict[str, int]) -> ParcelRow | None:
    """The parcel a vendor asked for, when this news overtook the answer to our own request."""
    for parcel in one.parcels:
        asked = parcel.state is FulfilmentState.REQUESTED and parcel.shopify_id is None
        if asked and parcel.tracking_number == (body.tracking_number or "") and parcel.quantities == quantities:
            return parcel
    return None


def _age_of_parcel(parcel: ParcelRow) -> tuple[Any, ...]:
    """Total, as for orders: two states of the same second must not depend on which came first."""
    gone = parcel.state is FulfilmentState.CANCELLED
    return (parcel.shopify_updated_at, gone, parcel.shipment_status, parcel.tracking_number, parcel.tracking_url)


def _age_of_news(news: payloads.Fulfillment) -> tuple[Any, ...]:
    status, number, url = news.shipment_status or "", news.tracking_number or "", news.tracking_url or ""
    return (news.updated_at, not is_live(news), status, number, url)
