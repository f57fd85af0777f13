"""Ways into comparable products that led through their webhooks, tried on ours."""

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from app import crypto, db
from app.config import get_config, read_config
from app.errors import ConfigError
from app.live.channels import shop_ticket
from app.models.shops import Shop
from app.models.vendors import Vendor
from bench import orders
from jobs.events import drain
from tests.shopify.signing import SECRET, sign_id_token, sign_webhook
from tests.webhooks.sending import BODY, ask, not_ours, send
from tests.webhooks.test_samples import BODIES
from webhooks.inbox import Arrival, Inbox, connect, insert
from webhooks.intake import WebhookIntake

INJECTIONS = (
    "'; DROP TABLE shops; --",
    "' OR 1=1 OR '",
    "' %s %(id)s {0} $1 :shop",
    "x'::regclass--",
    "'{{7*7}}{% for x in y %}",
    "\\'); SELECT pg_sleep(9); --",
)
"""Each breaks the statement that it is written into, whatever else it does."""


@pytest.fixture
def intake(database: str, unhurried_intake: None) -> WebhookIntake:
    return WebhookIntake(not_ours, Inbox(connect, lambda: None))


def count(query: str) -> int:
    with db.system() as session:
        return int(session.execute(text(query)).scalar_one())


def states() -> dict[str, str]:
    with db.system() as session:
        found = session.execute(text("SELECT event_id, state FROM inbox_events")).all()
        return {str(event): str(state) for event, state in found}


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in a body texts are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def poison(body: Any, path: tuple[str | int, ...], text: str) -> bytes:
    *way, last = path
    place = body = json.loads(json.dumps(body))
    for step in way:
        place = place[step]
    place[last] = text
    return orders.encode(body)


def poisoned_samples() -> Iterator[tuple[str, bytes]]:
    """Every body that Shopify publishes, once for each text in it, under the topics that carry it in turn."""
    carriers: dict[str, list[str]] = {}
    for topic, body in BODIES.items():
        carriers.setdefault(json.dumps(body).replace("{shop}", "acme"), []).append(topic)
    for body, topics in carriers.items():
        for number, path in enumerate(paths(json.loads(body))):
            yield topics[number % len(topics)], poison(json.loads(body), path, INJECTIONS[number % len(INJECTIONS)])


def test_statements_in_any_text_of_any_topic_stay_text(
    database: str, acme: Shop, zenith: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2024-3922, CVE-2021-24849: a marketplace's webhook handler put what it was sent into its statements.

    A broken statement fails. Nothing else does here, but an amount that is no number, before any statement.
    """
    # To draw what all the refused orders held takes minutes.
    monkeypatch.setattr("jobs.events.log", structlog.wrap_logger(structlog.ReturnLogger(), processors=[]))
    known = [f"SELECT count(*) FROM {table}" for table in ("shops", "vendors", "vendor_users")]
    before = [count(query) for query in known]
    arrivals = [
        Arrival(acme.domain, topic, f"'{number}", f"{number}';DELETE/**/FROM/**/shops;--", "", None, body)
        for number, (topic, body) in enumerate(poisoned_samples())
    ]
    with connect() as connection:
        insert(connection, arrivals)
    while drain():
        pass
    assert states().keys() == {arrival.event_id for arrival in arrivals}
    assert count("SELECT count(*) FROM inbox_events WHERE state = 'received'") == 0
    assert count("SELECT count(*) FROM inbox_events WHERE state = 'failed' AND error !~ '^InvalidOperation'") == 0
    assert before == [count(query) for query in known]


@pytest.mark.parametrize("secret", ["", "   ", None])
def test_an_app_without_a_secret_starts_not_at_all_and_takes_nothing(
    intake: WebhookIntake, monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    """CVE-2026-7792: a payment webhook that was never told its secret believed everybody."""
    if not secret:
        with pytest.raises(ConfigError):
            read_config({"SHOPIFY_API_KEY": "key", "SHOPIFY_API_SECRET": secret or ""})
    config = replace(get_config(), shopify_api_secret="", shopify_api_secret_previous=None)
    monkeypatch.setattr("webhooks.intake.get_config", lambda: config)
    assert send(intake, X_SHOPIFY_HMAC_SHA256=sign_webhook(BODY, "")) == 401
    assert states() == {}


def test_nothing_is_looked_at_before_the_signature_holds(intake: WebhookIntake) -> None:
    """Whoever cannot sign learns nothing of what would have been wrong besides."""
    wrong = {"X_SHOPIFY_HMAC_SHA256": sign_webhook(BODY, "another-secret-of-thirty-two-bytes")}
    for more in ({}, {"X_SHOPIFY_TOPIC": "no topic"}, {"X_SHOPIFY_SHOP_DOMAIN": "evil.example"}):
        assert ask(intake, **{**wrong, **more}) == ask(intake, **wrong)


def test_a_cheap_payment_told_again_pays_no_other_order(intake: WebhookIntake, acme: Shop, ada: Vendor) -> None:
    """Formidable Forms 6.28: one payment's confirmation was used again for a dearer order.

    Only the body is signed. Under other ids, topics and times it still says which order was paid, and how much.
    """
    cheap, dear = orders.order(1, 1), orders.order(2, 9, paid=False)
    for event, topic, order in (("a", "orders/create", cheap), ("b", "orders/create", dear)):
        assert send(intake, orders.encode(order), X_SHOPIFY_EVENT_ID=event, X_SHOPIFY_TOPIC=topic) == 200
    drain()
    for number, topic in enumerate(("orders/paid", "orders/updated", "orders/create", "orders/paid")):
        again = {"X_SHOPIFY_EVENT_ID": f"again-{number}", "X_SHOPIFY_TRIGGERED_AT": "2027-01-01T00:00:00Z"}
        assert send(intake, orders.encode(cheap), X_SHOPIFY_TOPIC=topic, **again) == 200
    drain()
    received = """SELECT o.name, -sum(e.amount_minor) FROM orders o LEFT JOIN ledger_transactions t ON t.order_id = o.id
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'customer_receipts' GROUP BY 1"""
    with db.scoped(acme.id) as session:
        booked = {str(name): cents for name, cents in session.execute(text(received)).all()}
    assert booked == {"#1": orders.total_of(1), "#2": None}


def test_a_token_that_shopify_signed_for_a_browser_is_no_news(intake: WebhookIntake, acme: Shop) -> None:
    """shopify-api before 13.1.0: one secret signs several formats, so a signature of one passed for another.

    Every merchant's browser holds such a token: `header.payload` under the app's secret.
    """
    signed, _, signature = sign_id_token().rpartition(".")
    digest = base64.urlsafe_b64decode(signature + "=")
    assert base64.b64encode(digest).decode() == sign_webhook(signed.encode(), SECRET)
    status = send(intake, signed.encode(), X_SHOPIFY_TOPIC="shop/redact", X_SHOPIFY_EVENT_ID="token")
    assert status == 200
    drain()
    assert states() == {"token": "dead"}
    assert count("SELECT count(*) FROM shops") == 1


def test_what_we_sign_ourselves_is_signed_with_other_keys(intake: WebhookIntake, acme: Shop) -> None:
    """A cookie or ticket of ours, and its signature in each spelling, opens no webhook."""
    keys = get_config().secret_keys
    for ticket in (shop_ticket(acme.id), crypto.sign_ticket({"id": 1}, keys, "anything", seconds=60)):
        body, _, signature = ticket.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        for spelled in (signature, base64.b64encode(raw).decode(), raw.hex()):
            assert send(intake, body.encode(), X_SHOPIFY_HMAC_SHA256=spelled) == 401
    assert states() == {}


@pytest.mark.parametrize("forged", ["orders/create\r\nSet-Cookie: a=b", "<script>", "orders/create\x00", "Ünïcode/x"])
def test_no_answer_repeats_what_was_sent(intake: WebhookIntake, forged: str) -> None:
    """shopify-app-react-router 1.2.1: what a request said was reflected in the answer's headers."""
    for header in ("X_SHOPIFY_TOPIC", "X_SHOPIFY_SHOP_DOMAIN", "X_SHOPIFY_API_VERSION", "X_SHOPIFY_HMAC_SHA256"):
        status, answered = ask(intake, **{header: forged})
        assert status in {400, 401}
        assert forged not in answered


def test_a_refusal_writes_neither_signature_nor_body_to_the_log(
    intake: WebhookIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty-one apps leaked what Shopify had given them; a log is read by many."""
    signature = sign_webhook(b"other")
    # A log of its own: another test of the same process may have set the programs' one up for good.
    written = io.StringIO()
    monkeypatch.setattr("webhooks.intake.log", structlog.wrap_logger(structlog.PrintLogger(written)))
    assert send(intake, b'{"email": "zoe@example.com"}', X_SHOPIFY_HMAC_SHA256=signature) == 401
    assert send(intake, b'{"email": "zoe@example.com"}', X_SHOPIFY_TOPIC="none") == 400
    said = written.getvalue()
    assert "webhook_refused" in said
    assert signature not in said
    assert "zoe@example.com" not in said
