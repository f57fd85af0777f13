"""Every list in parts: what comes in while somebody turns its pages shifts nothing."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import db
from app.books.queries import list_proofs
from app.emails.queries import list_emails
from app.hooks.queries import list_calls
from app.inbox.deliveries import DeliveryFilter, list_deliveries
from app.inbox.queries import EventFilter, list_events
from app.keyset import BEGINNING, Page, Place, cut_page
from app.models.books import Proof
from app.models.customer_questions import Question, QuestionState
from app.models.emails import Email
from app.models.events import DomainEvent, EventDelivery, InboxEvent
from app.models.hooks import Hook, HookCall
from app.models.invitations import VendorInvitation
from app.models.orders import Order, VendorOrder
from app.models.payouts import FeeInvoice, Payout, PayoutBatch
from app.models.privacy import PrivacyKind, PrivacyRequest
from app.models.products import ProductImport, ProductImportRow
from app.models.reviews import ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.queries import Wanted, list_orders
from app.payouts.invoice_lists import Wanted as WantedInvoices
from app.payouts.invoice_lists import list_invoices
from app.payouts.queries import list_batches, list_payouts
from app.privacy.queries import list_requests
from app.products.imports.queries import get_import, list_imports, list_rows
from app.questions.queries import list_questions
from app.reviews.queries import list_for_vendor, list_reviews
from app.vendors.invitations import list_invitations
from app.vendors.queries import list_vendors
from app.web import every_row

NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGES: Final = (
    "/app/orders",
    "/app/vendors",
    "/app/vendors/invitations",
    "/app/payouts",
    "/app/payouts/invoices",
    "/app/events",
    "/app/events/told",
    "/app/emails",
    "/app/reviews",
    "/app/questions",
    "/app/privacy",
    "/app/products/imports",
    "/app/reconciliation",
)
Make = Callable[[Session, Shop, Vendor, int], Any]
Find = Callable[[Session, Shop, Vendor, Place], Page[Any]]


def make_order(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> Order:
    return Order(
        shop_id=shop.id,
        shopify_id=number,
        name=f"#{number}",
        currency="USD",
        ordered_at=NOON,
        snapshot={},
        snapshot_updated_at=NOON,
        terms={},
        total_minor=100,
    )


def make_vendor(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> Vendor:
    return Vendor(shop_id=shop.id, handle=f"v{number}", name="Of one name", email=f"v{number}@example.com")


def make_batch(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> PayoutBatch:
    return PayoutBatch(shop_id=shop.id, number=number, currency="USD", created_by="staff:1")


def make_payout(session: Session, shop: Shop, vendor: Vendor, number: int) -> Payout:
    batch = make_batch(session, shop, vendor, 1) if number == 1 else None
    payee = make_vendor(session, shop, vendor, number)
    session.add_all([payee, *([batch] if batch else [])])
    session.flush()
    return Payout(
        shop_id=shop.id,
        vendor_id=payee.id,
        batch_id=1,
        reference=f"P-{number}",
        amount_minor=500,
        currency="USD",
        account=b"x",
        holder=b"x",
        last4="1234",
        rail_key=f"key-{number}",
    )


def make_invoice(_session: Session, shop: Shop, vendor: Vendor, number: int) -> FeeInvoice:
    money = {"currency": "USD", "net_minor": 100, "tax_minor": 0}
    period = {"period_from": date(2026, 11, 1), "period_to": date(2026, 11, 19), "issued_at": NOON}
    which = {"sequence": number, "number": f"F-{number}", "kind": "invoice"}
    return FeeInvoice(shop_id=shop.id, vendor_id=vendor.id, parties=b"x", **which, **money, **period)


def make_event(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> InboxEvent:
    said = {"topic": "orders/paid", "webhook_id": f"w{number}", "event_id": f"e{number}", "body": b"{}"}
    return InboxEvent(shop_domain=shop.domain, shop_id=shop.id, **said)


def make_delivery(session: Session, shop: Shop, _vendor: Vendor, _number: int) -> EventDelivery:
    event = DomainEvent(shop_id=shop.id, kind="OrderPaid", subject={})
    session.add(event)
    session.flush()
    return EventDelivery(shop_id=shop.id, event_id=event.id, subscriber="emails")


def make_email(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> Email:
    what = {"kind": "vendor_approved", "subject": "Welcome", "html": "", "text_body": ""}
    return Email(shop_id=shop.id, dedupe_key=str(number), to_address="ada@example.com", from_name="Acme", **what)


def make_part(session: Session, shop: Shop, vendor: Vendor, number: int) -> VendorOrder:
    order = make_order(session, shop, vendor, number)
    session.add(order)
    session.flush()
    of_order = {"order_id": order.id, "order_shopify_id": number, "name": order.name, "currency": "USD"}
    return VendorOrder(shop_id=shop.id, vendor_id=vendor.id, ordered_at=NOON, **of_order)


def make_review(session: Session, shop: Shop, vendor: Vendor, number: int) -> VendorReview:
    part = make_part(session, shop, vendor, number)
    session.add(part)
    session.flush()
    which = {"vendor_order_id": part.id, "stars": 5, "written_at": NOON, "state": ReviewState.PUBLISHED}
    return VendorReview(shop_id=shop.id, vendor_id=vendor.id, **which)


def make_question(_session: Session, shop: Shop, vendor: Vendor, number: int) -> Question:
    said = {"key": str(number), "words": "Is it blue?", "state": QuestionState.OPEN, "asked_at": NOON}
    return Question(shop_id=shop.id, vendor_id=vendor.id, **said)


def make_invitation(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> VendorInvitation:
    moments = {"sent_at": NOON, "expires_at": NOON}
    token = {"token_hash": str(number).encode(), "invited_by": "staff:1"}
    return VendorInvitation(shop_id=shop.id, email=f"{number}@example.com", **token, **moments)


def make_request(_session: Session, shop: Shop, _vendor: Vendor, number: int) -> PrivacyRequest:
    moments = {"asked_at": NOON, "due_at": NOON}
    return PrivacyRequest(shop_id=shop.id, kind=PrivacyKind.DATA_REQUEST, event_id=str(number), **moments)


def make_import(_session: Session, shop: Shop, vendor: Vendor, number: int) -> ProductImport:
    file = {"filename": f"{number}.csv", "headings": [], "sent_by": "vendor_user:1"}
    return ProductImport(shop_id=shop.id, vendor_id=vendor.id, **file)


def make_import_row(session: Session, shop: Shop, vendor: Vendor, number: int) -> ProductImportRow:
    if number == 1:
        session.add(make_import(session, shop, vendor, 1))
        session.flush()
    what = {"position": number, "title": f"Mug {number}", "action": "create", "lines": [], "item": {}}
    return ProductImportRow(shop_id=shop.id, vendor_id=vendor.id, import_id=1, **what)


def make_call(session: Session, shop: Shop, _vendor: Vendor, number: int) -> HookCall:
    if number == 1:
        session.add(Hook(shop_id=shop.id, url="https://x.example", kinds=[], secret=b"x"))
        session.flush()
    return HookCall(shop_id=shop.id, hook_id=1, message_id=str(number), kind="OrderPaid", body="{}")


def make_proof(_session: Session, shop: Shop, _vendor: Vendor, _number: int) -> Proof:
    return Proof(shop_id=shop.id, asked_by="system", finished_at=NOON)


@dataclass(frozen=True, slots=True)
class List:
    """How a list gets another row, how a part of two of it is read, and which of its models a row shows."""

    make: Make
    find: Find
    shown: Callable[[Any], Any] = lambda row: row


LISTS: Final = {
    "orders": List(
        make_order,
        lambda session, shop, _, place: list_orders(session, shop.id, place=place, limit=2),
        lambda row: row.order,
    ),
    "orders, oldest first": List(
        make_order,
        lambda session, shop, _, place: list_orders(session, shop.id, Wanted(sort="oldest"), place=place, limit=2),
        lambda row: row.order,
    ),
    "vendors": List(
        make_vendor,
        lambda session, shop, _, place: list_vendors(session, shop.id, place=place, limit=2),
        lambda row: row.vendor,
    ),
    "vendors by name": List(
        make_vendor,
        lambda session, shop, _, place: list_vendors(session, shop.id, sort="name", place=place, limit=2),
        lambda row: row.vendor,
    ),
    "batches": List(
        make_batch,
        lambda session, shop, _, place: list_batches(session, shop, place=place, limit=2),
        lambda row: row.batch,
    ),
    "payouts of a batch": List(
        make_payout,
        lambda session, _, __, place: list_payouts(session, session.get_one(PayoutBatch, 1), place=place, limit=2),
        lambda row: row[0],
    ),
    "invoices": List(
        make_invoice,
        lambda session, shop, _, place: list_invoices(session, shop, WantedInvoices(), place=place, limit=2),
        lambda row: row[0],
    ),
    "events": List(
        make_event,
        lambda session, shop, _, place: list_events(session, shop, EventFilter(), place, limit=2),
    ),
    "deliveries": List(
        make_delivery,
        lambda session, shop, _, place: list_deliveries(session, shop, DeliveryFilter(), place, limit=2),
        lambda row: row[0],
    ),
    "e-mails": List(
        make_email,
        lambda session, shop, _, place: list_emails(session, shop.id, place=place, limit=2),
    ),
    "reviews": List(
        make_review,
        lambda session, shop, _, place: list_reviews(session, shop.id, place=place, limit=2),
        lambda row: row.review,
    ),
    "vendor's reviews": List(
        make_review,
        lambda session, _, vendor, place: list_for_vendor(session, vendor, place=place, limit=2),
        lambda row: row.review,
    ),
    "questions": List(
        make_question,
        lambda session, shop, _, place: list_questions(session, shop.id, place=place, limit=2),
        lambda row: row.question,
    ),
    "open questions": List(
        make_question,
        lambda session, shop, _, place: list_questions(session, shop.id, state="open", place=place, limit=2),
        lambda row: row.question,
    ),
    "invitations": List(
        make_invitation,
        lambda session, shop, _, place: list_invitations(session, shop.id, place=place, limit=2),
    ),
    "privacy requests": List(
        make_request,
        lambda session, shop, _, place: list_requests(session, shop.id, place=place, limit=2),
    ),
    "files": List(
        make_import,
        lambda session, shop, _, place: list_imports(session, shop.id, place=place, limit=2),
        lambda row: row.made,
    ),
    "rows of a file": List(
        make_import_row,
        lambda session, shop, _, place: list_rows(session, get_import(session, shop.id, 1), place=place, limit=2),
        lambda row: row.row,
    ),
    "calls": List(
        make_call,
        lambda session, _, __, place: list_calls(session, session.get_one(Hook, 1), "", place, limit=2),
    ),
    "proofs": List(
        make_proof,
        lambda session, shop, _, place: list_proofs(session, shop.id, place, limit=2),
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_what_comes_in_meanwhile_shifts_nothing(name: str, acme: Shop, ada: Vendor) -> None:
    case = LISTS[name]

    def read(place: Place) -> tuple[list[int], Page[Any]]:
        page = case.find(session, acme, ada, place)
        return [case.shown(row).id for row in page.rows], page

    with db.scoped(acme.id) as session:
        for number in range(1, 6):
            add(case, session, acme, ada, number)
        everything = [case.shown(row).id for row in every_row(lambda place: case.find(session, acme, ada, place))]
        assert len(everything) == len(set(everything)) >= 5
        first, page = read(BEGINNING)
        assert page.before is None
        assert page.total == len(everything)
        newcomer = add(case, session, acme, ada, 6)
        seen = list(first)
        while page.after:
            found, page = read(Place(after=page.after))
            seen += found
        assert [row_id for row_id in seen if row_id != newcomer] == everything
        back, _page = read(Place(before=page.before or ""))
        assert back == seen[: -len(found)][-2:]
        assert page.total == len(everything) + 1


def add(case: List, session: Session, shop: Shop, vendor: Vendor, number: int) -> int:
    row = case.make(session, shop, vendor, number)
    session.add(row)
    session.flush()
    session.refresh(row)
    return int(row.id)


def test_rows_that_were_worked_out_are_cut_behind_a_row_as_well() -> None:
    def cut(rows: list[int], *, after: str | None = "", before: str | None = "") -> Page[int]:
        return cut_page(rows, lambda row: (row, 7), Place(after or "", before or ""), limit=2)

    first = cut([10, 20, 30, 40, 50])
    assert (first.rows, first.before, first.total) == ([10, 20], None, 5)
    second = cut([5, 10, 30, 40, 50], after=first.after)
    assert second.rows == [30, 40]
    assert cut([5, 10, 30, 40, 50], before=second.before).rows == [5, 10]
    last = cut([5, 10, 30, 40, 50], after=second.after)
    assert (last.rows, last.after) == ([50], None)
    for nothing in (cut([5, 10], after=last.before), cut([90], before=first.after), cut([5], after="x"), cut([])):
        assert (len(nothing.rows), nothing.before, nothing.after) == (nothing.total, None, None)


def test_where_nothing_is_left_the_list_begins_again_and_a_file_of_it_ends(acme: Shop, ada: Vendor) -> None:
    """As when everything on the last part was decided about."""
    case = LISTS["questions"]
    with db.scoped(acme.id) as session:
        asked = [add(case, session, acme, ada, number) for number in range(1, 4)]
        page = list_questions(session, acme.id, state="open", limit=2)
        session.execute(update(Question).where(Question.id == asked[-1]).values(state=QuestionState.ANSWERED))
        again = list_questions(session, acme.id, state="open", place=Place(after=page.after or ""), limit=2)
        assert [row.question.id for row in again.rows] == asked[:2]
        parts = iter([page, again])
        assert len(list(every_row(lambda _place: next(parts)))) == 2


def test_an_old_link_to_a_numbered_page_shows_the_beginning(merchant: FlaskClient) -> None:
    for path in PAGES:
        answer = merchant.get(f"{path}?page=2")
        assert answer.status_code == 200, path


def test_the_way_on_keeps_search_and_filters_also_after_a_decision(merchant: FlaskClient, shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        seller = make_vendor(session, shop, Vendor(), 0)
        session.add(seller)
        session.flush()
        for number in range(1, 28):
            add(LISTS["questions"], session, shop, seller, number)
    page = merchant.get("/app/questions?state=open&q=blue&page=7").text
    assert "25 of 27" in page
    assert "page=7" not in way_on(page)
    page = merchant.post("/app/questions/3/hide?state=open&q=blue").text
    assert "25 of 26" in page
    assert way_on(page).startswith("/app/questions?state=open&q=blue&after=")
    page = merchant.get(way_on(page)).text
    assert "1 of 26" in page
    assert 'Next page" disabled' in page


def way_on(page: str) -> str:
    """Where the button to the next part leads."""
    found = re.search(r'"Next page" href="([^"]+)"', page)
    assert found
    return html.unescape(found[1])
