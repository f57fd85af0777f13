"""The merchant's settings page, through its door."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app import db
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.shops import Shop, ShopSettings
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from tests.apps import get_app
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token

GOOD = {
    "hold_days": "7",
    "buyer_days": "30",
    "payout_minimum": "25.50",
    "mail_from_name": "Acme Market",
    "auto_approve_vendors": "y",
}


@pytest.fixture
def browser(connected: ShopCredentials, shopify: FakeShopify) -> Iterator[FlaskClient]:
    with db.scoped(connected.shop_id) as session:
        session.get_one(Shop, connected.shop_id).definitions_version = definitions.VERSION
    with get_app().test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
        yield client


def held(shop: Shop) -> ShopSettings:
    with db.scoped(shop.id) as session:
        return session.get_one(ShopSettings, shop.id)


def test_settings_are_saved_with_who_changed_what(browser: FlaskClient, acme: Shop) -> None:
    answer = browser.post("/app/settings", data=GOOD)
    assert answer.status_code == 200
    assert "Settings saved" in answer.headers["HX-Trigger"]
    saved = held(acme)
    assert (saved.hold_days, saved.payout_minimum_minor, saved.mail_from_name) == (7, 2550, "Acme Market")
    assert (saved.auto_approve_vendors, saved.auto_approve_products) == (True, False)
    with db.scoped(acme.id) as session:
        (entry,) = session.scalars(select(AuditEntry))
    assert (entry.actor, entry.changes["hold_days"]) == ("staff:42", [14, 7])
    assert "auto_approve_products" not in entry.changes


def test_saving_the_same_again_writes_nothing(browser: FlaskClient, acme: Shop) -> None:
    for _ in range(2):
        browser.post("/app/settings", data=GOOD)
    with db.scoped(acme.id) as session:
        assert len(session.scalars(select(AuditEntry)).all()) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("hold_days", "", "Enter a number of days"),
        ("hold_days", "soon", "Enter a whole number, in digits"),
        ("hold_days", "181", "Choose between 0 and 180 days."),
        ("hold_days", "-1", "Choose between 0 and 180 days."),
        ("price_band", "101", "Choose between 0 and 100 %."),
        ("buyer_days", "0", "Choose between 1 and 365 days."),
        ("buyer_days", "", "Enter a number of days."),
        ("payout_minimum", "a lot", "Enter an amount in digits"),
        ("payout_minimum", "1.234", "at most 2 decimals"),
        ("payout_minimum", "-5", "Enter 0 or more"),
        ("payout_minimum", "NaN", "Enter an amount in digits"),
        ("mail_from_name", "x" * 61, "Use at most 60 characters."),
        ("mail_from_name", "Acme\r\nBcc: all@example.com", "letters, digits and spaces"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_saved(
    browser: FlaskClient, acme: Shop, field: str, value: str, words: str
) -> None:
    answer = browser.post("/app/settings", data={**GOOD, field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert held(acme).hold_days == 14
    other = "mail_from_name" if field != "mail_from_name" else "payout_minimum"
    assert f'value="{GOOD[other]}"' in answer.text


def test_new_terms_are_a_new_version(browser: FlaskClient, acme: Shop) -> None:
    for terms in ("Ship within 3 days.", "Ship within 3 days.", "Ship within 2 days."):
        browser.post("/app/settings", data={**GOOD, "terms_text": terms})
    assert held(acme).terms_version == "3"


def test_an_event_nested_beyond_reading_is_shown_without_its_body(browser: FlaskClient, acme: Shop) -> None:
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
    with db.system() as session:
        row = InboxEvent(
            shop_domain=acme.domain, shop_id=acme.id, topic="t/x", webhook_id="w", event_id="e-78", body=deep
        )
        session.add(row)
    answer = browser.get(f"/app/events/{row.id}")
    assert answer.status_code == 200
    assert "no JSON that can be shown" in answer.text


def test_a_stuck_event_is_found_shown_masked_and_replayed(browser: FlaskClient, acme: Shop) -> None:
    with db.system() as session:
        row = InboxEvent(
            shop_domain=acme.domain,
            shop_id=acme.id,
            topic="orders/create",
            webhook_id="w",
            event_id="e-77",
            body=b'{"id": 1, "email": "mia@example.com"}',
            state=InboxState.DEAD,
            error="=cmd|broken",
            attempts=10,
        )
        session.add(row)
    assert "e-77" in browser.get(f"/app/events/{row.id}").text
    assert "mia@example.com" not in browser.get(f"/app/events/{row.id}").text
    for query, seen in {"state=dead": True, "state=done": False, "topic=orders/create": True, "q=broken": True}.items():
        assert (f"/app/events/{row.id}" in browser.get(f"/app/events?{query}").text) is seen
    assert "'=cmd" in browser.get("/app/events.csv").text
    assert browser.post(f"/app/events/{row.id}/replay").status_code == 200
    assert browser.post(f"/app/events/{row.id}/replay").status_code == 409
    with db.system() as session:
        again = session.get_one(InboxEvent, row.id)
    assert (again.state, again.attempts, again.error) == (InboxState.RECEIVED, 0, None)


def test_pages_of_the_list_do_not_ask_more_for_more_events(browser: FlaskClient, acme: Shop) -> None:
    def count_queries() -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(db.get_engine(), "before_cursor_execute", note)
        browser.get("/app/events")
        event.remove(db.get_engine(), "before_cursor_execute", note)
        return len(seen)

    count_queries()  # at the first visit the app learns who is there
    few = count_queries()
    with db.system() as session:
        session.add_all(
            InboxEvent(
                shop_domain=acme.domain, shop_id=acme.id, topic="t/x", webhook_id="w", event_id=f"e{n}", body=b"{}"
            )
            for n in range(60)
        )
    assert count_queries() == few
