"""Making notices of events, and keeping who has read them. A subscriber of the outbox: once for each event.

A draft may be deleted before its turn comes: then there is nothing to tell.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.emails.choices import find_choice
from app.live.channels import announce
from app.models.customer_questions import Question
from app.models.events import DomainEvent
from app.models.messages import OrderMessage, OrderThread
from app.models.notices import Notice, NoticeChoice, NoticeRead
from app.models.orders import Order, OrderLine, OrderRefund, OrderReturn, VendorOrder
from app.models.payouts import Payout
from app.models.products import Product
from app.models.vendors import Vendor
from app.notices.queries import unread
from app.notices.rules import SHOP_WORDS, TOPIC_OF, VENDOR_WORDS
from app.orders.notifications import has_sold

KEPT: Final = timedelta(days=90)


class _Draft(NamedTuple):
    vendor_id: int | None
    about: str
    place: str
    amount_minor: int | None = None
    currency: str | None = None


def write(session: Session, event: DomainEvent) -> None:
    """A notice for each who should read of the event and has not chosen otherwise. A second time changes nothing."""
    topic = TOPIC_OF[event.kind]
    for draft in _drafts(session, event):
        choice = find_choice(session, event.shop_id, topic, draft.vendor_id)
        if choice is not None and not choice.in_app:
            continue
        row = insert(Notice).values(
            shop_id=event.shop_id,
            event_id=event.id,
            topic=topic,
            kind=event.kind,
            at=event.occurred_at,
            **draft._asdict(),
        )
        made = session.scalar(row.on_conflict_do_nothing().returning(Notice.id))
        if made is not None:
            announce(session, event.shop_id, "NoticeWritten", draft.vendor_id)


def mark_read(session: Session, shop_id: int, vendor_id: int | None, reader: str, notice_ids: Iterable[int]) -> None:
    """By one reader; a second time changes nothing."""
    now = clock.now()
    rows = [
        {"notice_id": number, "reader": reader, "shop_id": shop_id, "vendor_id": vendor_id, "at": now}
        for number in notice_ids
    ]
    if rows:
        session.execute(insert(NoticeRead).values(rows).on_conflict_do_nothing())


def mark_all_read(session: Session, shop_id: int, vendor_id: int | None, reader: str, topics: Iterable[str]) -> None:
    """Everything of these topics that was written up to now."""
    numbers = session.scalars(select(Notice.id).where(*unread(shop_id, vendor_id, reader, topics))).all()
    mark_read(session, shop_id, vendor_id, reader, numbers)


def choose(
    session: Session, shop_id: int, vendor_id: int | None, wanted: dict[str, tuple[bool, bool]], *, actor: str
) -> bool:
    """Keep what is wanted of each topic, (by e-mail, in the app). Returns whether anything changed."""
    changes: dict[str, list[object]] = {}
    for topic, (by_email, in_app) in wanted.items():
        held = find_choice(session, shop_id, topic, vendor_id)
        before = (held.by_email, held.in_app) if held else (True, True)
        if before == (by_email, in_app):
            continue
        if held is None:
            held = NoticeChoice(shop_id=shop_id, vendor_id=vendor_id, topic=topic)
            session.add(held)
        held.by_email, held.in_app = by_email, in_app
        changes[topic] = [_in_words(before), _in_words((by_email, in_app))]
    if changes:
        subject = ("vendor", vendor_id) if vendor_id else ("shop", shop_id)
        audit.record(session, shop_id, "notices.choose", subject, actor=actor, vendor_id=vendor_id, changes=changes)
    return bool(changes)


def forget_old(session: Session) -> int:
    """Remove what is older than three months. Returns how many. The session must see every shop."""
    old = delete(Notice).where(Notice.at < clock.now() - KEPT)
    return len(session.execute(old.returning(Notice.id)).all())


def _in_words(choice: tuple[bool, bool]) -> str:
    chosen = [word for word, is_on in zip(("e-mail", "in the app"), choice, strict=True) if is_on]
    return " and ".join(chosen) or "nothing"


def _drafts(session: Session, event: DomainEvent) -> Iterator[_Draft]:
    subject = event.subject
    if "payout_id" in subject:
        yield from _of_payout(session, event)
    elif "order_id" in subject:
        yield from _of_order(session, event)
    elif "product_id" in subject:
        product = session.get(Product, subject["product_id"])
        if product is not None and event.kind in VENDOR_WORDS:
            yield _Draft(product.vendor_id, product.title, f"/portal/products/{product.id}")
        if product is not None and event.kind in SHOP_WORDS:
            yield _Draft(None, product.title, f"/app/review/{product.id}")
    elif "question_id" in subject or "message_id" in subject:
        yield from _of_customer(session, event)
    elif event.vendor_id is not None:
        vendor = session.get_one(Vendor, event.vendor_id)
        yield _Draft(None, vendor.name, f"/app/vendors/{vendor.id}")


def _of_order(session: Session, event: DomainEvent) -> Iterator[_Draft]:
    order = session.get_one(Order, event.subject["order_id"])
    if event.kind == "OrderEdited" and (order.paid_seen_at is None or event.occurred_at <= order.paid_seen_at):
        return  # nothing is to be sent yet: the payment tells of the order as it is then
    parts = select(VendorOrder).where(VendorOrder.order_id == order.id)
    if event.vendor_id is not None:
        parts = parts.where(VendorOrder.vendor_id == event.vendor_id)
    if (edited := event.subject.get("vendor_ids")) is not None:
        parts = parts.where(VendorOrder.vendor_id.in_(edited))
    if refund_id := event.subject.get("refund_id"):
        refund = session.get_one(OrderRefund, refund_id).snapshot
        if not any(transaction["kind"] == "refund" for transaction in refund.get("transactions", [])):
            return  # units that an edit or a cancellation took off: no money was given back
        numbers = [line["line_item_id"] for line in refund.get("refund_line_items", [])]
        # A refund that names no lines concerns everybody who sold.
        whose = select(OrderLine.vendor_id).where(OrderLine.order_id == order.id, OrderLine.shopify_id.in_(numbers))
        parts = parts.where(VendorOrder.vendor_id.in_(whose)) if numbers else parts
    if return_id := event.subject.get("return_id"):
        coming = [line["line"] for line in session.get_one(OrderReturn, return_id).lines]
        whose = select(OrderLine.vendor_id).where(OrderLine.order_id == order.id, OrderLine.shopify_id.in_(coming))
        parts = parts.where(VendorOrder.vendor_id.in_(whose))
    for part in session.scalars(parts) if event.kind in VENDOR_WORDS else ():
        if event.kind == "PaymentReceived" and not has_sold(session, part):
            continue
        yield _Draft(part.vendor_id, order.name, f"/portal/orders/{part.id}")
    if event.kind in SHOP_WORDS:
        place = "/app/pickups" if "pickup_id" in event.subject else f"/app/orders/{order.id}"
        yield _Draft(None, order.name, place)


def _of_customer(session: Session, event: DomainEvent) -> Iterator[_Draft]:
    """What a customer asked or wrote. Their words are not repeated here, so there is nothing to forget with them."""
    if number := event.subject.get("question_id"):
        question = session.get(Question, number)
        if question is not None:
            product = session.get(Product, question.product_id) if question.product_id else None
            about = product.title if product else session.get_one(Vendor, question.vendor_id).name
            yield _Draft(question.vendor_id, about, f"/portal/customer-questions#question-{question.id}")
        return
    part = (
        select(VendorOrder)
        .join(OrderThread, OrderThread.part_id == VendorOrder.id)
        .join(OrderMessage, OrderMessage.thread_id == OrderThread.id)
    )
    for found in session.scalars(part.where(OrderMessage.id == event.subject["message_id"])):
        yield _Draft(found.vendor_id, found.name, f"/portal/orders/{found.id}/messages")


def _of_payout(session: Session, event: DomainEvent) -> Iterator[_Draft]:
    payout = session.get_one(Payout, event.subject["payout_id"])
    amount = payout.amount
    # The words are what a search finds, and what a release shows that does not know amounts.
    yield _Draft(payout.vendor_id, str(amount), f"/portal/money/payouts/{payout.id}", amount.minor, amount.currency)
    if event.kind in SHOP_WORDS:
        vendor, place = session.get_one(Vendor, payout.vendor_id), f"/app/payouts/{payout.batch_id}/payouts/{payout.id}"
        yield _Draft(None, vendor.name, place, amount.minor, amount.currency)
