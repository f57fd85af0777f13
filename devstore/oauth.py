"""Shopify's token endpoint: id token for access token, refresh with rotation; and the shell's signing of id tokens.

Tokens live by the machine's clock: moving the store's clock must not log anybody out.
"""

import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt
from flask import Blueprint, Response, jsonify, request

from devstore.config import Config
from devstore.current import get_config, get_store
from devstore.faults import suffer
from devstore.installations import find_installation
from devstore.store import Doc, Store

ID_TOKEN_SECONDS = 60
ACCESS_SECONDS = 60 * 60
ONLINE_SECONDS = 24 * 60 * 60
REFRESH_SECONDS = 90 * 24 * 60 * 60
REUSE_SECONDS = 30 * 24 * 60 * 60

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
_ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"

bp = Blueprint("oauth", __name__)


class OAuthError(Exception):
    """An answer in OAuth's form: `error` is its code."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}
        self.status = status


def sign_id_token(config: Config, shop: str, user: Mapping[str, Any]) -> str:
    """The session token that App Bridge hands to the app: one minute, for this shop, this app and this user's `id`."""
    now = int(time.time())
    session = hashlib.sha256(f"{shop}/{user['id']}".encode()).hexdigest()
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": config.client_id,
        "sub": str(user["id"]),
        "exp": now + ID_TOKEN_SECONDS,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": session,
        "sig": hmac.new(config.client_secret.encode(), session.encode(), hashlib.sha256).hexdigest(),
    }
    return jwt.encode(claims, config.client_secret, algorithm="HS256")


@bp.post("/shops/<shop>/admin/oauth/access_token")
def access_token(shop: str) -> Response:
    if trouble := suffer("oauth"):
        return trouble
    sent = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    try:
        return jsonify(_grant(get_config(), get_store(), shop, sent if isinstance(sent, dict) else {}))
    except OAuthError as refused:
        answer = jsonify(refused.body)
        answer.status_code = refused.status
        return answer


def _grant(config: Config, store: Store, shop: str, sent: Mapping[str, Any]) -> Doc:
    secret = str(sent.get("client_secret", ""))
    known = sent.get("client_id") == config.client_id
    if not known or not hmac.compare_digest(secret.encode(), config.client_secret.encode()):
        raise OAuthError("invalid_client", "The client id or secret is wrong", 401)
    if find_installation(store, shop) is None:
        raise OAuthError("invalid_client", "The app is not installed on this shop", 401)
    grant_type = sent.get("grant_type")
    with store.transaction():
        if grant_type == _EXCHANGE:
            return _exchange(config, store, shop, sent)
        if grant_type == "refresh_token":
            return _refresh(store, shop, str(sent.get("refresh_token", "")))
    raise OAuthError("unsupported_grant_type", f"{grant_type} is not supported")


def _exchange(config: Config, store: Store, shop: str, sent: Mapping[str, Any]) -> Doc:
    if sent.get("subject_token_type") != _ID_TOKEN:
        raise OAuthError("invalid_request", "subject_token_type must be that of an id token")
    claims = _verified(config, shop, str(sent.get("subject_token", "")))
    wanted = sent.get("requested_token_type")
    if wanted == _ONLINE:
        return _online(store, shop, int(claims["sub"]))
    if wanted != _OFFLINE:
        raise OAuthError("invalid_request", "requested_token_type is not one of Shopify's")
    if str(sent.get("expiring", "0")) not in {"1", "true", "True"}:
        raise OAuthError("invalid_request", "Non-expiring offline tokens are no longer issued: send expiring=1")
    return _pair(store, shop)


def _verified(config: Config, shop: str, token: str) -> Doc:
    """The id token's claims, when it is ours, for this shop and still good. Raises OAuthError."""
    try:
        claims: Doc = jwt.decode(
            token,
            config.client_secret,
            algorithms=["HS256"],
            audience=config.client_id,
            options={"require": ["exp", "nbf", "iss", "dest", "sub", "aud"]},
        )
    except jwt.InvalidTokenError as error:
        raise OAuthError("invalid_subject_token", f"The subject token is invalid: {error}") from error
    if claims["dest"] != f"https://{shop}" or claims["iss"] != f"https://{shop}/admin":
        raise OAuthError("invalid_subject_token", "The subject token is for another shop")
    return claims


def _online(store: Store, shop: str, user_id: int) -> Doc:
    member = store.get(shop, "staff", user_id)
    if member is None:
        raise OAuthError("invalid_subject_token", "The subject token's user is not on this shop's staff")
    token, scopes = _access(store, shop, "online", ONLINE_SECONDS)
    user = {key: member[key] for key in ("id", "first_name", "last_name", "email", "account_owner", "locale")}
    return {
        "access_token": token,
        "scope": scopes,
        "expires_in": ONLINE_SECONDS - 1,
        "associated_user_scope": scopes,
        "associated_user": {**user, "email_verified": True, "collaborator": False},
    }


def _pair(store: Store, shop: str) -> Doc:
    """A new access token and the refresh token that follows it, good for 90 days."""
    token, scopes = _access(store, shop, "offline", ACCESS_SECONDS)
    refresh = "shprt_" + secrets.token_hex(16)
    store.put(
        shop,
        "refresh_token",
        {"token": refresh, "expires_at": time.time() + REFRESH_SECONDS, "used_at": None, "replacement": None},
    )
    return {
        "access_token": token,
        "scope": scopes,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": refresh,
        "refresh_token_expires_in": REFRESH_SECONDS,
    }


def _access(store: Store, shop: str, mode: str, seconds: int) -> tuple[str, str]:
    installation = find_installation(store, shop)
    assert installation is not None
    for old in store.all(shop, "access_token"):
        if old["expires_at"] <= time.time():
            store.delete(shop, "access_token", old["id"])
    token = ("shpua_" if mode == "online" else "shpat_") + secrets.token_hex(16)
    store.put(shop, "access_token", {"token": token, "mode": mode, "expires_at": time.time() + seconds})
    return token, ",".join(installation["scopes"])


def _refresh(store: Store, shop: str, token: str) -> Doc:
    """Rotate. A used token works again until its replacement is used: an answer lost on the way costs nothing."""
    known = store.find(shop, "refresh_token", token=token) if token else None
    now = time.time()
    if known is None or known["expires_at"] <= now:
        raise OAuthError("invalid_grant", "The refresh token is unknown or has expired")
    if known["used_at"] is not None:
        replacement = store.find(shop, "refresh_token", token=known["replacement"])
        if replacement is None or replacement["used_at"] is not None or known["used_at"] + REUSE_SECONDS <= now:
            raise OAuthError("invalid_grant", "The refresh token was already used")
        store.delete(shop, "refresh_token", replacement["id"])
    pair = _pair(store, shop)
    used_at = known["used_at"] or now
    store.put(shop, "refresh_token", {**known, "used_at": used_at, "replacement": pair["refresh_token"]})
    return pair
