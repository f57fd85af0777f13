"""The webhook door, with real signatures, real threads and a real database."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import psycopg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from app import db
from app.config import get_config
from app.models.events import InboxEvent, InboxState
from app.models.shops import Shop
from app.queue import get_redis
from jobs.events import drain
from tests.shopify.signing import sign_proxy, sign_webhook
from tests.webhooks.sending import BODY, not_ours, send
from webhooks.inbox import Arrival, Inbox, Refused, Ring, connect, insert
from webhooks.intake import LARGEST_BODY, WebhookIntake

OLD = "the-previous-secret-of-thirty-two-bytes"


@pytest.fixture
def intake(database: str, unhurried_intake: None) -> WebhookIntake:
    return WebhookIntake(not_ours, Inbox(connect, Ring()))


def rows() -> list[InboxEvent]:
    with db.system() as session:
        return list(session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


def test_a_webhook_is_stored_as_it_came_before_it_is_answered(intake: WebhookIntake) -> None:
    assert send(intake) == 200
    (row,) = rows()
    assert (row.topic, row.shop_domain, row.event_id, bytes(row.body)) == (
        "orders/create",
        "acme.myshopify.com",
        "event-1",
        BODY,
    )
    until = time.monotonic() + 60
    while not get_redis().llen("rq:queue:events") and time.monotonic() < until:
        time.sleep(0.01)
    assert get_redis().llen("rq:queue:events") == 1


def test_the_same_event_in_another_delivery_is_stored_once(intake: WebhookIntake) -> None:
    assert [send(intake), send(intake, X_SHOPIFY_WEBHOOK_ID="delivery-2")] == [200, 200]
    assert len(rows()) == 1


def test_one_event_of_two_topics_is_two_rows(intake: WebhookIntake) -> None:
    assert [send(intake), send(intake, X_SHOPIFY_TOPIC="orders/paid")] == [200, 200]
    assert len(rows()) == 2


def test_a_moment_before_the_calendar_is_left_out(intake: WebhookIntake) -> None:
    assert send(intake, X_SHOPIFY_TRIGGERED_AT="0001-01-01T00:00:00+14:00") == 200
    assert [row.triggered_at for row in rows()] == [None]


def test_fifty_copies_at_once_leave_one_row(intake: WebhookIntake) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(send(intake))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 50
    assert len(rows()) == 1


def test_the_newer_header_family_is_understood(intake: WebhookIntake) -> None:
    newer = {
        "SHOPIFY_TOPIC": "orders/create",
        "SHOPIFY_SHOP_DOMAIN": "acme.myshopify.com",
        "SHOPIFY_WEBHOOK_ID": "delivery-9",
        "SHOPIFY_HMAC_SHA256": sign_webhook(BODY),
    }
    old = dict.fromkeys(
        [f"X_{name}" for name in newer] + ["X_SHOPIFY_EVENT_ID", "X_SHOPIFY_API_VERSION", "X_SHOPIFY_TRIGGERED_AT"], ""
    )
    assert send(intake, **old, **newer) == 200
    assert rows()[0].event_id == "delivery-9"


def test_a_signature_under_the_previous_secret_counts_while_keys_are_rotated(
    intake: WebhookIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(get_config(), shopify_api_secret_previous=OLD)
    monkeypatch.setattr("webhooks.intake.get_config", lambda: config)
    assert send(intake, X_SHOPIFY_HMAC_SHA256=sign_webhook(BODY, OLD)) == 200


@pytest.mark.parametrize(
    "signature",
    ["", "nonsense", "ÿÿÿ", sign_webhook(b"{}"), sign_webhook(BODY, OLD), base64.b64encode(b"x" * 32).decode()],
)
def test_a_wrong_signature_gets_401_and_leaves_nothing(intake: WebhookIntake, signature: str) -> None:
    assert send(intake, X_SHOPIFY_HMAC_SHA256=signature) == 401
    assert rows() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X_SHOPIFY_TOPIC": ""},
        {"X_SHOPIFY_TOPIC": "orders/create\x00"},
        {"X_SHOPIFY_TOPIC": "x" * 500},
        {"X_SHOPIFY_SHOP_DOMAIN": ""},
        {"X_SHOPIFY_SHOP_DOMAIN": "evil.example"},
        {"X_SHOPIFY_WEBHOOK_ID": ""},
        {"X_SHOPIFY_EVENT_ID": "ÿ"},
        {"LENGTH": "many"},
        {"LENGTH": "1000"},
    ],
)
def test_a_request_with_missing_or_malformed_headers_gets_400(intake: WebhookIntake, headers: dict[str, str]) -> None:
    assert send(intake, **headers) == 400
    assert rows() == []


@pytest.mark.parametrize("body", [b"hmac=abc&shop=acme", b"[1]", b"", b'{"id": 1', b"\xff\xfe", b"<html>"])
def test_a_signed_body_that_is_no_json_is_kept_and_put_aside_with_the_reason(
    intake: WebhookIntake, acme: Shop, body: bytes
) -> None:
    assert send(intake, body) == 200
    drain()
    (row,) = rows()
    assert (row.state, bytes(row.body), row.attempts) == (InboxState.DEAD, body, 1)
    assert "This body is no" in (row.error or "")


def test_other_methods_and_larger_bodies_are_refused(intake: WebhookIntake) -> None:
    assert send(intake, method="GET") == 405
    assert send(intake, LENGTH=str(LARGEST_BODY + 1)) == 413


def test_a_body_of_five_megabytes_is_taken(intake: WebhookIntake) -> None:
    assert send(intake, b'{"note": "' + b"x" * 5_000_000 + b'"}') == 200


def test_a_body_in_chunks_is_taken_and_measured_as_it_comes(intake: WebhookIntake) -> None:
    assert send(intake, LENGTH="", X_SHOPIFY_EVENT_ID="chunks") == 200
    assert [bytes(row.body) for row in rows()] == [BODY]
    assert send(intake, b" " * (LARGEST_BODY + 1), LENGTH="") == 413


def test_everything_else_goes_on_to_the_application(intake: WebhookIntake) -> None:
    assert send(intake, path="/webhooks/other") == 299


def test_without_a_database_shopify_is_asked_to_come_again_and_then_served(database: str) -> None:
    away = [True]

    def sometimes() -> psycopg.Connection[Any]:
        if away[0]:
            raise psycopg.OperationalError("the database is away")
        return connect()

    intake = WebhookIntake(not_ours, Inbox(sometimes, Ring()))
    assert send(intake) == 503
    away[0] = False
    assert send(intake) == 200
    assert len(rows()) == 1


def test_a_database_that_does_not_answer_is_not_waited_for(database: str) -> None:
    freed = threading.Event()

    def hang() -> psycopg.Connection[Any]:
        freed.wait(60)
        return connect()

    intake = WebhookIntake(not_ours, Inbox(hang, Ring()))
    assert send(intake) == 503
    freed.set()


def test_while_the_database_says_nothing_only_the_first_waits_and_it_is_found_again(database: str) -> None:
    """Hundreds of connections share a few dozen threads: if each waited its second, the last would wait for many."""
    freed = threading.Event()

    def hang() -> psycopg.Connection[Any]:
        freed.wait(60)
        return connect()

    inbox = Inbox(hang, Ring())

    def why_not(number: int) -> str | None:
        try:
            inbox.store(Arrival("acme.myshopify.com", "orders/create", f"w{number}", f"e{number}", "", None, BODY))
        except Refused as refused:
            return str(refused)
        return None

    assert why_not(1) == "not stored: the database does not answer"
    assert {why_not(number) for number in range(2, 40)} == {"not stored: too much is waiting"}
    freed.set()
    until = time.monotonic() + 60
    while why_not(40):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert [row.event_id for row in rows()] == ["e40"]


def test_a_batch_is_stored_row_by_row_as_it_came(database: str) -> None:
    """The array of bodies is encoded here and not by psycopg."""
    bodies = [b"", b"{}", bytes(range(256)), "Zoë, 東京".encode(), b"x" * 70_000]
    arrivals = [
        Arrival("acme.myshopify.com", "orders/create", f"w{n}", f"e{n}", "", None, body)
        for n, body in enumerate(bodies)
    ]
    with connect() as connection:
        insert(connection, arrivals)
    assert [bytes(row.body) for row in rows()] == bodies


def test_writers_that_hold_the_same_webhooks_in_another_order_do_not_wait_for_each_other(database: str) -> None:
    """Each sent twice at once: a row waits for its twin, and PostgreSQL sees two that wait for each other late."""
    batch = [Arrival("acme.myshopify.com", "orders/create", f"w{n}", f"e{n}", "", None, BODY) for n in range(400)]
    together = threading.Barrier(2)

    def write(arrivals: list[Arrival]) -> None:
        with connect() as connection:
            for round_ in range(5):
                fresh = [one._replace(event_id=f"{round_}-{one.event_id}") for one in arrivals]
                together.wait(60)
                insert(connection, fresh)

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, arrivals) for arrivals in (batch, batch[::-1])]
        for one in writing:
            one.result()
    assert len(rows()) == 2000


def test_when_too_much_is_waiting_shopify_is_asked_to_come_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed = threading.Event()

    def hang() -> psycopg.Connection[Any]:
        freed.wait(60)
        return connect()

    monkeypatch.setattr("webhooks.inbox._WAITING_AT_MOST", 1)
    monkeypatch.setattr("webhooks.inbox._BATCH", 1)
    intake = WebhookIntake(not_ours, Inbox(hang, Ring()))
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: statuses.append(send(intake, X_SHOPIFY_EVENT_ID=f"e{n}"))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    freed.set()
    assert statuses == [503] * 8


def test_duplicates_are_counted(intake: WebhookIntake) -> None:
    before = REGISTRY.get_sample_value("stallkeeper_webhooks_deduplicated_total") or 0.0
    for delivery in range(3):
        send(intake, X_SHOPIFY_WEBHOOK_ID=f"delivery-{delivery}")
    assert REGISTRY.get_sample_value("stallkeeper_webhooks_deduplicated_total") == before + 2


def test_a_broken_connection_is_made_anew(intake: WebhookIntake) -> None:
    assert send(intake) == 200
    with db.get_engine().connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    statuses = [send(intake, X_SHOPIFY_EVENT_ID=f"event-{n}") for n in range(2, 8)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200
    with db.system() as session:
        stored = session.execute(select(func.count()).select_from(InboxEvent)).scalar_one()
    assert stored == 1 + statuses.count(200)


def test_a_signature_that_shopify_made_for_a_visitor_changes_nothing(intake: WebhookIntake, acme: Shop) -> None:
    """The storefront's signature is made with the same secret, over text in which visitors choose a part."""
    chosen: dict[str, Any] = {' {"id": 1, "note': "", "~": '": 0}'}
    query = dict(parse_qsl(sign_proxy(**chosen), keep_blank_values=True))
    signature = base64.b64encode(bytes.fromhex(query.pop("signature"))).decode()
    body = "".join(f"{name}={value}" for name, value in sorted(query.items())).encode()
    assert json.loads(body)["id"] == 1
    assert sign_webhook(body) == signature
    assert send(intake, body, X_SHOPIFY_HMAC_SHA256=signature) == 200
    drain()
    assert [(row.state, row.error) for row in rows()] == [(InboxState.DEAD, "This body is no JSON object.")]
