"""What is held about a person, row by row; and the receipts. Everything runs in the shop's scope."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, LargeBinary, func, literal, or_, select
from sqlalchemy.orm import Session

from app.emails.kinds import KINDS
from app.errors import NotFound
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.emails import Email
from app.models.events import InboxEvent
from app.models.mailings import MailSubscriber
from app.models.orders import Order
from app.models.privacy import PrivacyExport, PrivacyRequest
from app.models.vendors import Vendor
from app.privacy.rules import Person
from app.typed import read_number

PER_PAGE: Final = 50
TO_CUSTOMERS: Final = tuple(name for name, kind in KINDS.items() if kind.reader == "customer")


def list_requests(
    session: Session,
    shop_id: int,
    *,
    search: str = "",
    kind: str = "",
    state: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[PrivacyRequest]:
    """Newest first. `search` is the number of a customer or an order at Shopify."""
    where: list[ColumnElement[bool]] = [PrivacyRequest.shop_id == shop_id]
    if search:
        number = read_number(search) or -1
        where.append(or_(PrivacyRequest.customer_id == number, PrivacyRequest.order_ids.contains([number])))
    if kind:
        where.append(PrivacyRequest.kind == kind)
    if state:
        where.append(PrivacyRequest.state == state)
    newest = Sort((PrivacyRequest.id,), is_descending=True)
    return read_page(session, select(PrivacyRequest).where(*where), newest, place, limit=limit, make=only)


def get_request(session: Session, shop_id: int, request_id: int) -> PrivacyRequest:
    query = select(PrivacyRequest).where(PrivacyRequest.shop_id == shop_id, PrivacyRequest.id == request_id)
    request = session.scalars(query).one_or_none()
    if request is None:
        raise NotFound("There is no such request.")
    return request


def find_export(session: Session, shop_id: int, request_id: int) -> PrivacyExport | None:
    query = select(PrivacyExport).where(PrivacyExport.shop_id == shop_id, PrivacyExport.request_id == request_id)
    return session.scalars(query).one_or_none()


def list_orders(session: Session, shop_id: int, person: Person) -> Sequence[Order]:
    """Orders that were named, or that the customer or one of their addresses placed."""
    sought: list[ColumnElement[bool]] = [Order.shopify_id.in_(person.order_ids)]
    if person.customer_id is not None:
        sought.append(Order.shopify_customer_id == person.customer_id)
    if person.emails:
        addresses = (Order.customer_email, Order.snapshot["email"].astext, Order.snapshot["contact_email"].astext)
        sought += [func.lower(address).in_(person.emails) for address in addresses]
    query = select(Order).where(Order.shop_id == shop_id, or_(*sought))
    return session.scalars(query.order_by(Order.ordered_at, Order.id)).all()


def list_emails(session: Session, shop_id: int, person: Person) -> Sequence[Email]:
    """E-mails that the marketplace sent them as a customer, also to another address that they chose."""
    chose = (MailSubscriber.shop_id == shop_id, MailSubscriber.customer_id == person.customer_id)
    query = select(Email).where(
        Email.shop_id == shop_id,
        Email.kind.in_(TO_CUSTOMERS),
        or_(
            func.lower(Email.to_address).in_(person.emails | person.words),
            Email.subscriber_id.in_(select(MailSubscriber.id).where(*chose)),
        ),
    )
    return session.scalars(query.order_by(Email.id)).all()


def list_seller_accounts(session: Session, shop_id: int, person: Person) -> Sequence[Vendor]:
    """Vendors that the person runs under the same address, or opens from their customer account."""
    sought: list[ColumnElement[bool]] = [func.lower(Vendor.email).in_(person.emails)]
    if person.customer_id is not None:
        sought.append(Vendor.shopify_customer_id == person.customer_id)
    return session.scalars(select(Vendor).where(Vendor.shop_id == shop_id, or_(*sought)).order_by(Vendor.id)).all()


def list_event_ids(session: Session, shop_id: int, person: Person) -> Sequence[int]:
    """Stored webhooks in which one of the person's numbers or addresses stands, perhaps by chance."""
    needles = list(_needles(person))
    if not needles:
        return []
    stands = [func.position(literal(needle, LargeBinary).op("IN")(InboxEvent.body)) > 0 for needle in needles]
    query = select(InboxEvent.id).where(InboxEvent.shop_id == shop_id, or_(*stands))
    return session.scalars(query.order_by(InboxEvent.id)).all()


def _needles(person: Person) -> Iterable[bytes]:
    """As they stand in JSON, which may or may not escape what is not ASCII."""
    numbers = {*person.order_ids, *([person.customer_id] if person.customer_id is not None else [])}
    yield from (str(number).encode() for number in sorted(numbers))
    for word in sorted(person.emails):
        yield from {json.dumps(word)[1:-1].encode(), json.dumps(word, ensure_ascii=False)[1:-1].encode()}
