"""Everything held about one customer, as plain data for people and programs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.models.customer_questions import Question, QuestionAsker
from app.models.emails import Email
from app.models.events import InboxEvent
from app.models.fulfilments import Fulfilment
from app.models.mailings import MailConsent
from app.models.messages import OrderMessage, OrderThread
from app.models.orders import Order, OrderDispute, OrderLine, OrderRefund, OrderReturn, VendorOrder
from app.models.privacy import PrivacyRequest
from app.models.reviews import VendorReview
from app.models.shops import Shop
from app.models.storefront import CustomerItem
from app.models.vendors import Vendor, VendorUser
from app.money import Money
from app.privacy import queries
from app.privacy.bodies import is_theirs
from app.privacy.rules import Person
from app.vendors.questions import list_asked


def make_export(session: Session, shop: Shop, request: PrivacyRequest, person: Person) -> dict[str, Any]:
    """The customer's data by where it lies. Amounts are decimal strings beside their currency, times are ISO 8601."""
    orders = queries.list_orders(session, shop.id, person)
    found = frozenset(order.shopify_id for order in orders)
    person = replace(person.knowing(*(order.snapshot for order in orders)), order_ids=person.order_ids | found)
    sellers = queries.list_seller_accounts(session, shop.id, person)
    return {
        "made_at": clock.now().isoformat(),
        "shop": {"name": shop.name, "domain": shop.domain},
        "customer": {"shopify_customer_id": request.customer_id, "email_addresses": sorted(person.emails)},
        "orders": [_order(session, order) for order in orders],
        "emails": [_email(email) for email in queries.list_emails(session, shop.id, person)],
        "seller_accounts": [_seller(session, vendor) for vendor in sellers],
        "kept_in_the_shop": _items(session, request),
        "chosen_emails": _chosen_emails(session, request),
        "reviews": _reviews(session, orders),
        "questions": _questions(session, request, person),
        "privacy_requests": _requests(session, request),
        "messages_from_shopify": _events(session, shop.id, person),
    }


def count_export(export: dict[str, Any]) -> dict[str, int]:
    """How many rows of which table are in it."""
    sections = {
        "orders": "orders",
        "emails": "emails",
        "vendors": "seller_accounts",
        "customer_items": "kept_in_the_shop",
        "mail_consents": "chosen_emails",
        "vendor_reviews": "reviews",
        "questions": "questions",
        "inbox_events": "messages_from_shopify",
    }
    return {table: len(export[section]) for table, section in sections.items() if export[section]}


def _order(session: Session, order: Order) -> dict[str, Any]:
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)).all()
    parts = session.scalars(select(VendorOrder).where(VendorOrder.order_id == order.id).order_by(VendorOrder.id)).all()
    sellers = _seller_names(session, parts)
    of_order = (order.shop_id, order.shopify_id)
    return {
        "number": order.name,
        "shopify_order_id": order.shopify_id,
        "ordered_at": order.ordered_at.isoformat(),
        "customer_name": order.customer_name,
        "customer_email": order.customer_email,
        "total": _amount(order.total_minor, order.currency),
        "currency": order.currency,
        "payment": order.financial_status,
        "items": [
            {
                "title": line.title,
                "sku": line.sku,
                "quantity": line.quantity,
                "price": _amount(line.gross_minor, order.currency),
                "seller": sellers.get(line.vendor_id, ""),
            }
            for line in lines
        ],
        "shown_to_sellers": [
            {"seller": sellers[part.vendor_id], "customer_name": part.customer_name, "address": part.ship_to}
            for part in parts
        ],
        "parcels": [_parcel(parcel) for parcel in _rows(session, Fulfilment, of_order)],
        "refunds": [refund.snapshot for refund in _rows(session, OrderRefund, of_order)],
        "returns": [_return(back, lines) for back in _rows(session, OrderReturn, of_order)],
        "disputes": [dispute.snapshot for dispute in _rows(session, OrderDispute, of_order)],
        "messages": _messages(session, of_order),
        "as_shopify_told_it": order.snapshot,
    }


def _rows(session: Session, table: Any, of_order: tuple[int, int]) -> Sequence[Any]:
    shop_id, order_id = of_order
    query = select(table).where(table.shop_id == shop_id, table.order_shopify_id == order_id).order_by(table.id)
    return session.scalars(query).all()


def _messages(session: Session, of_order: tuple[int, int]) -> list[dict[str, Any]]:
    return [
        {"written_by": message.author.value, "text": message.body, "written_at": message.created_at.isoformat()}
        for thread in _rows(session, OrderThread, of_order)
        for message in session.scalars(
            select(OrderMessage).where(OrderMessage.thread_id == thread.id).order_by(OrderMessage.id)
        )
    ]


def _return(back: OrderReturn, lines: Sequence[OrderLine]) -> dict[str, Any]:
    titles = {line.shopify_id: line.title for line in lines}
    return {
        "number": back.name,
        "state": back.status,
        "opened_at": back.opened_at.isoformat() if back.opened_at else None,
        "closed_at": back.closed_at.isoformat() if back.closed_at else None,
        "items": [
            {"title": titles.get(line["line"], ""), "quantity": line["quantity"], "reason": line["reason"]}
            for line in back.lines
        ],
    }


def _parcel(parcel: Fulfilment) -> dict[str, Any]:
    return {
        "sent_at": parcel.fulfilled_at.isoformat(),
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
    }


def _email(email: Email) -> dict[str, Any]:
    return {
        "to": email.to_address,
        "subject": email.subject,
        "text": email.text_body,
        "state": email.status.value,
        "written_at": email.created_at.isoformat(),
        "sent_at": email.sent_at.isoformat() if email.sent_at else None,
    }


def _seller(session: Session, vendor: Vendor) -> dict[str, Any]:
    names = (
        "name", "email", "contact_name", "phone", "country", "location", "website", "tagline", "announcement",
        "about", "policies", "social", "translations", "what_they_sell", "shopify_customer_id",
    )  # fmt: skip
    users = session.scalars(select(VendorUser).where(VendorUser.vendor_id == vendor.id).order_by(VendorUser.id)).all()
    return {
        **{name: getattr(vendor, name) for name in names},
        "applied_at": vendor.applied_at.isoformat(),
        "account_ends_in": vendor.payout_last4,
        "people": [{"name": user.name, "email": user.email} for user in users],
        "answers": [
            {"question": one.question.label, "answer": one.answer.words, "at": one.answer.answered_at.isoformat()}
            for one in list_asked(session, vendor, with_ended=True)
            if one.answer
        ],
    }


def _items(session: Session, request: PrivacyRequest) -> list[dict[str, Any]]:
    """Lists, saved carts, history, preferences and drafts. What the customer deleted is held without its content."""
    query = select(CustomerItem).where(
        CustomerItem.shop_id == request.shop_id,
        CustomerItem.customer_id == request.customer_id,
        CustomerItem.value.is_not(None),
    )
    return [
        {"kind": item.kind, "about": item.key, "content": item.value, "changed_at": item.changed_at.isoformat()}
        for item in session.scalars(query.order_by(CustomerItem.kind, CustomerItem.key)).all()
    ]


def _chosen_emails(session: Session, request: PrivacyRequest) -> list[dict[str, Any]]:
    """Each step of their consent, oldest first."""
    query = select(MailConsent).where(
        MailConsent.shop_id == request.shop_id, MailConsent.customer_id == request.customer_id
    )
    return [
        {
            "step": consent.step.value,
            **{name: getattr(consent, name) for name in ("topics", "email", "place", "wording")},
            "at": consent.created_at.isoformat(),
        }
        for consent in session.scalars(query.order_by(MailConsent.id)).all()
    ]


def _reviews(session: Session, orders: Sequence[Order]) -> list[dict[str, Any]]:
    """What they wrote about sellers, and what those answered."""
    query = (
        select(VendorReview, VendorOrder.name, Vendor.name)
        .join(VendorOrder, VendorOrder.id == VendorReview.vendor_order_id)
        .join(Vendor, Vendor.id == VendorReview.vendor_id)
        .where(VendorOrder.order_id.in_([order.id for order in orders]))
    )
    names = ("stars", "title", "words", "shown_name", "answer", "reason", "report")
    return [
        {
            "order": order_name,
            "seller": seller,
            **{name: getattr(review, name) for name in names},
            "state": review.state.value,
            "written_at": review.written_at.isoformat(),
        }
        for review, order_name, seller in session.execute(query.order_by(VendorReview.id)).all()
    ]


def _questions(session: Session, request: PrivacyRequest, person: Person) -> list[dict[str, Any]]:
    """What they asked sellers, by the address or the account under which they asked."""
    mine: list[ColumnElement[bool]] = [func.lower(QuestionAsker.email).in_(person.emails)]
    if request.customer_id is not None:
        mine.append(QuestionAsker.customer_id == request.customer_id)
    query = (
        select(Question, QuestionAsker.email, Vendor.name)
        .join(QuestionAsker, QuestionAsker.question_id == Question.id)
        .join(Vendor, Vendor.id == Question.vendor_id)
        .where(Question.shop_id == request.shop_id, or_(*mine))
    )
    return [
        {
            "seller": seller,
            "email": email,
            **{name: getattr(asked, name) for name in ("words", "shown_name", "may_be_shown", "answer")},
            "state": asked.state.value,
            "asked_at": asked.asked_at.isoformat(),
        }
        for asked, email, seller in session.execute(query.order_by(Question.id)).all()
    ]


def _requests(session: Session, request: PrivacyRequest) -> list[dict[str, Any]]:
    if request.customer_id is None:
        return []
    query = select(PrivacyRequest).where(
        PrivacyRequest.shop_id == request.shop_id, PrivacyRequest.customer_id == request.customer_id
    )
    return [
        {"kind": each.kind.value, "received_at": each.received_at.isoformat()}
        for each in session.scalars(query.order_by(PrivacyRequest.id)).all()
    ]


def _events(session: Session, shop_id: int, person: Person) -> list[dict[str, Any]]:
    found = []
    for event_id in queries.list_event_ids(session, shop_id, person):
        event = session.get_one(InboxEvent, event_id)
        try:
            body = json.loads(event.body)
        except ValueError:
            body = event.body.decode(errors="replace")
        if is_theirs(body, event.topic, person):
            found.append({"topic": event.topic, "received_at": event.received_at.isoformat(), "body": body})
        session.expunge(event)
    return found


def _seller_names(session: Session, parts: Sequence[VendorOrder]) -> dict[int | None, str]:
    query = select(Vendor.id, Vendor.name).where(Vendor.id.in_([part.vendor_id for part in parts]))
    return {row.id: row.name for row in session.execute(query)}


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal)
