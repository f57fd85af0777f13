"""Each door that Shopify's two libraries leave open in id tokens, tried."""

import time
from typing import Any

import jwt
import pytest

from app.shopify.id_tokens import IdToken, InvalidIdTokenError, Refusal, verify_id_token, verify_request
from tests.shopify.signing import KEY, SECRET, sign_id_token

URL = "https://app.example/app"


def verify(token: str, *secrets: str) -> IdToken:
    return verify_id_token(token, client_id=KEY, secrets=secrets or (SECRET,))


def ask(authorization: str | None, url: str = URL) -> IdToken | Refusal:
    return verify_request("GET", url, authorization, client_id=KEY, secrets=(SECRET,))


def test_a_good_token_names_the_shop_and_the_person() -> None:
    token = verify(sign_id_token())
    assert (token.shop_domain, token.staff_id) == ("acme.myshopify.com", "42")


def test_a_token_under_the_previous_secret_still_counts() -> None:
    old = "the-previous-secret-of-thirty-two-bytes"
    assert verify(sign_id_token(secret=old), SECRET, old).staff_id == "42"


@pytest.mark.parametrize("claim", ["exp", "nbf", "aud", "sub", "iss", "dest", "sid", "jti"])
def test_a_token_that_lacks_a_claim_is_refused(claim: str) -> None:
    left_out: dict[str, Any] = {claim: None}
    with pytest.raises(InvalidIdTokenError):
        verify(sign_id_token(**left_out))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://zenith.myshopify.com/admin"},
        {"dest": "https://zenith.myshopify.com"},
        {"iss": "https://evil.example/admin", "dest": "https://evil.example"},
        {"iss": "https://acme.myshopify.com.evil.example/admin", "dest": "https://acme.myshopify.com.evil.example"},
        {"iss": "http://acme.myshopify.com/admin", "dest": "http://acme.myshopify.com"},
        {"dest": "https://acme.myshopify.com/\n"},
        {"aud": "another-app"},
        {"exp": 1},
        {"nbf": 2**40},
        {"sub": ""},
        {"sub": "gid://shopify/Customer/42"},
    ],
)
def test_a_token_for_somebody_else_or_another_time_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidIdTokenError):
        verify(sign_id_token(**claims))


def test_a_token_signed_by_another_app_is_refused() -> None:
    with pytest.raises(InvalidIdTokenError):
        verify(sign_id_token(secret="another-secret-of-thirty-two-bytes!!"))


def test_an_unsigned_token_is_refused() -> None:
    claims = jwt.decode(sign_id_token(), options={"verify_signature": False})
    with pytest.raises(InvalidIdTokenError):
        verify(jwt.encode(claims, key="", algorithm="none"))


def test_a_header_that_is_not_ascii_is_refused_and_does_not_crash() -> None:
    refusal = ask("Bearer ÿþ")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 401


def test_a_fetch_with_an_expired_token_may_ask_once_more() -> None:
    refusal = ask(f"Bearer {sign_id_token(exp=int(time.time()) - 60)}")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.headers["X-Shopify-Retry-Invalid-Session-Request"]) == (401, "1")


def test_a_document_may_carry_its_token_in_the_query() -> None:
    assert isinstance(ask(None, f"{URL}?id_token={sign_id_token()}"), IdToken)


def test_a_document_whose_token_has_no_end_is_refused() -> None:
    assert isinstance(ask(None, f"{URL}?id_token={sign_id_token(exp=None)}"), Refusal)


def test_a_document_without_token_is_sent_to_fetch_one() -> None:
    refusal = ask(None, f"{URL}?shop=acme.myshopify.com")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 302
