"""A customer asks what is held about them: all of it, and nothing of anybody else."""

import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.models.emails import Email
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.orders import OrderDispute, OrderReturn
from app.models.privacy import PrivacyExport, PrivacyState
from app.models.shops import Shop
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from devstore.store import Doc, Store
from jobs import events, privacy
from tests.apps import get_app
from tests.devstore.orders.cast import buy
from tests.privacy.conftest import CLEO, Office, where_found
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, office: Office) -> Doc:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    buy(store, (goods.vase, 1), email="namesake@example.com")
    office.bring()
    return order


@pytest.fixture
def browser(connected: ShopCredentials, shopify: FakeShopify) -> Iterator[FlaskClient]:
    with db.scoped(connected.shop_id) as session:
        session.get_one(Shop, connected.shop_id).definitions_version = definitions.VERSION
    with get_app().test_client() as client:
        yield client


def bearer(shop: str = "acme.myshopify.com") -> dict[str, str]:
    return {"Authorization": f"Bearer {sign_id_token(shop)}"}


def ask(office: Office, order: Doc, event_id: str = "ask") -> int:
    customer = {"id": order["customer_id"], "email": CLEO, "phone": None}
    return office.ask(
        "customers/data_request", event_id, customer=customer, orders_requested=[order["id"]], data_request={"id": 9999}
    )


def test_the_export_holds_everything_about_the_customer_and_nobody_else(
    office: Office, order: Doc, browser: FlaskClient
) -> None:
    ask(office, order)
    office.carry_out(1)
    request = office.the_request()
    answer = browser.get(f"/app/privacy/{request.id}/export.json", headers=bearer())
    assert answer.headers["Content-Disposition"] == f'attachment; filename="customer-data-{request.id}.json"'
    export = json.loads(answer.data)
    (held,) = export["orders"]
    assert (held["number"], held["customer_email"], held["total"]) == (order["name"], CLEO, order["total_price"])
    assert [(item["title"], item["quantity"], item["seller"]) for item in held["items"]] == [
        ("Mug", 2, "Ada's Ceramics"),
        ("Loaf", 1, "Bea's Bakery"),
    ]
    assert held["as_shopify_told_it"]["shipping_address"]["address1"] == "1 Harbour Road"
    assert {part["seller"] for part in held["shown_to_sellers"]} == {"Ada's Ceramics", "Bea's Bakery"}
    assert [email["to"] for email in export["emails"]] == [CLEO]
    topics = [message["topic"] for message in export["messages_from_shopify"]]
    assert {"orders/create", "customers/data_request"} <= set(topics)
    assert "namesake" not in answer.text
    assert request.counts == {"orders": 1, "emails": 1, "inbox_events": len(topics)}


def test_the_export_tells_of_returns_and_disputes(office: Office, order: Doc, acme: Shop, browser: FlaskClient) -> None:
    of_order = {"shop_id": acme.id, "order_shopify_id": order["id"]}
    with db.scoped(acme.id) as session:
        mug = {"line": order["line_items"][0]["id"], "quantity": 1, "refunded": 0, "reason": "Too small"}
        session.add(OrderReturn(**of_order, shopify_id=5, name="#1001-R1", status="open", lines=[mug]))
        told = {"id": 6, "reason": "fraudulent"}
        session.add(
            OrderDispute(**of_order, shopify_id=6, opened_at=clock.now(), state="open", snapshot=told, terms={})
        )
        session.add(OrderReturn(shop_id=acme.id, order_shopify_id=order["id"] + 1, shopify_id=7, name="another's"))
    ask(office, order)
    office.carry_out(1)
    export = json.loads(browser.get(f"/app/privacy/{office.the_request().id}/export.json", headers=bearer()).data)
    (held,) = export["orders"]
    (back,) = held["returns"]
    assert (back["number"], back["state"]) == ("#1001-R1", "open")
    assert back["items"] == [{"title": "Mug", "quantity": 1, "reason": "Too small"}]
    assert held["disputes"] == [told]


def test_the_page_to_read_says_the_same_and_runs_no_script(
    office: Office, goods: SimpleNamespace, store: Store, browser: FlaskClient
) -> None:
    order = buy(store, (goods.mug, 1), note="<script>alert(1)</script>")
    office.bring()
    ask(office, order)
    office.carry_out(1)
    page = browser.get(f"/app/privacy/{office.the_request().id}/export.html", headers=bearer()).text
    for said in (CLEO, "1 Harbour Road", "Mug", order["name"], "Ada&#39;s Ceramics"):
        assert said in page
    assert "<script" not in page
    assert "alert(1)" in page


def test_the_export_is_encrypted_where_it_lies(office: Office, order: Doc) -> None:
    ask(office, order)
    office.carry_out(1)
    assert len(office.exports()) == 1
    assert not {place for place in where_found(CLEO) if place.startswith("privacy")}


def test_the_merchant_is_told_by_an_email_that_names_nobody(office: Office, order: Doc) -> None:
    ask(office, order)
    office.carry_out(1)
    with db.system() as session:
        (email,) = session.scalars(select(Email).where(Email.kind == "privacy_export_ready")).all()
    assert email.to_address == "owner@acme.example"
    assert f"/apps/stallkeeper/app/privacy/{office.the_request().id}" in email.text_body
    assert CLEO not in email.html + email.text_body
    assert "Cleo" not in email.html + email.text_body


def test_each_download_is_written_down_and_other_shops_get_none(
    office: Office, order: Doc, browser: FlaskClient, zenith: Shop
) -> None:
    ask(office, order)
    office.carry_out(1)
    address = f"/app/privacy/{office.the_request().id}/export.json"
    assert browser.get(address, headers=bearer("zenith.myshopify.com")).status_code == 404
    assert browser.get(f"/app/privacy/{office.the_request().id}", headers=bearer(zenith.domain)).status_code == 404
    assert browser.get(address, headers=bearer()).status_code == 200
    with db.system() as session:
        taken = session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "privacy.download")).all()
    assert len(taken) == 1
    assert taken[0].startswith("staff:")


def test_after_thirty_days_the_export_is_gone_and_a_replay_makes_a_new_one(
    office: Office, order: Doc, browser: FlaskClient
) -> None:
    inbox_id = ask(office, order)
    office.carry_out(1)
    assert (office.exports()[0].expires_at - office.exports()[0].made_at).days == 30
    with db.system() as session:
        session.execute(update(PrivacyExport).values(expires_at=clock.now() - timedelta(seconds=1)))
    address = f"/app/privacy/{office.the_request().id}/export.json"
    assert browser.get(address, headers=bearer()).status_code == 404
    privacy.sweep()
    assert office.exports() == []
    assert "download was deleted" in browser.get(address.removesuffix("/export.json"), headers=bearer()).text
    with db.system() as session:
        session.execute(update(InboxEvent).where(InboxEvent.id == inbox_id).values(state=InboxState.RECEIVED))
    events.drain()
    office.carry_out(1)
    assert json.loads(browser.get(address, headers=bearer()).data)["orders"]


def test_forgetting_the_customer_deletes_their_export_too(office: Office, order: Doc) -> None:
    ask(office, order)
    office.carry_out(1)
    customer = {"id": order["customer_id"], "email": CLEO, "phone": None}
    office.ask("customers/redact", "forget", customer=customer, orders_to_redact=[order["id"]])
    office.carry_out()
    assert office.exports() == []
    assert office.requests()[1].counts["privacy_exports"] == 1
    assert where_found(CLEO) == set()


def test_a_customer_of_whom_nothing_is_held_gets_an_empty_export(office: Office, browser: FlaskClient) -> None:
    office.ask(
        "customers/data_request",
        customer={"id": 1, "email": None, "phone": None},
        orders_requested=[],
        data_request={"id": 1},
    )
    office.carry_out(1)
    request = office.the_request()
    export = json.loads(browser.get(f"/app/privacy/{request.id}/export.json", headers=bearer()).data)
    assert (export["orders"], export["emails"]) == ([], [])
    assert [message["topic"] for message in export["messages_from_shopify"]] == ["customers/data_request"]


def test_the_list_shows_what_was_asked_and_what_was_found(office: Office, order: Doc, browser: FlaskClient) -> None:
    assert "No privacy requests yet" in browser.get("/app/privacy", headers=bearer()).text
    ask(office, order)
    page = browser.get("/app/privacy", headers=bearer()).text
    assert "In progress" in page
    office.carry_out(1)
    page = browser.get("/app/privacy", headers=bearer()).text
    assert "1 order, 1 e-mail and" in page
    assert str(order["customer_id"]) in page
    assert "No request matches" in browser.get("/app/privacy?kind=shop_redact", headers=bearer()).text
    assert "No request matches" in browser.get("/app/privacy?q=12345", headers=bearer()).text
    found = browser.get(f"/app/privacy?q={order['customer_id']}&state=done", headers=bearer()).text
    assert "customer&#39;s data" in found
    assert "/app/privacy" in browser.get("/app/settings", headers=bearer()).text
    assert office.the_request().state is PrivacyState.DONE
