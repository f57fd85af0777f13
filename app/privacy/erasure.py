"""Taking personal data out: of one customer, everywhere but in the books; or of a whole shop, everything.

Every step may be repeated and finds nothing the second time. What is found first is written down, encrypted, before
anything is removed: a run that is killed half way must still know whom to look for.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Column, Table, Text, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from app.db import scoped, system
from app.ledger import closing
from app.models.emails import Email, EmailStatus
from app.models.events import InboxEvent
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.mailings import MailConsent, MailSubscriber
from app.models.mapping import Model
from app.models.messages import OrderMessage, OrderThread
from app.models.orders import OrderLine, OrderRefund, VendorOrder
from app.models.privacy import PrivacyExport, PrivacyRequest
from app.models.storefront import ERASED, CustomerItem, CustomerSync
from app.models.vendors import Vendor
from app.orders.service import lock_order
from app.privacy import queries
from app.privacy.bodies import clean_event, clean_order, clean_refund, customer_id_of
from app.privacy.rules import REMOVED, Person, scrub
from app.questions import service as questions
from app.reviews import service as reviews

_AT_ONCE: Final = 200
_FORGOTTEN: Final = "The recipient asked to be forgotten."
_TAKEN_OUT: Final = "What a customer wrote was removed."
"""To a vendor, who is told all the same that there is an order, or was a message."""

ABOUT_SELLERS: Final = frozenset(
    {
        "shops", "shop_settings", "money_settings", "commission_rules", "vendors", "vendor_users", "magic_links",
        "review_settings", "qr_codes", "qr_scans", "portal_sessions", "login_factors", "recovery_codes",
        "vendor_pictures", "products", "variants", "product_images", "product_proposals", "payouts", "payout_batches",
        "payout_moves", "payout_entries", "ledger_transactions", "ledger_entries", "privacy_requests", "inbox_events",
        "closed_balances", "payout_settings", "rail_keys", "fee_invoices", "fee_invoice_postings", "hooks",
        "email_wordings", "mailing_settings", "shipment_batches", "locations", "stock_levels", "stock_calls",
        "staff_members", "visits", "vendor_questions", "vendor_answers",
    }
)  # fmt: skip
"""Tables that the last look leaves alone. They hold the merchant and the sellers, who are no customers even when they
shop here; the books, which name nobody; and the inbox, which is read body by body. A table not named here is searched.
"""
REMARKS: Final = frozenset({"audit_entries", "event_deliveries", "fulfilments", "cancellations", "order_messages"})
"""Tables of remarks: there a name is searched for too, at the price that a namesake's may go with it."""


def forget_customer(shop_id: int, person: Person) -> Counter[str]:
    """Remove the customer from everything of the shop. Returns how many rows were changed, by table."""
    changed: Counter[str] = Counter()
    for order_id in sorted(person.order_ids):
        with scoped(shop_id) as session:
            changed += _clean_order(session, shop_id, order_id, person)
    with scoped(shop_id) as session:
        choices = _lock_choices(session, shop_id, person)
        changed += _empty_emails(session, shop_id, person)
        changed += _drop_choices(session, shop_id, person, choices)
        changed += _drop_exports(session, shop_id, person)
        if person.customer_id is not None:
            own = (Vendor.shop_id == shop_id, Vendor.shopify_customer_id == person.customer_id)
            session.execute(update(Vendor).where(*own).values(shopify_customer_id=None))
            changed += _drop_lists(session, shop_id, person.customer_id)
        changed["questions"] += questions.forget(session, shop_id, person.customer_id, person.emails)
        changed["vendor_reviews"] += reviews.forget(session, shop_id, person.order_ids)
        event_ids = queries.list_event_ids(session, shop_id, person)
    for first in range(0, len(event_ids), _AT_ONCE):
        with scoped(shop_id) as session:
            changed += _clean_events(session, event_ids[first : first + _AT_ONCE], person)
    with system() as session:
        changed += _scrub_everything(session, shop_id, person)
    return +changed


def erase_shop(session: Session, shop_id: int, domain: str) -> Counter[str]:
    """Delete every row of the shop but its own and its receipts of being erased. The caller holds the shop's row.

    The session must be the system's: nobody else may delete from the books, and the database lets even the system do
    so only for a shop that has left.
    """
    gone: Counter[str] = Counter()
    closing.alone(session)  # one that has read the entries would keep their sums
    for table in reversed(Model.metadata.sorted_tables):
        if table.name in {"shops", "privacy_requests"} or "shop_id" not in table.c:
            continue
        gone[table.name] += _count(session, delete(table).where(table.c.shop_id == shop_id))
    gone["inbox_events"] += _count(session, delete(InboxEvent).where(InboxEvent.shop_domain == domain))
    others = (PrivacyRequest.shop_id == shop_id, PrivacyRequest.kind != "shop_redact")
    gone["privacy_requests"] += _count(session, delete(PrivacyRequest).where(*others))
    return +gone


def _count(session: Session, statement: Any) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def _clean_order(session: Session, shop_id: int, order_id: int, person: Person) -> Counter[str]:
    changed: Counter[str] = Counter()
    order = lock_order(session, shop_id, order_id)
    if order is not None:
        cleaned = clean_order(order.snapshot, person)
        if cleaned != order.snapshot or order.customer_email or order.customer_name:
            changed["orders"] += 1
            order.snapshot, order.customer_name, order.customer_email = cleaned, "", None
            order.shopify_customer_id = customer_id_of(cleaned)
        for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all():
            # The same words as in the snapshot: the books find a discount's bearer by its name.
            line.title = str(scrub(line.title, person.words))
            line.discount_bearers = scrub(line.discount_bearers, person.words)
        for part in session.scalars(select(VendorOrder).where(VendorOrder.order_id == order.id)).all():
            if part.customer_name or part.ship_to:
                changed["vendor_orders"] += 1
                part.customer_name, part.ship_to = "", []
    for refund in session.scalars(
        select(OrderRefund).where(OrderRefund.shop_id == shop_id, OrderRefund.order_shopify_id == order_id)
    ).all():
        cleaned = clean_refund(refund.snapshot, person)
        if cleaned != refund.snapshot:
            changed["order_refunds"] += 1
            refund.snapshot = cleaned
    changed["fulfilments"] += _clean_parcels(session, shop_id, order_id)
    return changed + _drop_messages(session, shop_id, order_id)


def _drop_messages(session: Session, shop_id: int, order_id: int) -> Counter[str]:
    """What was written about the order, and on its lines, and the e-mails in which vendors got it."""
    of_order = (OrderThread.shop_id == shop_id, OrderThread.order_shopify_id == order_id)
    threads = select(OrderThread.id).where(*of_order)
    found = select(OrderMessage.id).where(OrderMessage.thread_id.in_(threads))
    keys = [f"vendor_message:{number}" for number in session.scalars(found)]
    parts = select(VendorOrder.id).where(VendorOrder.shop_id == shop_id, VendorOrder.order_shopify_id == order_id)
    of_parts = [f"vendor_new_order:{number}" for number in session.scalars(parts)]
    theirs = (Email.shop_id == shop_id, Email.dedupe_key.in_([*keys, *of_parts]), Email.text_body != _TAKEN_OUT)
    emptied = update(Email).where(*theirs)
    return Counter(
        emails=_count(session, emptied.values(html=f"<p>{_TAKEN_OUT}</p>", text_body=_TAKEN_OUT)),
        order_messages=len(keys),
        order_threads=_count(session, delete(OrderThread).where(*of_order)),
    )


def _clean_parcels(session: Session, shop_id: int, order_id: int) -> int:
    """A tracking number leads to a door. A parcel that Shopify is still being told of keeps it until the next look."""
    theirs = (
        Fulfilment.shop_id == shop_id,
        Fulfilment.order_shopify_id == order_id,
        Fulfilment.state != FulfilmentState.REQUESTED,
        or_(Fulfilment.tracking_number != "", Fulfilment.tracking_url != ""),
    )
    return _count(session, update(Fulfilment).where(*theirs).values(tracking_number="", tracking_url=""))


def _empty_emails(session: Session, shop_id: int, person: Person) -> Counter[str]:
    emails = queries.list_emails(session, shop_id, person)
    for email in emails:
        email.to_address, email.error = REMOVED, None
        email.html, email.text_body = f"<p>{_FORGOTTEN}</p>", _FORGOTTEN
        email.subject = str(scrub(email.subject, person.words))
        if email.status is EmailStatus.QUEUED:
            email.status, email.error = EmailStatus.FAILED, f"{_FORGOTTEN} It was not sent."
    return Counter(emails=len(emails))


def _drop_exports(session: Session, shop_id: int, person: Person) -> Counter[str]:
    """Of earlier data requests of the same customer."""
    if person.customer_id is None:
        return Counter()
    theirs = select(PrivacyRequest.id).where(
        PrivacyRequest.shop_id == shop_id, PrivacyRequest.customer_id == person.customer_id
    )
    return Counter(privacy_exports=_count(session, delete(PrivacyExport).where(PrivacyExport.request_id.in_(theirs))))


def _lock_choices(session: Session, shop_id: int, person: Person) -> Sequence[int]:
    """Before their e-mails are looked for: whoever writes one at this moment, or stops them, holds the same row."""
    theirs = or_(MailSubscriber.customer_id == person.customer_id, func.lower(MailSubscriber.email).in_(person.emails))
    query = select(MailSubscriber.id).where(MailSubscriber.shop_id == shop_id, theirs)
    return session.scalars(query.order_by(MailSubscriber.id).with_for_update()).all()


def _drop_choices(session: Session, shop_id: int, person: Person, choices: Sequence[int]) -> Counter[str]:
    """Which e-mails they chose, and what anybody asked to have sent to an address of theirs."""
    theirs = or_(MailConsent.subscriber_id.in_(choices), func.lower(MailConsent.email).in_(person.emails))
    return Counter(
        mail_consents=_count(session, delete(MailConsent).where(MailConsent.shop_id == shop_id, theirs)),
        mail_subscribers=_count(session, delete(MailSubscriber).where(MailSubscriber.id.in_(choices))),
    )


def _drop_lists(session: Session, shop_id: int, customer_id: int) -> Counter[str]:
    """What they kept in the shop: lists, saved carts, history, preferences, drafts.

    The head first, which stays to refuse what browsers send that are still signed in: a device that syncs at this
    moment holds it, and what it writes is then found.
    """
    erased = {"revision": ERASED, "synced_at": func.now()}
    head = insert(CustomerSync).values(shop_id=shop_id, customer_id=customer_id, **erased)
    session.execute(head.on_conflict_do_update(index_elements=["shop_id", "customer_id"], set_=erased))
    theirs = (CustomerItem.shop_id == shop_id, CustomerItem.customer_id == customer_id)
    return Counter(customer_items=_count(session, delete(CustomerItem).where(*theirs)))


def _clean_events(session: Session, event_ids: Sequence[int], person: Person) -> Counter[str]:
    changed: Counter[str] = Counter()
    query = select(InboxEvent).where(InboxEvent.id.in_(event_ids)).with_for_update()
    for event in session.scalars(query).all():
        cleaned = clean_event(event.topic, event.body, person)
        error = scrub(event.error, person.words)
        if (cleaned, error) != (event.body, event.error):
            changed["inbox_events"] += 1
            event.body, event.error = cleaned, error
    return changed


def _scrub_everything(session: Session, shop_id: int, person: Person) -> Counter[str]:
    """The last look: every text of every table that may speak of a customer, new tables included."""
    changed: Counter[str] = Counter()
    for table in Model.metadata.sorted_tables:
        words = person.words if table.name in REMARKS else person.emails
        texts = list(_texts_of(table))
        if table.name in ABOUT_SELLERS or "shop_id" not in table.c or not texts or not words:
            continue
        said = or_(*(_contains(column, word) for column in texts for word in words))
        keys = list(table.primary_key.columns)
        rows = session.execute(select(*keys, *texts).where(table.c.shop_id == shop_id, said).with_for_update()).all()
        for row in rows:
            fresh = {column: scrub(getattr(row, column.name), words) for column in texts}
            mine = [key == getattr(row, key.name) for key in keys]
            new = {column.name: value for column, value in fresh.items() if value != getattr(row, column.name)}
            session.execute(update(table).where(*mine).values(new))
            changed[table.name] += 1
    return changed


def _texts_of(table: Table) -> Iterator[Column[Any]]:
    for column in table.c:
        # A seller who also shops here still gets a seller's e-mails.
        if isinstance(column.type, (Text, JSON)) and (table.name, column.name) != ("emails", "to_address"):
            yield column


def _contains(column: Column[Any], word: str) -> Any:
    text: Any = column
    if isinstance(column.type, JSON):
        # As json keeps it, a letter may be spelt as its number.
        text = func.replace(cast(cast(column, JSONB), Text), '\\"', '"')
    return text.icontains(word, autoescape=True)
