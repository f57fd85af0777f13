"""What customers chose, and what of the shop speaks to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import system
from app.mailings import rules
from app.mailings.rules import CartLine, Offer
from app.models.emails import Email, EmailStatus
from app.models.mailings import ConsentStep, MailConsent, MailingSettings, MailSubscriber
from app.models.orders import Order
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop, ShopStatus
from app.models.storefront import CustomerItem
from app.models.vendors import Vendor, VendorStatus
from app.money import Money
from app.orders.queries import by_customer

_PRODUCT: Final = "gid://shopify/Product/"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a customer sees of their own choice."""

    topics: Sequence[str]
    email: str
    is_waiting: bool
    """Whether the link in an e-mail has yet to be opened."""


class Proof(StrEnum):
    """How the link that proves an address stands."""

    OPEN = "open"
    PROVEN = "proven"
    REPLACED = "replaced"
    """By a newer choice, whose own link counts."""
    DISOWNED = "disowned"
    """The owner of the address said that somebody else had asked."""
    GONE = "gone"


SETTLED: Final = (Proof.PROVEN, Proof.DISOWNED)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many customers want what, and what was sent in the last 30 days."""

    subscribers: dict[str, int]
    """By topic."""
    waiting: int
    stopped: int
    sent: dict[str, int]
    """By topic."""


def get_settings(session: Session, shop_id: int) -> MailingSettings:
    """The merchant's, or the defaults, not stored yet."""
    held = session.get(MailingSettings, shop_id)
    if held is not None:
        return held
    off = {"vendors": False, "wishlist": False, "cart": False, "postal_address": ""}
    times = {"vendors_every_days": 7, "wishlist_every_days": 1, "cart_after_hours": 24}
    return MailingSettings(shop_id=shop_id, **off, **times)


def list_offered(settings: MailingSettings) -> list[str]:
    return [topic for topic in rules.TOPICS if getattr(settings, topic)]


def find_subscriber(session: Session, shop_id: int, customer_id: int) -> MailSubscriber | None:
    theirs = (MailSubscriber.shop_id == shop_id, MailSubscriber.customer_id == customer_id)
    return session.scalar(select(MailSubscriber).where(*theirs))


def find_choice(session: Session, shop_id: int, customer_id: int) -> Choice:
    """Runs in the customer's own scope."""
    subscriber = find_subscriber(session, shop_id, customer_id)
    if subscriber is None:
        return Choice((), "", is_waiting=False)
    waiting = session.get(MailConsent, subscriber.waiting_id) if subscriber.waiting_id else None
    if waiting is not None and clock.now() < waiting.created_at + rules.LINK_LASTS:
        return Choice(waiting.topics, waiting.email, is_waiting=True)
    return Choice(subscriber.topics, subscriber.email, is_waiting=False)


def is_known_with(session: Session, subscriber: MailSubscriber, address: str) -> bool:
    """Whether this customer ordered with the address, or asked for a link to it in the last 30 days. In lower case."""
    ordered = (by_customer(subscriber.shop_id, subscriber.customer_id), func.lower(Order.customer_email) == address)
    lately = MailConsent.created_at > clock.now() - timedelta(days=30)
    asked = (MailConsent.subscriber_id == subscriber.id, MailConsent.step == ConsentStep.ASKED, lately)
    query = select(
        or_(
            select(Order.id).where(*ordered).exists(),
            select(MailConsent.id).where(*asked, func.lower(MailConsent.email) == address).exists(),
        )
    )
    return bool(session.scalar(query))


def find_proof(session: Session, consent_id: int) -> tuple[Proof, Sequence[str]]:
    """How a link stands now, and of which topics it speaks: those it would switch on, or those that come."""
    consent = session.get(MailConsent, consent_id)
    subscriber = session.get(MailSubscriber, consent.subscriber_id) if consent else None
    if consent is None or subscriber is None:
        return Proof.GONE, ()
    if subscriber.waiting_id == consent.id:
        return Proof.OPEN, consent.topics
    if subscriber.confirmed_at and subscriber.email == consent.email:
        return Proof.PROVEN, subscriber.topics
    if _is_disowned(session, consent):
        return Proof.DISOWNED, ()
    return (Proof.REPLACED if subscriber.waiting_id or subscriber.confirmed_at else Proof.GONE), ()


def _is_disowned(session: Session, consent: MailConsent) -> bool:
    later = (MailConsent.subscriber_id == consent.subscriber_id, MailConsent.id > consent.id)
    said = (MailConsent.step == ConsentStep.REFUSED, MailConsent.email == consent.email)
    return bool(session.scalar(select(select(MailConsent.id).where(*later, *said).exists())))


def count_figures(session: Session, shop_id: int) -> Figures:
    lately = clock.now() - timedelta(days=30)
    confirmed = MailSubscriber.confirmed_at.is_not(None)
    wanting = [func.count().filter(confirmed, MailSubscriber.topics.has_key(topic)) for topic in rules.TOPICS]
    waiting = func.count().filter(MailSubscriber.waiting_id.is_not(None), ~confirmed)
    stopped = func.count().filter(MailSubscriber.stopped_at >= lately)
    counts = session.execute(select(*wanting, waiting, stopped).where(MailSubscriber.shop_id == shop_id)).one()
    left = (EmailStatus.SENT, EmailStatus.DELIVERED, EmailStatus.BOUNCED, EmailStatus.COMPLAINED)
    sent = (
        select(Email.kind, func.count().label("number"))
        .where(Email.shop_id == shop_id, Email.created_at >= lately, Email.kind.in_(rules.KIND_OF.values()))
        .where(Email.status.in_(left), Email.dedupe_key.not_like("test:%"))
        .group_by(Email.kind)
    )
    by_kind = {row.kind: int(row.number) for row in session.execute(sent)}
    return Figures(
        dict(zip(rules.TOPICS, counts, strict=False)),
        counts[-2],
        counts[-1],
        {topic: by_kind.get(kind, 0) for topic, kind in rules.KIND_OF.items()},
    )


def count_waiting(most: int) -> int:
    """How many of these e-mails wait to be sent, in all shops that are here; `most` is as far as it counts."""
    waiting = (
        select(Email.id)
        .join(Shop, (Shop.id == Email.shop_id) & (Shop.status == ShopStatus.INSTALLED))
        .where(Email.status == EmailStatus.QUEUED, Email.subscriber_id.is_not(None))
        .where(Email.kind.in_(rules.KIND_OF.values()))
        .limit(most)
    )
    with system() as session:
        return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


# -- what there is to tell ---------------------------------------------------------------------------------------------


def list_new_offers(
    session: Session, shop_id: int, customer_id: int, since: datetime, until: datetime
) -> list[tuple[Vendor, list[Offer]]]:
    """What vendors whom the customer follows put on sale after `since`, by vendor, newest first: of each vendor one
    more than fits.
    """
    followed = _list_kept(session, shop_id, customer_id, "follow")
    fresh = (Product.shop_id == shop_id, Product.published_at > since, Product.published_at <= until)
    newest = (Product.published_at.desc(), Product.id.desc())
    place = func.row_number().over(partition_by=Product.vendor_id, order_by=newest).label("place")
    placed = (
        select(Product.id, place)
        .join(Vendor, Vendor.id == Product.vendor_id)
        .where(Vendor.handle.in_(followed), Vendor.status == VendorStatus.APPROVED, *fresh, _is_shown())
        .subquery()
    )
    query = (
        _offers(shop_id)
        .add_columns(Vendor)
        .join(Vendor, Vendor.id == Product.vendor_id)
        .join(placed, placed.c.id == Product.id)
        .where(placed.c.place <= rules.MOST_OF_A_VENDOR + 1)
        .group_by(Vendor.id)
        .order_by(*newest)
    )
    found: dict[int, tuple[Vendor, list[Offer]]] = {}
    for row in session.execute(query):
        found.setdefault(row.Vendor.id, (row.Vendor, []))[1].append(_offer(row))
    return sorted(found.values(), key=lambda one: (one[0].name, one[0].id))


def list_wished(session: Session, shop_id: int, customer_id: int) -> list[Offer]:
    """Vendors' products on the customer's wishlist, what was added last first."""
    numbers = _list_kept(session, shop_id, customer_id, "wishlist", limit=rules.MOST_WISHES)
    query = _offers(shop_id).where(Product.shopify_gid.in_([f"{_PRODUCT}{number}" for number in numbers]))
    offers = {offer.number: offer for offer in map(_offer, session.execute(query))}
    return [offers[number] for number in numbers if number in offers]


def read_cart(session: Session, shop_id: int, customer_id: int) -> tuple[list[CartLine], datetime | None]:
    """What the customer's cart holds, and when it was last edited."""
    query = (
        select(CustomerItem.key, CustomerItem.value, CustomerItem.changed_at)
        .where(*_kept(shop_id, customer_id, "cart"))
        .order_by(CustomerItem.clock)
    )
    rows = session.execute(query).all()
    lines = rules.add_up((row.key, row.value) for row in rows)
    return lines, max((row.changed_at for row in rows), default=None)


def has_ordered_since(session: Session, shop_id: int, customer_id: int, moment: datetime) -> bool:
    query = select(Order.id).where(by_customer(shop_id, customer_id), Order.ordered_at >= moment)
    return session.scalar(query.limit(1)) is not None


def _kept(shop_id: int, customer_id: int, kind: str) -> Iterable[Any]:
    theirs = (CustomerItem.shop_id == shop_id, CustomerItem.customer_id == customer_id)
    return (*theirs, CustomerItem.kind == kind, CustomerItem.value.is_not(None))


def _list_kept(session: Session, shop_id: int, customer_id: int, kind: str, limit: int | None = None) -> Sequence[str]:
    query = select(CustomerItem.key).where(*_kept(shop_id, customer_id, kind))
    return session.scalars(query.order_by(CustomerItem.changed_at.desc(), CustomerItem.key).limit(limit)).all()


def _is_shown() -> Any:
    on_sale = (Product.status == ProductStatus.PUBLISHED, Product.shopify_status == "ACTIVE")
    return and_(*on_sale, Product.handle.is_not(None))


def _offers(shop_id: int) -> Any:
    in_stock = func.bool_or(Variant.stock > 0)
    return (
        select(
            Product.shopify_gid,
            Product.title,
            Product.handle,
            func.min(Variant.price_minor).label("minor"),
            func.min(Variant.currency).label("currency"),
            and_(_is_shown(), in_stock).label("is_on_sale"),
        )
        .join(Variant, Variant.product_id == Product.id)
        .where(Product.shop_id == shop_id, Product.shopify_gid.is_not(None))
        .group_by(Product.id)
    )


def _offer(row: Any) -> Offer:
    number = row.shopify_gid.removeprefix(_PRODUCT)
    return Offer(number, row.title, row.handle or "", Money(row.minor, row.currency), bool(row.is_on_sale))
