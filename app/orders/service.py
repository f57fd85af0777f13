"""Orders into the books. Whatever arrives is stored as the newest news; then the whole order is booked to date.

So it does not matter in which order Shopify's news arrive, how often, or which of them never do.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.commissions import queries as commissions
from app.commissions.service import ensure_default_rule
from app.events import publish
from app.ledger.service import book_order_to_date
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import Order, OrderLine, OrderRefund
from app.models.shops import Shop
from app.money import parse_money
from app.orders import facts
from app.orders.freeze import freeze_lines, order_terms
from app.orders.intake import Frozen, age_of, customer_name, is_live, read_order, read_refund, shop_rate
from app.orders.rules import Books, book_to_date
from app.orders.vendor_orders import update_vendor_orders
from app.shopify import payloads_orders as payloads

_ON_ITS_WAY: Final = frozenset({"in_transit", "out_for_delivery", "attempted_delivery", "delivered"})


def receive_order(session: Session, shop: Shop, body: payloads.Order, snapshot: dict[str, Any]) -> None:
    """Keep the order if it is newer than what we hold, then book. Duplicates and late news change nothing."""
    _lock(session, shop.id, body.id)
    order = find_order(session, shop.id, body.id)
    if order is None:
        ensure_default_rule(session, shop.id)
        order = _first_sight(session, shop, body, snapshot)
        publish(session, shop.id, "OrderCreated", order_id=order.id)
    elif age_of(body, snapshot) <= age_of(payloads.read_snapshot(payloads.Order, order.snapshot), order.snapshot):
        return
    _describe(order, body, snapshot)
    for refund in body.refunds:
        _keep_refund(session, shop.id, refund, next(raw for raw in snapshot["refunds"] if raw["id"] == refund.id))
    for parcel in body.fulfillments:
        _keep_parcel(session, shop.id, parcel)
    freeze_lines(session, shop, order, body)
    book_order(session, order)


def receive_refund(session: Session, shop: Shop, body: payloads.Refund, snapshot: dict[str, Any]) -> None:
    """Keep a refund, which may be known before its order is, and book what it changes."""
    _lock(session, shop.id, body.order_id)
    if _keep_refund(session, shop.id, body, snapshot) and (order := find_order(session, shop.id, body.order_id)):
        book_order(session, order)


def receive_fulfilment(session: Session, shop: Shop, body: payloads.Fulfillment) -> None:
    """Keep a parcel's newest state, and book what it releases."""
    _lock(session, shop.id, body.order_id)
    if _keep_parcel(session, shop.id, body) and (order := find_order(session, shop.id, body.order_id)):
        book_order(session, order)


def book_order(session: Session, order: Order) -> Books:
    """Post whatever the order's books lack as of now. The caller holds the order's lock."""
    known = read_facts(session, order)
    books = book_to_date(known, clock.now())
    book_order_to_date(session, order.shop_id, order.id, order.currency, books.postings)
    order.flags = list(books.flags)
    body = payloads.read_snapshot(payloads.Order, order.snapshot)
    update_vendor_orders(session, order, body, known, books)
    _assign_parcels(session, order, known)
    _announce(session, order, known)
    return books


def lock_order(session: Session, shop_id: int, shopify_id: int) -> Order | None:
    """The order, which nobody else books until this transaction ends; None when it has not been seen yet."""
    _lock(session, shop_id, shopify_id)
    return find_order(session, shop_id, shopify_id)


def release_due_holds(session: Session, shop_id: int, order_id: int) -> None:
    """Book an order again because a release date has passed."""
    order = lock_order(session, shop_id, session.get_one(Order, order_id).shopify_id)
    assert order is not None
    book_order(session, order)


def read_facts(session: Session, order: Order) -> facts.Order:
    """Everything known of the order: the snapshot, the refunds and parcels, and what was frozen."""
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
    of_order = (OrderRefund.shop_id == order.shop_id, OrderRefund.order_shopify_id == order.shopify_id)
    refunds = session.scalars(select(OrderRefund).where(*of_order)).all()
    body = payloads.read_snapshot(payloads.Order, order.snapshot)
    return read_order(
        body,
        {line.shopify_id: _thaw(line) for line in lines},
        facts.OrderTerms(
            shipping_to=facts.Recipient(order.terms["shipping_to"]),
            shipping_tax_to=facts.Recipient(order.terms["shipping_tax_to"]),
            shipping_share=facts.ShippingShare(order.terms["shipping_share"]),
        ),
        [
            read_refund(
                payloads.read_snapshot(payloads.Refund, refund.snapshot),
                order.currency,
                rate=shop_rate(body),
                keep_commission=refund.keep_commission,
                bearer=facts.RefundBearer(refund.bearer),
            )
            for refund in refunds
        ],
        [_read_parcel(parcel) for parcel in list_parcels(session, order) if parcel.shopify_id is not None],
    )


def list_parcels(session: Session, order: Order) -> list[Fulfilment]:
    """The order's parcels that Shopify knows and that were not cancelled."""
    query = select(Fulfilment).where(
        Fulfilment.shop_id == order.shop_id,
        Fulfilment.order_shopify_id == order.shopify_id,
        Fulfilment.state == FulfilmentState.CREATED,
    )
    return list(session.scalars(query.order_by(Fulfilment.fulfilled_at, Fulfilment.id)))


def find_order(session: Session, shop_id: int, shopify_id: int) -> Order | None:
    query = select(Order).where(Order.shop_id == shop_id, Order.shopify_id == shopify_id)
    # What was read before the lock may be old: read it again.
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(fresh).one_or_none()


def _lock(session: Session, shop_id: int, order_shopify_id: int) -> None:
    """One at a time per order. The row alone is no lock: a refund may come before there is one."""
    name = f"order:{shop_id}:{order_shopify_id}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def _first_sight(session: Session, shop: Shop, body: payloads.Order, snapshot: dict[str, Any]) -> Order:
    order = Order(
        shop_id=shop.id,
        shopify_id=body.id,
        name=body.name,
        currency=body.currency,
        ordered_at=body.processed_at or body.created_at,
        snapshot=snapshot,
        snapshot_updated_at=body.updated_at,
        terms=order_terms(commissions.get_settings(session, shop.id)),
        total_minor=0,
    )
    session.add(order)
    session.flush()
    return order


def _describe(order: Order, body: payloads.Order, snapshot: dict[str, Any]) -> None:
    order.snapshot, order.snapshot_updated_at = snapshot, body.updated_at
    order.name, order.test, order.cancelled_at = body.name, body.test, body.cancelled_at
    order.financial_status = body.financial_status or ""
    order.fulfillment_status = body.fulfillment_status or ""
    order.total_minor = parse_money(body.total_price_set.shop_money.amount, body.currency).minor
    order.customer_name, order.customer_email = customer_name(body), body.email


def _keep_refund(session: Session, shop_id: int, body: payloads.Refund, snapshot: Mapping[str, Any]) -> bool:
    """Store the refund, or what its transactions have become; False when nothing is new."""
    query = select(OrderRefund).where(OrderRefund.shop_id == shop_id, OrderRefund.shopify_id == body.id)
    kept = session.scalars(query).one_or_none()
    if kept is not None:
        held = payloads.read_snapshot(payloads.Refund, kept.snapshot)
        if _progress(body) <= _progress(held):
            return False
        kept.snapshot = dict(snapshot)
        return True
    settings = commissions.get_settings(session, shop_id)
    session.add(
        OrderRefund(
            shop_id=shop_id,
            order_shopify_id=body.order_id,
            shopify_id=body.id,
            refunded_at=body.processed_at or body.created_at,
            snapshot=dict(snapshot),
            keep_commission=settings.keep_commission,
            bearer=settings.refund_bearer,
        )
    )
    session.flush()
    return True


def _progress(refund: payloads.Refund) -> tuple[int, int]:
    """A refund only ever gains transactions, and they only ever succeed or fail once."""
    return (sum(t.status == "success" for t in refund.transactions), len(refund.transactions))


def _keep_parcel(session: Session, shop_id: int, body: payloads.Fulfillment) -> bool:
    """Store the parcel's newest state; False when nothing is new. The vendor is found when the order is."""
    query = select(Fulfilment).where(Fulfilment.shop_id == shop_id, Fulfilment.shopify_id == body.id)
    parcel = session.scalars(query).one_or_none()
    if parcel is None:
        parcel = _find_requested(session, shop_id, body) or Fulfilment(shop_id=shop_id, order_shopify_id=body.order_id)
        parcel.shopify_id, parcel.fulfilled_at = body.id, body.created_at
        session.add(parcel)
    elif parcel.shopify_updated_at and _parcel_age(body) <= _parcel_age(parcel):
        return False
    gone = parcel.state is FulfilmentState.CANCELLED or not is_live(body)
    parcel.state = FulfilmentState.CANCELLED if gone else FulfilmentState.CREATED
    parcel.quantities = {str(line.id): line.quantity for line in body.line_items}
    parcel.carrier = body.tracking_company or ""
    parcel.tracking_number = body.tracking_number or ""
    parcel.tracking_url = body.tracking_url or ""
    parcel.shipment_status = body.shipment_status or ""
    parcel.shopify_updated_at = body.updated_at
    session.flush()
    return True


def _find_requested(session: Session, shop_id: int, body: payloads.Fulfillment) -> Fulfilment | None:
    """The parcel a vendor asked for, when this news overtook the answer to our own request."""
    asked = select(Fulfilment).where(
        Fulfilment.shop_id == shop_id,
        Fulfilment.order_shopify_id == body.order_id,
        Fulfilment.state == FulfilmentState.REQUESTED,
        Fulfilment.tracking_number == (body.tracking_number or ""),
        Fulfilment.quantities == {str(line.id): line.quantity for line in body.line_items},
    )
    return session.scalars(asked.order_by(Fulfilment.id)).first()


def _parcel_age(news: Fulfilment | payloads.Fulfillment) -> tuple[Any, ...]:
    """Total, as for orders: two states of the same second must not depend on which came first."""
    if isinstance(news, Fulfilment):
        gone = news.state is FulfilmentState.CANCELLED
        return (news.shopify_updated_at, gone, news.shipment_status, news.tracking_number, news.tracking_url)
    status, number, url = news.shipment_status or "", news.tracking_number or "", news.tracking_url or ""
    return (news.updated_at, not is_live(news), status, number, url)


def _assign_parcels(session: Session, order: Order, known: facts.Order) -> None:
    """A parcel with one vendor's goods only is that vendor's."""
    owners = {line.id: line.terms.vendor_id for line in known.lines}
    for parcel in list_parcels(session, order):
        if parcel.vendor_id is None:
            inside = {owners.get(int(line_id)) for line_id in parcel.quantities}
            parcel.vendor_id = inside.pop() if len(inside) == 1 else None


def _read_parcel(parcel: Fulfilment) -> facts.Fulfilment:
    assert parcel.shopify_id is not None
    quantities = {int(line_id): int(units) for line_id, units in parcel.quantities.items()}
    return facts.Fulfilment(id=parcel.shopify_id, at=parcel.fulfilled_at, quantities=quantities)


def _thaw(line: OrderLine) -> Frozen:
    terms = facts.LineTerms(
        vendor_id=line.vendor_id,
        rule=commissions.thaw_rule(line.rule) if line.rule else None,
        fee_tax_bps=line.fee_tax_bps,
        tax_to=facts.Recipient(line.tax_to),
        hold_days=line.hold_days,
    )
    return Frozen(terms, line.discount_bearers)


def _announce(session: Session, order: Order, known: facts.Order) -> None:
    """Tell the rest of the program what is new, once each."""
    now = clock.now()
    if known.payment is not facts.Payment.NOTHING and order.paid_seen_at is None:
        order.paid_seen_at = now
        publish(session, order.shop_id, "PaymentReceived", order_id=order.id)
    if order.cancelled_at and order.cancelled_seen_at is None:
        order.cancelled_seen_at = now
        publish(session, order.shop_id, "OrderCancelled", order_id=order.id)
    refunds = select(OrderRefund).where(
        OrderRefund.shop_id == order.shop_id,
        OrderRefund.order_shopify_id == order.shopify_id,
        OrderRefund.announced_at.is_(None),
    )
    for refund in session.scalars(refunds).all():
        refund.announced_at = now
        publish(session, order.shop_id, "RefundProcessed", order_id=order.id, refund_id=refund.id)
    for parcel in list_parcels(session, order):
        _announce_parcel(session, order, parcel)


def _announce_parcel(session: Session, order: Order, parcel: Fulfilment) -> None:
    """Handed over, on its way, arrived: each once, also when the carrier leaves one out."""
    now, ids = clock.now(), {"order_id": order.id, "fulfilment_id": parcel.id}
    if parcel.announced_at is None:
        parcel.announced_at = now
        publish(session, order.shop_id, "OrderFulfilled", **ids)
    if parcel.shipped_seen_at is None and parcel.shipment_status in _ON_ITS_WAY:
        parcel.shipped_seen_at = now
        publish(session, order.shop_id, "OrderShipped", **ids)
    if parcel.delivered_seen_at is None and parcel.shipment_status == "delivered":
        parcel.delivered_seen_at = now
        publish(session, order.shop_id, "OrderDelivered", **ids)
