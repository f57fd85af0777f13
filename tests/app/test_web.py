"""What every address does with input that no form sends."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.pool import QueuePool

from app import audit, clock, db, web
from app.errors import Conflict
from app.home import audit_log
from app.keyset import Part
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify import definitions
from app.shopify.tokens import TokenPair, store
from tests.apps import get_app
from tests.portal.conftest import signed_in
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token

TOO_MUCH = "9" * 25
UNSTORABLE = [
    f"orders?vendor={TOO_MUCH}",
    "vendors?q=%00",
    f"products?vendor={TOO_MUCH}",
    f"review?vendor={TOO_MUCH}",
    f"questions?vendor={TOO_MUCH}",
    "emails?q=%00",
    "events?topic=%00",
    "events.csv?q=%00",
]


@pytest.fixture
def staff(acme: Shop, shopify: FakeShopify) -> Iterator[FlaskClient]:
    """Somebody of Acme's staff, with the app ready."""
    pair = TokenPair("access", clock.now() + timedelta(hours=1), "refresh", clock.now() + timedelta(days=90), "")
    with db.scoped(acme.id) as session:
        row = session.get_one(Shop, acme.id)
        store(row, pair)
        row.definitions_version = definitions.VERSION
    with get_app().test_client() as client:
        client.environ_base |= {"HTTP_AUTHORIZATION": f"Bearer {sign_id_token()}", "HTTP_ACCEPT": "text/html"}
        yield client


@pytest.mark.parametrize("path", UNSTORABLE)
def test_what_the_database_cannot_hold_is_refused_with_words(staff: FlaskClient, path: str) -> None:
    answer = staff.get(f"/app/{path}")
    assert answer.status_code == 400
    assert "no text has" in answer.text


def test_a_refused_value_leaves_the_vendor_a_page(ada: Vendor, shopify: FakeShopify) -> None:
    """The page that says so reads the database again, after the failed transaction."""
    answer = signed_in(get_app(), ada).get("/portal/products?q=%00")
    assert answer.status_code == 400
    assert "no text has" in answer.text
    assert "Ada" in answer.text


def test_json_that_is_nested_too_deep_is_refused(ada: Vendor, shopify: FakeShopify) -> None:
    deep = {"data": "[" * 3000 + "]" * 3000, "content_type": "application/json"}
    client = signed_in(get_app(), ada)
    for path in ("/portal/passkey", "/portal/products/1/pictures/target"):
        answer = client.post(path, **deep, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("page", ["vendors", "review", "emails", "events"])
def test_a_number_that_no_row_has_is_an_address_that_is_not_there(staff: FlaskClient, page: str) -> None:
    assert staff.get(f"/app/{page}/{TOO_MUCH}").status_code == 404


@pytest.mark.parametrize("ticked", ["²", TOO_MUCH, "x", ""])
def test_ticks_that_are_no_products_approve_nothing(staff: FlaskClient, ticked: str) -> None:
    assert staff.post("/app/review/approve", data={"tick": ticked}).status_code in {200, 400, 404}


@pytest.mark.parametrize("locale", ["xx-yy", "%00", "../../etc", "de_DE", ""])
def test_a_language_that_nobody_knows_is_not_spoken(staff: FlaskClient, locale: str) -> None:
    answer = staff.get(f"/app?locale={locale}")
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text


def test_the_admins_language_is_the_pages_language(staff: FlaskClient) -> None:
    assert '<html lang="de-DE">' in staff.get("/app?locale=de-DE").text


@pytest.mark.parametrize("path", ["/proxy//apply", "/proxy//portal", "/app//vendors", "/portal//enter/x"])
def test_no_address_is_tidied_up_before_its_door(staff: FlaskClient, path: str) -> None:
    """A redirect would repeat the query, and with it Shopify's signature, to whoever asked through the shop."""
    answer = staff.get(f"{path}?signature=secret", headers={"Authorization": "none"})
    assert "secret" not in answer.headers.get("Location", "")
    assert answer.status_code in {302, 401, 404}


@pytest.mark.parametrize("amount", ["9" * 30, "1e400", "1e18", "1000000000000"])
def test_an_amount_beyond_reason_is_refused_beside_its_field(staff: FlaskClient, amount: str) -> None:
    answer = staff.post("/app/settings", data={"hold_days": "3", "buyer_days": "30", "payout_minimum": amount})
    assert answer.status_code == 422
    assert "too large" in answer.text


def test_a_refusal_of_a_whole_page_says_what_is_wrong(ada: Vendor, shopify: FakeShopify) -> None:
    browser = signed_in(get_app(), ada)
    made = browser.post("/portal/products/new", data={"title": "Blue bowl"}).headers["Location"]
    answer = browser.post(f"{made}/pictures", data={"ticket": "x.y"})
    assert answer.status_code == 422
    assert "This upload took too long" in answer.text


@pytest.mark.parametrize(("given", "kept"), [("abc-123.x", True), ("a b", False), ("<b>", False), ("x" * 65, False)])
def test_a_request_keeps_the_name_that_a_proxy_gave_it_when_it_is_one(
    staff: FlaskClient, *, given: str, kept: bool
) -> None:
    answer = staff.get("/healthz", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept


@pytest.mark.parametrize("path", ["/app/orders", "/portal/login", "/proxy/sync", "/api/v1/orders", "/healthz"])
def test_bytes_that_are_no_text_in_an_address_are_refused_at_every_door(staff: FlaskClient, path: str) -> None:
    answer = staff.get(path, environ_overrides={"QUERY_STRING": "q=\xff"})
    assert (answer.status_code, "a character that no text has" in answer.text) == (400, True)
    as_text = staff.get(path, environ_overrides={"QUERY_STRING": "q=\xc3\xa9"})
    assert as_text.status_code != 400 or "a character that no text has" not in as_text.text


@pytest.fixture
def long_log(staff: FlaskClient, acme: Shop, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A log that is read and sent two lines at a time."""
    monkeypatch.setattr(web, "_LINES_AT_ONCE", 2)
    monkeypatch.setattr(audit_log, "_AT_ONCE", 2)
    staff.get("/app/log")
    with db.scoped(acme.id) as session:
        for number in range(7):
            audit.record(session, acme.id, "product.approve", ("product", number), actor="system")
    browser = staff.application.test_client()  # one that keeps no request for its test to look at
    browser.environ_base |= staff.environ_base
    return browser


def test_a_long_file_is_sent_while_it_is_read_and_leaves_no_connection_behind(long_log: FlaskClient) -> None:
    answer = long_log.get("/app/log/export.csv?action=product.approve", buffered=False)
    sent = [(piece.count(b"product.approve"), checked_out()) for piece in answer.iter_encoded()]
    assert [lines for lines, _held in sent] == [1, 2, 2, 2], "the first begins with the heading"
    assert [held for _lines, held in sent] == [0] * 4, "who reads slowly keeps no connection"
    answer.close()
    assert checked_out() == 0


def checked_out() -> int:
    pool = db.get_engine().pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def test_a_file_that_breaks_off_says_so_in_its_last_line(
    long_log: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, asked = audit_log.list_entries, []

    def fail_at_the_third(*args: Any, **more: Any) -> Part[audit_log.Row]:
        asked.append(args)
        if len(asked) == 3:
            raise OSError
        return find(*args, **more)

    monkeypatch.setattr(audit_log, "list_entries", fail_at_the_third)
    answer = long_log.get("/app/log/export.csv?action=product.approve")
    assert answer.status_code == 200
    assert answer.text.count("product.approve") == 3, "what was sent; it broke off in the next piece"
    assert answer.text.splitlines()[-1].startswith("The rest is missing")
    assert checked_out() == 0


def test_a_file_that_cannot_begin_is_refused_as_a_page_is(
    long_log: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **_more: Any) -> Part[audit_log.Row]:
        raise Conflict("Not now.")

    monkeypatch.setattr(audit_log, "list_entries", fail)
    assert long_log.get("/app/log/export.csv").status_code == 409
    assert checked_out() == 0
