"""Deliveries: signed, tried again with the same bytes, and troubled on demand. The app's end is a real socket."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from devstore import server, webhooks
from devstore.faults import FAULTS
from devstore.installations import install, uninstall
from devstore.webhooks import Courier, emit
from tests.devstore.conftest import ACME, ZENITH, Shopify


class App(ThreadingHTTPServer):
    """Notes every request, answers with the next of `statuses`, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait_for(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        until = time.monotonic() + 60
        while len(self.seen) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.seen) >= count
        return self.seen


class _Handler(BaseHTTPRequestHandler):
    server: App

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.server.seen.append((dict(self.headers), body))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def app() -> Iterator[App]:
    served = App()
    thread = threading.Thread(target=served.serve_forever, args=(0.01,))
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    yield
    FAULTS.clear()


@pytest.fixture
def sending(app: App, open_shopify: Callable[..., Shopify]) -> Iterator[Shopify]:
    shopify = open_shopify(app.url)
    install(shopify.store, ACME)
    courier = Courier(shopify.store)
    shopify.client = server.create_app(shopify.config, shopify.store, courier).test_client()
    courier.start()
    yield shopify
    courier.stop()


def settle(shopify: Shopify) -> dict[str, int]:
    answer: dict[str, int] = shopify.client.post("/_control/webhooks/settle", json={}).get_json()
    return answer


def test_a_delivery_is_signed_over_its_exact_bytes(app: App, sending: Shopify) -> None:
    emit(sending.store, ACME, "orders/create", {"id": 7, "name": "#1001 “é”"})
    headers, body = app.wait_for(1)[0]
    expected = hmac.new(sending.config.client_secret.encode(), body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(expected).decode()
    assert headers["X-Shopify-Topic"] == "orders/create"
    assert headers["X-Shopify-Shop-Domain"] == ACME
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert {"X-Shopify-Webhook-Id", "X-Shopify-Event-Id", "X-Shopify-Triggered-At"} <= headers.keys()
    assert json.loads(body) == {"id": 7, "name": "#1001 “é”"}


def test_a_retry_keeps_the_original_payload_and_ids(app: App, sending: Shopify) -> None:
    app.statuses = [503, 500]
    emit(sending.store, ACME, "orders/create", {"id": 7})
    app.wait_for(1)
    for tries, seconds in ((2, 20), (3, 100)):
        settle(sending)
        sending.client.post("/_control/clock", json={"offset_seconds": seconds})
        app.wait_for(tries)
    assert len({body for _, body in app.seen}) == 1
    assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in app.seen}) == 1
    settle(sending)
    delivery = sending.deliveries()[0]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503, 500, 200]
    assert delivery["state"] == "sent"


def test_nine_failures_within_four_hours_are_the_end() -> None:
    assert len(webhooks.RETRY_AFTER_SECONDS) == 8
    assert sum(webhooks.RETRY_AFTER_SECONDS) == 4 * 3600
    assert list(webhooks.RETRY_AFTER_SECONDS) == sorted(webhooks.RETRY_AFTER_SECONDS)


def test_what_was_not_sent_is_sent_after_a_restart(app: App, open_shopify: Callable[..., Shopify]) -> None:
    before = open_shopify(app.url)
    install(before.store, ACME)
    emit(before.store, ACME, "orders/create", {"id": 7})
    before.store.close()
    courier = Courier(open_shopify(app.url).store)
    courier.start()
    assert app.wait_for(1)[0][1] == b'{"id": 7}'
    courier.stop()


def test_nothing_leaves_when_the_transaction_fails(sending: Shopify) -> None:
    def fail() -> None:
        with sending.store.transaction():
            emit(sending.store, ACME, "orders/create", {"id": 7})
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert sending.deliveries() == []


def test_a_shop_without_the_app_sends_nothing_but_compliance(sending: Shopify) -> None:
    emit(sending.store, ZENITH, "orders/create", {"id": 7})
    emit(sending.store, ZENITH, "shop/redact", {"shop_id": 1})
    assert [each["topic"] for each in sending.deliveries(ZENITH)] == ["shop/redact"]
    uninstall(sending.store, ACME, {"id": 1})
    assert [each["topic"] for each in sending.deliveries()] == ["app/uninstalled"]


def test_a_metaobject_of_another_type_passes_the_filter_by(sending: Shopify) -> None:
    app_id = (sending.store.find("", "app") or {})["id"]
    emit(sending.store, ACME, "metaobjects/update", {"type": f"app--{app_id}--vendor"})
    emit(sending.store, ACME, "metaobjects/update", {"type": f"app--{app_id}--note"})
    assert len(sending.deliveries()) == 1


def test_redelivery_repeats_everything_backwards(app: App, sending: Shopify) -> None:
    for number in (1, 2, 3):
        emit(sending.store, ACME, "orders/create", {"id": number})
    app.wait_for(3)
    assert settle(sending) == {"due": 0, "pending": 0}
    app.seen.clear()
    again = sending.client.post("/_control/webhooks/redeliver", json={"mode": "reverse"}).get_json()
    assert [each["status"] for each in again] == [200, 200, 200]
    assert [json.loads(body)["id"] for _, body in app.seen] == [3, 2, 1]
    assert {headers["X-Shopify-Event-Id"] for headers, _ in app.seen} == {
        each["event_id"] for each in sending.deliveries()
    }


def test_redelivery_can_begin_at_a_moment(app: App, sending: Shopify) -> None:
    emit(sending.store, ACME, "orders/create", {"id": 1})
    app.wait_for(1)
    sending.client.post("/_control/clock", json={"offset_seconds": 3600})
    since = sending.store.clock.now().isoformat()
    emit(sending.store, ACME, "orders/create", {"id": 2})
    app.wait_for(2)
    settle(sending)
    asked = {"mode": "duplicate", "since": since}
    again = sending.client.post("/_control/webhooks/redeliver", json=asked).get_json()
    assert [json.loads(each["body"])["id"] for each in again] == [2]
    assert len(sending.client.get("/_control/webhooks", query_string={"since": since}).get_json()) == 1
    assert sending.client.get("/_control/webhooks?since=yesterday").status_code == 400


def test_a_delivery_that_waits_for_another_try_is_still_pending(app: App, sending: Shopify) -> None:
    app.statuses = [503]
    emit(sending.store, ACME, "orders/create", {"id": 1})
    app.wait_for(1)
    settle(sending)
    pending = sending.client.get("/_control/webhooks?state=pending").get_json()
    assert [attempt["status"] for each in pending for attempt in each["attempts"]] == [503]


def test_faults_drop_double_and_delay(app: App, sending: Shopify) -> None:
    for kind in ("drop", "duplicate"):
        assert sending.client.post("/_control/faults", json={"target": "webhooks", "kind": kind}).status_code == 200
    with sending.store.transaction():
        for number in (1, 2, 3):
            emit(sending.store, ACME, "orders/create", {"id": number})
    app.wait_for(3)
    settle(sending)
    assert sorted(each["state"] for each in sending.deliveries()) == ["dropped", "sent", "sent"]
    assert len(app.seen) == 3


def test_a_fault_that_does_not_exist_is_refused_with_a_list(sending: Shopify) -> None:
    answer = sending.client.post("/_control/faults", json={"target": "webhooks", "kind": "explode"})
    assert answer.status_code == 400
    assert "duplicate" in answer.get_json()["error"]


def test_a_subscription_made_by_the_api_gets_its_own_copy(app: App, sending: Shopify) -> None:
    create = """mutation($given: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: CUSTOMERS_CREATE, webhookSubscription: $given) {
        webhookSubscription { id topic } userErrors { message } } }"""
    made = sending.ask(create, {"given": {"uri": f"{app.url}/extra"}})["webhookSubscriptionCreate"]
    assert made["webhookSubscription"]["topic"] == "CUSTOMERS_CREATE"
    emit(sending.store, ACME, "customers/create", {"id": 1})
    assert app.wait_for(1)[0][0]["X-Shopify-Topic"] == "customers/create"
