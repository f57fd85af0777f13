"""What is answered before Flask sees it, and that the rest arrives there as it came."""

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from werkzeug.test import Client

from app import db
from app.db import Scope
from app.models.shops import Shop
from app.storefront.front import SyncFront
from tests.shopify.signing import sign_proxy
from tests.storefront.conftest import CLEO, Storefront, item, wish

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Behind:
    """What stands behind the front: remembers the bodies that reach it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        self.bodies.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        start_response("418 I'm a teapot", [("Content-Length", "0")])
        return []


def edits(*items: Any, **more: Any) -> bytes:
    return json.dumps({"account": CLEO, "since": 0, "items": list(items), **more}).encode()


def post(behind: Behind, raw: bytes, *, customer: str = CLEO, kind: str = "application/json") -> Any:
    query = sign_proxy("acme.myshopify.com", logged_in_customer_id=customer)
    return Client(SyncFront(behind)).post(f"/proxy/sync?{query}", data=raw, content_type=kind)


def test_a_customers_edits_are_stored_without_flask(storefront: Storefront) -> None:
    behind = Behind()
    answer = post(behind, edits(wish(1), {"kind": "no such kind", "key": "1", "clock": ""}))
    assert (answer.status_code, answer.json["stored"], answer.json["refused"]) == (200, 1, {"1": "unknown"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert behind.bodies == []
    assert set(storefront.held()) == {("wishlist", "1")}


def test_what_is_new_is_told_without_flask(storefront: Storefront) -> None:
    storefront.send(wish(1))
    storefront.send(wish(2))
    behind = Behind()

    def news(since: str) -> Any:
        query = sign_proxy("acme.myshopify.com", logged_in_customer_id=CLEO, since=since)
        return Client(SyncFront(behind)).get(f"/proxy/sync?{query}")

    told = {since: news(since).json for since in ("0", "1", "2", "3")}
    keys = {since: [one["key"] for one in answer["items"]] for since, answer in told.items()}
    assert keys == {"0": ["1", "2"], "1": ["2"], "2": [], "3": ["1", "2"]}
    assert [answer["restart"] for answer in told.values()] == [False, False, False, True]
    assert news("-1").status_code == 418


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (edits(wish(1), merged=True), {}),
        (edits(item("own_cart", "0" * 32, {})), {}),
        (edits(), {}),
        (edits(wish(1), room=True), {}),
        (edits(wish(1), account="7002"), {}),
        (b"no JSON", {}),
        (b'{"account": "7001", "x": %b}' % (b"[" * 2000 + b"]" * 2000), {}),
        (edits(wish(1)), {"kind": "text/plain"}),
        (edits(wish(1)), {"customer": ""}),
    ],
)
def test_whatever_else_comes_is_passed_on_as_it_came(acme: Shop, raw: bytes, sent: dict[str, str]) -> None:
    behind = Behind()
    assert post(behind, raw, **sent).status_code == 418
    assert behind.bodies == [raw]


def test_a_connection_that_died_while_it_waited_is_not_used_again(acme: Shop) -> None:
    behind, raw = Behind(), edits(wish(1))
    assert post(behind, raw).status_code == 200
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    with db.get_engine().connect() as owner:
        owner.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")
    assert post(behind, raw).status_code == 200


def test_when_the_database_refuses_flask_answers(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    behind, raw = Behind(), edits(wish(1))
    assert post(behind, raw).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(db.Scope, "role", "stallkeeper_nobody")
        assert post(behind, raw).status_code == 418
    assert post(behind, raw).status_code == 200


def begin_sync(shop: Shop, customer_id: int, then: str = "SELECT 1") -> object:
    """Cleo's first sync, by whoever says to be `customer_id`; returns what came back."""
    head = "INSERT INTO customer_syncs (shop_id, customer_id) VALUES (%s, 7001) RETURNING revision"
    with db.pipelined(Scope(shop.id, customer_id=customer_id)) as connection:
        first = connection.execute(head, [shop.id])
        connection.execute(then.encode())
    return first.fetchone()


def test_a_pipelined_transaction_stands_or_falls_as_a_whole(acme: Shop) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        begin_sync(acme, 7001, then="SELECT 1 / 0")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        begin_sync(acme, 7002)
    assert begin_sync(acme, 7001) == (1,)


def test_nothing_of_a_pipelined_transaction_is_stored_when_we_fail_in_the_middle(acme: Shop) -> None:
    def write(revision: int) -> None:
        head = "INSERT INTO customer_syncs (shop_id, customer_id, revision) VALUES (%s, 7001, %s)"
        with db.pipelined(Scope(acme.id, customer_id=7001)) as connection:
            connection.execute(head, [acme.id, revision])
            connection.execute("SELECT %s", [1 // (revision - 1)])

    with pytest.raises(ZeroDivisionError):
        write(1)
    assert begin_sync(acme, 7001) == (1,)
