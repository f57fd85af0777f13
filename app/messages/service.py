"""Conversations about orders: the vendor writes in the portal, the customer by e-mail or on a page of their own.

Both sides are told by the outbox. The customer's address is known to the shop alone: it is looked up where the e-mail
is written, never where a vendor reads.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.config import get_config
from app.db import system
from app.emails.service import queue_email
from app.errors import NotFound, ValidationErrors
from app.events import publish
from app.languages import _
from app.live.channels import announce
from app.messages.rules import MOST_CHARACTERS, PER_HOUR, address_of
from app.models.emails import Email
from app.models.events import DomainEvent
from app.models.messages import Author, OrderMessage, OrderThread
from app.models.orders import Order, VendorOrder
from app.models.vendors import Vendor

KEPT: Final = timedelta(days=365)
"""After the last message of a conversation; then it is removed."""
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"


def write_to_customer(session: Session, part: VendorOrder, body: str, *, actor: str) -> OrderMessage:
    """The vendor's message; the customer gets an e-mail. Raises ValidationErrors."""
    # Two first messages at once are one conversation, and each counts against the limit of the hour.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"thread:{part.id}", 0))))
    thread = find_thread(session, part.id) or _begin(session, part)
    message = add(session, thread, Author.VENDOR, body)
    thread.unread = 0
    subject = ("vendor_order", part.id)
    audit.record(session, part.shop_id, "order.message", subject, actor=actor, vendor_id=part.vendor_id)
    return message


def add(session: Session, thread: OrderThread, author: Author, body: str, *, note: str = "") -> OrderMessage:
    """Put a message to the conversation and have the other side told. Raises ValidationErrors."""
    words = body.strip()
    if not words:
        raise ValidationErrors({"body": _("Write something first.")})
    if len(words) > MOST_CHARACTERS:
        raise ValidationErrors({"body": _("Use at most %(count)s characters.", count=f"{MOST_CHARACTERS:,}")})
    if count_lately(session, thread.id, author) >= PER_HOUR:
        raise ValidationErrors(
            {"body": _("That is more than %(count)s messages in an hour. Wait a little.", count=PER_HOUR)}
        )
    message = OrderMessage(
        shop_id=thread.shop_id, vendor_id=thread.vendor_id, thread_id=thread.id, author=author, body=words, note=note
    )
    session.add(message)
    thread.last_at = clock.now()
    if author is Author.CUSTOMER:
        thread.unread += 1
    session.flush()
    announce(session, thread.shop_id, "OrderMessage", thread.vendor_id)
    publish(
        session,
        thread.shop_id,
        "OrderMessageSent" if author is Author.VENDOR else "OrderMessageReceived",
        vendor_id=thread.vendor_id,
        message_id=message.id,
    )
    return message


def find_thread(session: Session, part_id: int) -> OrderThread | None:
    return session.scalars(select(OrderThread).where(OrderThread.part_id == part_id)).one_or_none()


def get_by_token(session: Session, token: str) -> OrderThread:
    """The session is the system's: only the token says whose it is. Raises NotFound."""
    found = session.scalars(select(OrderThread).where(OrderThread.token == token)).one_or_none()
    if found is None:
        raise NotFound(_("This conversation is over, or the link is incomplete."))
    return found


def list_messages(session: Session, thread: OrderThread | None) -> Sequence[OrderMessage]:
    """Oldest first, at most the newest 200."""
    if thread is None:
        return ()
    newest = select(OrderMessage).where(OrderMessage.thread_id == thread.id).order_by(OrderMessage.id.desc())
    return session.scalars(newest.limit(200)).all()[::-1]


def mark_read(thread: OrderThread | None) -> None:
    """Somebody at the vendor has seen all of it."""
    if thread is not None and thread.unread:
        thread.unread = 0


def count_lately(session: Session, thread_id: int, author: Author) -> int:
    """Messages of one side in the last hour."""
    where = (
        OrderMessage.thread_id == thread_id,
        OrderMessage.author == author,
        OrderMessage.created_at > clock.now() - timedelta(hours=1),
    )
    return session.scalar(select(func.count()).select_from(OrderMessage).where(*where)) or 0


def email_customer(session: Session, event: DomainEvent) -> None:
    """OrderMessageSent: what the vendor wrote, from an address that is nobody's."""
    message = session.get(OrderMessage, event.subject["message_id"])
    if message is None:
        return
    thread = session.get_one(OrderThread, message.thread_id)
    part = session.get_one(VendorOrder, thread.part_id)
    order = session.get_one(Order, part.order_id)
    if not order.customer_email:
        return
    config = get_config()
    context = {
        "customer_name": order.customer_name,
        "vendor_name": session.get_one(Vendor, thread.vendor_id).name,
        "order_name": order.name,
        "message": message.body,
        "link": f"{config.app_url}/reply/{thread.token}",
    }
    key = f"customer_message:{message.id}"
    bought_in = order.snapshot.get("customer_locale")
    number = queue_email(
        session, thread.shop_id, "customer_message", order.customer_email, context, locale=bought_in, dedupe_key=key
    )
    if number is not None and config.mail_inbound_domain:
        session.get_one(Email, number).reply_to = address_of(thread.token, config.mail_inbound_domain)


def email_vendor(session: Session, event: DomainEvent) -> None:
    """OrderMessageReceived: that the customer wrote, and what."""
    message = session.get(OrderMessage, event.subject["message_id"])
    if message is None:
        return
    thread = session.get_one(OrderThread, message.thread_id)
    vendor, part = session.get_one(Vendor, thread.vendor_id), session.get_one(VendorOrder, thread.part_id)
    context = {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "message": message.body,
        "link": f"{get_config().portal_url}/portal/orders/{part.id}/messages",
    }
    key = f"vendor_message:{message.id}"
    queue_email(session, thread.shop_id, "vendor_message", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)


def remove_old() -> int:
    """Delete conversations in which nobody has written for a year, in all shops. Returns how many."""
    with system() as session:
        old = delete(OrderThread).where(OrderThread.last_at < clock.now() - KEPT).returning(OrderThread.id)
        return len(session.execute(old).all())


def _begin(session: Session, part: VendorOrder) -> OrderThread:
    thread = OrderThread(
        shop_id=part.shop_id,
        vendor_id=part.vendor_id,
        part_id=part.id,
        order_shopify_id=part.order_shopify_id,
        token="".join(secrets.choice(_ALPHABET) for _ in range(26)),
        last_at=clock.now(),
    )
    session.add(thread)
    session.flush()
    return thread
