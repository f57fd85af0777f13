"""The token endpoint: who gets a token, for how long, and what a refresh changes."""

import time
from typing import Any

import jwt

from devstore.installations import install, uninstall
from tests.devstore.conftest import ACME, ZENITH, Shopify

SHOP_NAME = "{ shop { name } }"


def refresh(shopify: Shopify, token: str) -> Any:
    body = {
        "client_id": shopify.config.client_id,
        "client_secret": shopify.config.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": token,
    }
    return shopify.client.post(f"/shops/{ACME}/admin/oauth/access_token", json=body)


def test_an_id_token_buys_an_expiring_token_that_opens_the_api(shopify: Shopify) -> None:
    install(shopify.store, ACME)
    bought = shopify.ask_token().get_json()
    assert bought["expires_in"] == 3600
    assert bought["refresh_token_expires_in"] == 90 * 24 * 3600
    assert "write_products" in bought["scope"]
    answer = shopify.post(SHOP_NAME, token=bought["access_token"])
    assert answer.get_json()["data"] == {"shop": {"name": "Acme"}}


def test_a_forged_or_expired_or_foreign_id_token_buys_nothing(shopify: Shopify) -> None:
    install(shopify.store, ACME)
    install(shopify.store, ZENITH)
    claims = jwt.decode(shopify.id_token(), options={"verify_signature": False})
    expired = {**claims, "exp": int(time.time()) - 60, "nbf": int(time.time()) - 120}
    endless = {key: value for key, value in claims.items() if key != "exp"}
    refused = [
        jwt.encode(claims, "another-secret-of-at-least-thirty-two-bytes", algorithm="HS256"),
        jwt.encode(expired, shopify.config.client_secret, algorithm="HS256"),
        jwt.encode(endless, shopify.config.client_secret, algorithm="HS256"),
        shopify.id_token(ZENITH),
    ]
    for token in refused:
        answer = shopify.ask_token(subject_token=token)
        assert answer.status_code == 400
        assert answer.get_json()["error"] == "invalid_subject_token"


def test_the_client_secret_is_asked_for(shopify: Shopify) -> None:
    install(shopify.store, ACME)
    answer = shopify.ask_token(client_secret="wrong")
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_a_shop_without_the_app_gives_no_token(shopify: Shopify) -> None:
    assert shopify.ask_token().get_json()["error"] == "invalid_client"


def test_a_refresh_rotates_and_forgives_only_an_answer_that_was_lost(shopify: Shopify) -> None:
    install(shopify.store, ACME)
    first = shopify.ask_token().get_json()["refresh_token"]
    lost = refresh(shopify, first).get_json()["refresh_token"]
    second = refresh(shopify, first).get_json()["refresh_token"]
    assert len({first, lost, second}) == 3
    assert refresh(shopify, lost).get_json()["error"] == "invalid_grant"
    third = refresh(shopify, second).get_json()
    assert shopify.post(SHOP_NAME, token=third["access_token"]).status_code == 200
    assert refresh(shopify, first).get_json()["error"] == "invalid_grant"


def test_an_expired_access_token_is_refused(shopify: Shopify) -> None:
    shopify.ask(SHOP_NAME)
    for token in shopify.store.all(ACME, "access_token"):
        shopify.store.put(ACME, "access_token", {**token, "expires_at": time.time() - 1})
    assert shopify.post(SHOP_NAME, token=shopify.tokens[ACME]).status_code == 401


def test_a_token_of_one_shop_does_not_open_another(shopify: Shopify) -> None:
    shopify.ask(SHOP_NAME, shop=ACME)
    shopify.ask(SHOP_NAME, shop=ZENITH)
    assert shopify.post(SHOP_NAME, shop=ZENITH, token=shopify.tokens[ACME]).status_code == 401


def test_uninstalling_kills_every_token_and_tells_the_app(shopify: Shopify) -> None:
    shopify.ask(SHOP_NAME)
    uninstall(shopify.store, ACME, {"id": 1})
    assert shopify.post(SHOP_NAME, token=shopify.tokens[ACME]).status_code == 401
    assert [each["topic"] for each in shopify.deliveries()] == ["app/uninstalled"]
