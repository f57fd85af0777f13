"""A shop removes the app: its work stops, its data waits, and goes when Shopify says so, unless it has come back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from app import clock, db
from app.emails import service as emails
from app.models.emails import Email, EmailStatus
from app.models.events import DomainEvent, InboxEvent, InboxState
from app.models.mapping import Model
from app.models.orders import Order
from app.models.privacy import PrivacyState
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.queue import QUEUES, get_redis
from app.shopify.tokens import ShopCredentials
from devstore.store import Store
from jobs import books, events, outbox, payouts, shops
from jobs.schedule import SCHEDULE
from tests.apps import get_app
from tests.devstore.orders.cast import buy
from tests.privacy.conftest import Office, where_found
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token

ACME_TRACES = ("cleo@example.com", "owner@acme.example", "ada@example.com", "Ada's Ceramics", "1 Harbour Road", "Mug")


@pytest.fixture
def busy(goods: SimpleNamespace, store: Store, office: Office, connected: ShopCredentials, cy: Vendor) -> Office:
    """Acme with an order in the books; Zenith next door."""
    buy(store, (goods.mug, 2), (goods.loaf, 1))
    office.bring()
    for _ in range(2):  # prepared, then made
        books.close()
    return office


@pytest.fixture
def browser(connected: ShopCredentials, shopify: FakeShopify) -> Iterator[FlaskClient]:
    with get_app().test_client() as client:
        yield client


def shop_of(office: Office) -> Shop:
    with db.system() as session:
        return session.get_one(Shop, office.shop.id)


def uninstall(office: Office, shopify: FakeShopify, *, event_id: str = "gone") -> None:
    """Through the real webhook; Shopify confirms that our access has ended."""
    shopify.answer("currentAppInstallation", httpx.Response(401))
    shopify.token_answers = [httpx.Response(400, json={"error": "invalid_grant"})] * 3
    body = {"id": 1, "name": "Acme", "myshopify_domain": office.shop.domain}
    office.receive("app/uninstalled", json.dumps(body).encode(), event_id, triggered_at=clock.now())
    events.drain()
    shops.confirm_uninstall(office.shop.id)
    shopify.token_answers = []
    assert shop_of(office).status is ShopStatus.UNINSTALLED


def rung() -> set[str]:
    """Jobs that every periodic sweep rings for, by name with arguments."""
    redis: Any = get_redis()
    return {
        job.decode() for queue in QUEUES for key in redis.lrange(f"rq:queue:{queue}", 0, -1)
        for job in [redis.hget(f"rq:job:{key.decode()}", "description") or b""]
    }  # fmt: skip


def rows_of(shop: Shop) -> dict[str, int]:
    """How many rows of a shop each table holds; empty ones left out."""
    with db.get_engine().connect() as connection:
        counted = {
            table.name: connection.execute(
                text(f"SELECT count(*) FROM {table.name} WHERE shop_id = :shop"), {"shop": shop.id}
            ).scalar_one()
            for table in Model.metadata.sorted_tables
            if "shop_id" in table.c
        }
    return {name: count for name, count in counted.items() if count}


def test_an_uninstall_drops_the_tokens_and_stops_jobs_and_emails(
    busy: Office, shopify: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def hand_over(*args: Any) -> str:
        sent.append(args)
        return "id"

    monkeypatch.setattr("app.emails.service._hand_over", hand_over)
    uninstall(busy, shopify)
    shop = shop_of(busy)
    assert (shop.access_token, shop.refresh_token) == (None, None)
    with db.system() as session:
        waiting = session.scalars(select(Email.id).where(Email.status == EmailStatus.QUEUED)).all()
        session.execute(update(Email).values(created_at=clock.now() - timedelta(hours=1)))
        session.execute(update(DomainEvent).values(dispatched_at=None))
        session.execute(text("UPDATE vendor_orders SET next_release_at = now() - interval '1 hour'"))
    assert waiting
    get_redis().flushdb()
    for email_id in waiting:
        emails.send(shop.id, email_id)
    emails.sweep()
    outbox.sweep()
    assert outbox.deliver(shop.id) == 0
    assert payouts.release_holds() == 0
    assert (sent, rung()) == ([], set())


def test_no_sweep_rings_for_a_shop_that_has_left(busy: Office, shopify: FakeShopify, ada: Vendor) -> None:
    """Every entry of the schedule that names a shop's work: nothing of Acme's is rung for."""
    uninstall(busy, shopify)
    with db.system() as session:
        session.execute(update(Email).values(created_at=clock.now() - timedelta(hours=1)))
        session.execute(update(DomainEvent).values(dispatched_at=None))
        session.execute(update(Vendor).values(profile_synced_at=None))
        parcel = {"shop": busy.shop.id, "vendor": ada.id}
        session.execute(
            text(
                "INSERT INTO fulfilments (shop_id, vendor_id, order_shopify_id, state, quantities, fulfilled_at)"
                " VALUES (:shop, :vendor, 1, 'requested', '{}', now())"
            ),
            parcel,
        )
    get_redis().flushdb()
    import pkgutil  # noqa: PLC0415

    for periodic in SCHEDULE:
        if "sweep" in periodic.job:
            pkgutil.resolve_name(periodic.job)()
    assert not {job for job in rung() if f"({busy.shop.id}," in job or f"({busy.shop.id})" in job}


def test_pages_of_a_shop_that_left_refuse_and_its_data_wait(
    busy: Office, shopify: FakeShopify, browser: FlaskClient
) -> None:
    before = rows_of(busy.shop)
    uninstall(busy, shopify)
    after = rows_of(busy.shop)
    assert {name: after[name] for name in before if name not in {"inbox_events", "audit_entries"}} == {
        name: count for name, count in before.items() if name not in {"inbox_events", "audit_entries"}
    }
    late = busy.receive("orders/create", b"{}", "late")
    events.drain()
    with db.system() as session:
        assert session.get_one(InboxEvent, late).state is InboxState.REFUSED
    assert browser.get("/app").status_code in {302, 400, 401}


def test_a_reinstall_picks_up_where_it_was(busy: Office, shopify: FakeShopify, browser: FlaskClient) -> None:
    uninstall(busy, shopify)
    before = rows_of(busy.shop)
    token = sign_id_token(busy.shop.domain)
    assert browser.get("/app/orders", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    shop = shop_of(busy)
    assert (shop.status, shop.uninstalled_at) == (ShopStatus.INSTALLED, None)
    assert shop.access_token is not None
    assert rows_of(busy.shop)["orders"] == before["orders"]
    with db.system() as session:
        session.execute(update(Email).values(created_at=clock.now() - timedelta(hours=1)))
    get_redis().flushdb()
    assert emails.sweep() > 0


def test_shop_redact_erases_every_row_of_the_shop_and_none_of_others(
    busy: Office, shopify: FakeShopify, zenith: Shop
) -> None:
    office, others = busy, rows_of(zenith)
    with db.system() as session:
        session.get_one(Shop, office.shop.id).primary_host = "pots.example"
    customer = {"id": 7, "email": "cleo@example.com", "phone": None}
    office.ask("customers/data_request", "data", customer=customer, orders_requested=[], data_request={"id": 1})
    office.carry_out(1)
    uninstall(office, shopify)
    assert where_found(*ACME_TRACES) != set()
    assert rows_of(office.shop).keys() >= {"ledger_entries", "closed_balances"}
    office.ask("shop/redact", triggered_at=clock.now())
    office.carry_out()
    assert rows_of(office.shop) == {"privacy_requests": 1}
    assert where_found(*ACME_TRACES) == set()
    assert rows_of(zenith) == others
    shop, receipt = shop_of(office), office.the_request()
    assert (shop.name, shop.email, shop.access_token, shop.refresh_token) == ("acme", None, None, None)
    assert shop.primary_host is None
    assert (receipt.state, receipt.person, receipt.customer_id) == (PrivacyState.DONE, None, None)
    assert receipt.counts["orders"] == 1
    assert receipt.counts["ledger_entries"] > 0


def test_a_shop_that_was_erased_can_come_back_to_an_empty_house(
    busy: Office, shopify: FakeShopify, browser: FlaskClient
) -> None:
    uninstall(busy, shopify)
    busy.ask("shop/redact", triggered_at=clock.now())
    busy.carry_out()
    headers = {"Authorization": f"Bearer {sign_id_token(busy.shop.domain)}"}
    page = browser.get("/app/privacy", headers=headers)
    assert page.status_code == 200
    assert "Delete the shop" in page.text
    assert browser.get("/app/settings", headers=headers).status_code == 200
    with db.system() as session:
        assert session.scalars(select(Order.id).where(Order.shop_id == busy.shop.id)).all() == []
    assert shop_of(busy).name == "Acme"


def test_a_shop_that_came_back_before_the_request_is_kept(
    busy: Office, shopify: FakeShopify, browser: FlaskClient
) -> None:
    asked_at = clock.now()
    uninstall(busy, shopify)
    browser.get("/app", headers={"Authorization": f"Bearer {sign_id_token(busy.shop.domain)}"})
    before = rows_of(busy.shop)
    busy.ask("shop/redact", triggered_at=asked_at)
    busy.carry_out()
    receipt = busy.the_request()
    assert receipt.state is PrivacyState.KEPT
    assert "installed again" in (receipt.note or "")
    assert rows_of(busy.shop)["ledger_entries"] == before["ledger_entries"]
    shop = shop_of(busy)
    assert shop.status is ShopStatus.INSTALLED
    assert shop.access_token is not None


def test_a_request_about_an_earlier_uninstall_leaves_a_later_one_its_48_hours(
    busy: Office, shopify: FakeShopify
) -> None:
    asked_at = clock.now() - timedelta(days=3)
    uninstall(busy, shopify)
    busy.ask("shop/redact", triggered_at=asked_at)
    busy.carry_out()
    assert busy.the_request().state is PrivacyState.KEPT
    assert rows_of(busy.shop)["orders"] == 1


def test_a_request_for_a_shop_that_never_left_asks_shopify_and_deletes_nothing(
    busy: Office, shopify: FakeShopify
) -> None:
    held = {"data": {"currentAppInstallation": {"id": "1", "accessScopes": []}}}
    shopify.answer("currentAppInstallation", httpx.Response(200, json=held))
    busy.ask("shop/redact", triggered_at=clock.now())
    busy.carry_out()
    assert busy.the_request().state is PrivacyState.KEPT
    assert "currentAppInstallation" in shopify.names()
    shop = shop_of(busy)
    assert (shop.status, shop.uninstalled_at) == (ShopStatus.INSTALLED, None)
    assert rows_of(busy.shop)["orders"] == 1


def test_a_lost_uninstall_webhook_does_not_save_the_data(busy: Office, shopify: FakeShopify) -> None:
    shopify.answer("currentAppInstallation", httpx.Response(401))
    shopify.token_answers = [httpx.Response(400, json={"error": "invalid_grant"})] * 3
    busy.ask("shop/redact", triggered_at=clock.now())
    busy.carry_out()
    assert busy.the_request().state is PrivacyState.DONE
    assert rows_of(busy.shop) == {"privacy_requests": 1}


def test_a_customers_request_cannot_be_replayed_as_the_shops(busy: Office, shopify: FakeShopify) -> None:
    uninstall(busy, shopify)
    inbox_id = busy.ask("shop/redact", customer={"id": 7, "email": None, "phone": None}, triggered_at=clock.now())
    with db.system() as session:
        assert session.get_one(InboxEvent, inbox_id).state is InboxState.DEAD
    assert rows_of(busy.shop)["orders"] == 1


def test_the_database_keeps_the_books_of_a_shop_that_has_not_left(busy: Office) -> None:
    with pytest.raises(DBAPIError, match="append-only"), db.system() as session:
        session.execute(text("DELETE FROM ledger_entries"))
    with pytest.raises(DBAPIError, match="permission denied"), db.scoped(busy.shop.id) as session:
        session.execute(text("DELETE FROM ledger_entries"))
