"""Shopify's ID tokens: who in which shop's admin is asking.

Shopify's two libraries do the reading; each leaves doors open that are shut here (a test per door):
tokens without `exp` or `nbf`, `iss` of one shop with `dest` of another, a `dest` outside myshopify.com,
and headers that are not ASCII.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from shopify.session_token import SessionTokenError, decode_from_header
from shopify_app import ShopifyApp
from shopify_app.types import Res

from app.shopify.signatures import SHOP_DOMAIN

BOUNCE_PATH = "/auth/bounce"
FRESH_SECONDS = 30


@dataclass(frozen=True, slots=True)
class IdToken:
    """A verified token: the shop, the staff member's Shopify id, and the token itself for the exchange."""

    shop_domain: str
    staff_id: str
    raw: str
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What to answer instead: 302 to the bounce page for documents, 401 (App Bridge retries once) for fetches."""

    status: int
    headers: Mapping[str, str]
    reason: str


def verify_request(
    method: str, url: str, authorization: str | None, *, client_id: str, secrets: Sequence[str]
) -> IdToken | Refusal:
    """Verify the token of a merchant request, from the Authorization header or from `id_token` in the query."""
    if authorization is not None and not authorization.isascii():
        return _unauthorized("The Authorization header holds characters that no token has.")
    app = ShopifyApp(client_id, secrets[0], secrets[1] if len(secrets) > 1 else None)
    headers = {} if authorization is None else {"Authorization": authorization}
    result = app.verify_app_home_req({"method": method, "headers": headers, "url": url, "body": ""}, BOUNCE_PATH)
    if not result.ok or result.id_token is None:
        return _refusal(result.response, result.log.detail)
    try:
        return verify_id_token(result.id_token.token, client_id=client_id, secrets=secrets)
    except InvalidIdTokenError as error:
        return _unauthorized(str(error))


def is_fresh(raw: str) -> bool:
    """Whether a token says, unverified, that it was made within the last half minute. Good for explaining only."""
    try:
        made_at = jwt.decode(raw, options={"verify_signature": False}).get("iat")
    except jwt.PyJWTError:
        return False
    return isinstance(made_at, int | float) and abs(time.time() - made_at) < FRESH_SECONDS


class InvalidIdTokenError(Exception):
    """The token is not one that Shopify issued to this app for a shop, or it is too old."""


def verify_id_token(raw: str, *, client_id: str, secrets: Sequence[str]) -> IdToken:
    """Decode a token under the current or the previous secret; raises InvalidIdTokenError with the reason."""
    if not raw.isascii():
        raise InvalidIdTokenError("The token holds characters that no token has.")
    claims = _decode(raw, client_id, secrets)
    missing = [name for name in ("exp", "nbf", "aud", "sub") if name not in claims]
    if missing:
        raise InvalidIdTokenError(f"The token lacks {', '.join(missing)}.")
    dest, iss = str(claims["dest"]), str(claims["iss"])
    domain = dest.removeprefix("https://")
    if not dest.startswith("https://") or SHOP_DOMAIN.fullmatch(domain) is None:
        raise InvalidIdTokenError("The token's destination is not a myshopify.com shop.")
    if iss != f"{dest}/admin":
        raise InvalidIdTokenError("The token was issued for another shop than its destination.")
    if not str(claims["sub"]):
        raise InvalidIdTokenError("The token names nobody.")
    if str(claims["sub"]).startswith("gid://shopify/Customer/"):
        # The same key signs the tokens that customers' own pages hand out.
        raise InvalidIdTokenError("The token names a customer.")
    return IdToken(domain, str(claims["sub"]), raw, claims)


def _decode(raw: str, client_id: str, secrets: Sequence[str]) -> Mapping[str, Any]:
    reason = "No secret is configured."
    for secret in secrets:
        try:
            claims: Mapping[str, Any] = decode_from_header(f"Bearer {raw}", client_id, secret)
        except SessionTokenError as error:
            reason = str(error)
        else:
            return claims
    raise InvalidIdTokenError(reason)


def _refusal(response: Res, reason: str) -> Refusal:
    return Refusal(response.status, dict(response.headers), reason)


def _unauthorized(reason: str) -> Refusal:
    return Refusal(401, {"X-Shopify-Retry-Invalid-Session-Request": "1"}, reason)
