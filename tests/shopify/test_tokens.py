"""Tokens: encrypted at rest, refreshed early and by one process alone, kept alive, forgotten when dead."""

import threading
from datetime import timedelta

import httpx
import pytest

from app import audit, clock, crypto, db
from app.config import get_config
from app.models.shops import Shop
from app.shopify import tokens
from app.shopify.errors import ShopifyAccessLost, ShopifyError, ShopifyRefusedClient
from app.shopify.id_tokens import verify_id_token
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import KEY, SECRET, sign_id_token


def age(shop: ShopCredentials, **columns: object) -> None:
    with db.scoped(shop.shop_id) as session:
        row = session.get_one(Shop, shop.shop_id)
        for name, value in columns.items():
            setattr(row, name, value)


def read(shop: ShopCredentials) -> Shop:
    with db.scoped(shop.shop_id) as session:
        return session.get_one(Shop, shop.shop_id)


def test_tokens_are_not_readable_in_the_database(connected: ShopCredentials) -> None:
    row = read(connected)
    assert b"access-0" not in bytes(row.access_token or b"")
    assert crypto.decrypt(row.access_token or b"", get_config().secret_keys) == "access-0"


def test_the_exchange_asks_for_an_expiring_offline_token(shopify: FakeShopify) -> None:
    token = verify_id_token(sign_id_token(), client_id=KEY, secrets=(SECRET,))
    pair = tokens.exchange(token)
    assert shopify.token_requests[0]["requested_token_type"].endswith("offline-access-token")
    assert shopify.token_requests[0]["expiring"] == 1
    assert pair.expires_at is not None
    assert timedelta(minutes=59) < pair.expires_at - clock.now() <= timedelta(hours=1)


def test_a_token_that_lasts_is_used_as_it_is(connected: ShopCredentials, shopify: FakeShopify) -> None:
    assert tokens.get_access_token(connected) == "access-0"
    assert shopify.token_requests == []


def test_a_token_is_refreshed_before_it_ends(connected: ShopCredentials, shopify: FakeShopify) -> None:
    age(connected, access_token_expires_at=clock.now() + timedelta(minutes=4))
    assert tokens.get_access_token(connected) == "access-1"
    assert shopify.token_requests[0]["refresh_token"] == "refresh-0"
    assert tokens.get_access_token(connected) == "access-1"
    assert len(shopify.token_requests) == 1


def test_processes_that_find_it_expired_together_refresh_it_once(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    age(connected, access_token_expires_at=clock.now())
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(tokens.get_access_token(connected))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["access-1"] * 6
    assert len(shopify.token_requests) == 1


def test_other_rows_can_be_written_while_a_refresh_waits_for_shopify(
    connected: ShopCredentials, shopify: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, written = threading.Event(), threading.Event()

    def slow(request: httpx.Request) -> httpx.Response:
        asked.set()
        assert written.wait(30), "the other row waited for Shopify, too"
        return httpx.Response(500)

    client = httpx.Client(transport=httpx.MockTransport(slow))
    monkeypatch.setattr("app.shopify.tokens.get_http", lambda: client)

    def refresh_in_vain() -> None:
        with pytest.raises(ShopifyError):
            tokens.renew(connected, refused="access-0")

    waiting = threading.Thread(target=refresh_in_vain)
    waiting.start()
    assert asked.wait(30)
    with db.scoped(connected.shop_id) as session:
        audit.record(session, connected.shop_id, "test.write", ("shop", connected.shop_id), actor="system")
    written.set()
    waiting.join()


def test_a_dead_refresh_token_is_forgotten_so_that_the_next_visit_exchanges(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    shopify.token_answers = [httpx.Response(400, json={"error": "invalid_grant"})]
    with pytest.raises(ShopifyAccessLost):
        tokens.renew(connected, refused="access-0")
    assert read(connected).access_token is None


def test_a_wrong_app_secret_throws_no_tokens_away(connected: ShopCredentials, shopify: FakeShopify) -> None:
    shopify.token_answers = [httpx.Response(401, json={"error": "invalid_client"})]
    with pytest.raises(ShopifyRefusedClient):
        tokens.renew(connected, refused="access-0")
    assert read(connected).refresh_token is not None


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(503)])
def test_trouble_at_shopifys_token_endpoint_loses_nothing(
    connected: ShopCredentials, shopify: FakeShopify, answer: httpx.Response
) -> None:
    shopify.token_answers = [answer] * 3
    with pytest.raises(ShopifyError) as refused:
        tokens.renew(connected, refused="access-0")
    assert not refused.value.permanent
    assert read(connected).refresh_token is not None


def test_pairs_that_nobody_used_for_weeks_are_kept_alive(connected: ShopCredentials, shopify: FakeShopify) -> None:
    assert tokens.keep_alive() == 0
    age(connected, refresh_token_expires_at=clock.now() + timedelta(days=59))
    assert tokens.keep_alive() == 1
    expires = read(connected).refresh_token_expires_at
    assert expires is not None
    assert expires - clock.now() > timedelta(days=89)
