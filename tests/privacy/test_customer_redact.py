"""A customer is forgotten: nowhere to be found, and the books do not move by a cent."""

import json
import random
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app import clock, db
from app.emails import service
from app.emails.service import queue_email
from app.errors import Conflict
from app.models.emails import Email, EmailStatus
from app.models.events import AuditEntry, EventDelivery, InboxEvent, InboxState
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.privacy import PrivacyState
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.inscriptions import list_inscriptions
from app.orders.service import book_order, lock_order
from app.payouts.checks import check_books
from app.privacy import erasure
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.tracking import Tracking
from devstore.store import Doc, Store
from jobs import events
from tests.devstore.orders.cast import ACME, ADDRESS, buy
from tests.privacy.conftest import CLEO, TRACES, Office, dump, where_found

BOOKS = ("ledger_transactions", "ledger_entries")
ENGRAVED = "Zoe, our first day"
TRACKING = Tracking("DHL Express", ("TRACK123456",))


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, office: Office) -> Doc:
    """Cleo bought a mug and a loaf, got a parcel and part of her money back, and left remarks."""
    order = buy(store, (goods.mug, 2), (goods.loaf, 1), written={"MUG": {"Engraving": ENGRAVED}})
    lines = {line["sku"]: line["id"] for line in order["line_items"]}
    fulfil_lines(store, ACME, order["id"], {lines["MUG"]: 2}, tracking=TRACKING)
    refund_order(store, ACME, order["id"], RefundRequest(lines=[LineRefund(lines["LOAF"], 1)], note=f"for {CLEO}"))
    office.bring()
    return order


def redact(office: Office, order: Doc, event_id: str = "ask", **more: Any) -> int:
    customer = {"id": order["customer_id"], "email": CLEO, "phone": "+1 503 555 0123"}
    return office.ask("customers/redact", event_id, customer=customer, orders_to_redact=[order["id"]], **more)


def test_nothing_of_the_customer_is_left_in_any_column_of_any_table(
    office: Office, order: Doc, acme: Shop, ada: Vendor
) -> None:
    with db.scoped(acme.id) as session:
        entry = {"subject_type": "order", "subject_id": 1, "action": "order.note", "actor": "staff:1"}
        session.add(AuditEntry(shop_id=acme.id, reason=f"Cleo Customer rang from {CLEO}", **entry))
        session.execute(update(EventDelivery).values(error=f"no such thing: {CLEO}, 1 Harbour Road"))
    before = where_found(*TRACES)
    for place in ("inbox_events.body", "orders.snapshot", "orders.customer_email", "vendor_orders.ship_to",
                  "emails.to_address", "emails.html", "audit_entries.reason", "event_deliveries.error"):  # fmt: skip
        assert place in before
    assert {"orders.snapshot", "inbox_events.body", "emails.html", "emails.text_body"} <= where_found(ENGRAVED)
    redact(office, order)
    office.carry_out()
    assert where_found(*TRACES, "TRACK123456", "+1 503 555 0123", ENGRAVED) == set()
    request = office.the_request()
    assert (request.state, request.person) == (PrivacyState.DONE, None)
    assert request.counts["orders"] == 1
    assert request.counts["vendor_orders"] == 2
    assert request.counts["inbox_events"] >= 4
    assert request.counts["emails"] >= 1


def test_the_books_stay_as_they_are_and_can_be_made_again(office: Office, order: Doc, acme: Shop) -> None:
    before = dump(*BOOKS)
    redact(office, order)
    office.carry_out()
    with db.scoped(acme.id) as session:
        row = lock_order(session, acme.id, order["id"])
        assert row is not None
        book_order(session, row)
        assert check_books(session, session.get_one(Shop, acme.id)).findings == ()
    assert dump(*BOOKS) == before
    assert before["ledger_entries"]


def test_the_stored_webhook_keeps_its_amounts(office: Office, order: Doc) -> None:
    redact(office, order)
    office.carry_out()
    with db.system() as session:
        bodies = session.scalars(select(InboxEvent.body).where(InboxEvent.topic == "orders/create")).all()
    (body,) = (json.loads(each) for each in bodies)
    assert body["total_price_set"]["shop_money"]["amount"] == order["total_price"]
    assert len(body["line_items"]) == 2
    assert (body["email"], body["customer"], body["shipping_address"]) == (None, None, None)


def test_a_second_time_changes_nothing(office: Office, order: Doc) -> None:
    inbox_id = redact(office, order)
    office.carry_out()
    tables = ("orders", "vendor_orders", "emails", "order_refunds", "fulfilments", *BOOKS)
    before, counts = dump(*tables), office.the_request().counts
    with db.system() as session:
        session.execute(update(InboxEvent).where(InboxEvent.id == inbox_id).values(state=InboxState.RECEIVED))
    events.drain()
    office.carry_out()
    assert dump(*tables) == before
    assert (office.the_request().state, office.the_request().counts) == (PrivacyState.DONE, counts)


@pytest.mark.parametrize("seed", range(3))
def test_news_that_come_after_the_request_bring_nobody_back(
    goods: SimpleNamespace, store: Store, office: Office, acme: Shop, seed: int
) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    lines = {line["sku"]: line["id"] for line in order["line_items"]}
    fulfil_lines(store, ACME, order["id"], {lines["MUG"]: 2}, tracking=TRACKING)
    refund_order(store, ACME, order["id"], RefundRequest(lines=[LineRefund(lines["LOAF"], 1)]))
    chance = random.Random(seed)
    early = {sent["id"] for sent in store.all(ACME, "webhook_delivery") if chance.random() < 0.5}
    office.bring(lambda sent: sent["id"] in early)
    # Shopify names only the customer: the order may not even be known yet.
    customer = {"id": order["customer_id"], "email": CLEO, "phone": None}
    office.ask("customers/redact", customer=customer, orders_to_redact=[])
    office.carry_out()
    office.bring()
    office.carry_out()
    assert where_found(*TRACES, "TRACK123456") == set()
    with db.scoped(acme.id) as session:
        assert check_books(session, session.get_one(Shop, acme.id)).findings == ()
        assert session.scalars(select(VendorOrder.earned_minor)).all()


def test_no_update_brings_a_forgotten_customers_words_back(
    office: Office, order: Doc, store: Store, acme: Shop
) -> None:
    """Shopify tells whole orders, with all that was ever written on them."""
    updates = [sent for sent in store.all(ACME, "webhook_delivery") if sent["topic"] == "orders/updated"]
    body = json.loads(updates[-1]["body"])
    redact(office, order)
    office.carry_out()
    later = (store.clock.now() + timedelta(minutes=1)).isoformat()
    written = [{"name": "Engraving", "value": ENGRAVED}]
    body |= {"updated_at": later, "note": ENGRAVED, "note_attributes": written, "customer": None, "email": None}
    for line in body["line_items"]:
        line["properties"] = written
    refund = body["refunds"][-1] | {"note": ENGRAVED, "order_id": order["id"]}
    office.receive("orders/updated", json.dumps(body).encode(), "late-1")
    office.receive("refunds/create", json.dumps(refund).encode(), "late-2")
    office.settle()
    assert where_found(*TRACES, ENGRAVED) == set()
    with db.scoped(acme.id) as session:
        held = session.scalars(select(Order)).one()
        assert held.snapshot_updated_at == datetime.fromisoformat(later)
        assert list_inscriptions(acme.id, session.scalars(select(OrderLine)).all()) == {}


def test_an_order_placed_afterwards_is_a_new_relationship(
    office: Office, order: Doc, goods: SimpleNamespace, store: Store
) -> None:
    redact(office, order, triggered_at=store.clock.now())
    office.carry_out()
    store.clock.set_offset(86400)
    later = buy(store, (goods.mug, 1))
    assert later["customer_id"] == order["customer_id"]
    office.bring()
    with db.system() as session:
        named = session.scalars(select(Order.name).where(Order.customer_email == CLEO)).all()
    assert named == [later["name"]]


def test_another_customer_of_the_same_name_and_house_loses_nothing(
    goods: SimpleNamespace, store: Store, office: Office
) -> None:
    order = buy(store, (goods.mug, 1))
    other = buy(store, (goods.loaf, 1), email="namesake@example.com", shipping_address=ADDRESS)
    assert other["customer_id"] != order["customer_id"]
    office.bring()
    before = [row for row in dump("orders")["orders"] if row.shopify_id == other["id"]]
    redact(office, order)
    office.carry_out()
    assert [row for row in dump("orders")["orders"] if row.shopify_id == other["id"]] == before
    with db.system() as session:
        parts = session.scalars(select(VendorOrder).where(VendorOrder.order_shopify_id == other["id"])).all()
        assert [part.customer_name for part in parts] == ["Cleo Customer"]
        bodies = session.scalars(select(InboxEvent.body).where(InboxEvent.topic == "orders/create")).all()
    assert sum(b"namesake@example.com" in body and b"1 Harbour Road" in body for body in bodies) == 1
    assert where_found(CLEO) == set()


def test_an_email_that_waited_is_not_sent_and_cannot_be(office: Office, order: Doc, acme: Shop) -> None:
    redact(office, order)
    office.carry_out()
    with db.system() as session:
        rows = session.execute(text("SELECT status, to_address, text_body, error FROM emails WHERE vendor_id IS NULL"))
        assert {tuple(row) for row in rows} == {
            (
                "failed",
                "[removed]",
                "The recipient asked to be forgotten.",
                "The recipient asked to be forgotten. It was not sent.",
            )
        }
        told = session.execute(text("SELECT status, text_body FROM emails WHERE kind = 'vendor_new_order'"))
        assert {tuple(row) for row in told} == {("queued", "What a customer wrote was removed.")}, "and goes to vendors"


def test_an_email_that_was_on_its_way_is_emptied_by_the_second_look(
    office: Office, order: Doc, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.system() as session:
        email_id = session.scalars(select(Email.id).where(Email.to_address == CLEO)).first()
    assert email_id is not None

    def slow_provider(email: Email, reply_to: str | None) -> str:
        redact(office, order)
        office.carry_out(1)
        return "provider-1"

    monkeypatch.setattr("app.emails.service._hand_over", slow_provider)
    service.send(office.shop.id, email_id)
    with db.system() as session:
        email = session.get_one(Email, email_id)
        assert (email.status, email.to_address) == (EmailStatus.SENT, "[removed]")
    office.carry_out(1)
    assert where_found(*TRACES) == set()
    with pytest.raises(Conflict), db.scoped(office.shop.id) as session:
        service.send_again(session, session.get_one(Email, email_id))


def test_a_seller_who_also_shops_stays_a_seller(office: Office, order: Doc, acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        row = session.get_one(Vendor, ada.id)
        row.email, row.shopify_customer_id = CLEO, order["customer_id"]
        context = {"vendor_name": "Ada", "link": "https://acme.example/portal/login"}
        queue_email(session, acme.id, "vendor_pending", CLEO, context, vendor_id=ada.id, dedupe_key="pending")
    redact(office, order)
    office.carry_out()
    with db.scoped(acme.id) as session:
        row = session.get_one(Vendor, ada.id)
        assert (row.email, row.shopify_customer_id) == (CLEO, None)
    assert where_found(CLEO) == {"vendors.email", "emails.to_address"}


def test_a_run_that_is_killed_half_way_is_finished_by_the_next(
    office: Office, order: Doc, monkeypatch: pytest.MonkeyPatch
) -> None:
    redact(office, order)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_empty_emails", killed)
        with pytest.raises(KeyboardInterrupt):
            office.carry_out(1)
    assert where_found("1 Harbour Road") != set()
    office.carry_out()
    assert where_found(*TRACES) == set()


def test_a_request_signed_for_another_shop_or_topic_removes_nothing(
    office: Office, order: Doc, acme: Shop, zenith: Shop
) -> None:
    customer = {"id": order["customer_id"], "email": CLEO, "phone": None}
    body = {"shop_id": 1, "shop_domain": zenith.domain, "customer": customer, "orders_to_redact": [order["id"]]}
    foreign = office.receive("customers/redact", json.dumps(body).encode(), "foreign")
    data = {**body, "shop_domain": acme.domain, "orders_requested": [], "data_request": {"id": 1}}
    del data["orders_to_redact"]
    swapped = office.receive("customers/redact", json.dumps(data).encode(), "swapped")
    events.drain()
    with db.system() as session:
        assert {session.get_one(InboxEvent, each).state for each in (foreign, swapped)} == {InboxState.DEAD}
    assert office.requests() == []
    assert "orders.customer_email" in where_found(CLEO)


def test_the_clock_of_thirty_days_starts_with_the_webhook(office: Office, order: Doc) -> None:
    redact(office, order)
    request = office.the_request()
    assert (request.due_at - request.received_at).days == 30
    assert abs((clock.now() - request.received_at).total_seconds()) < 60
