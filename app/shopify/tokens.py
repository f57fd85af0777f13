"""Offline access tokens: exchanged for an ID token, encrypted at rest, refreshed by one process at a time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from shopify_app import ShopifyApp, TokenExchangeResult
from sqlalchemy import select

from app import clock, crypto
from app.config import get_config
from app.db import scoped, system
from app.models.shops import Shop, ShopStatus
from app.shopify.errors import ShopifyAccessLost, ShopifyError, ShopifyRefusedClient
from app.shopify.id_tokens import IdToken
from app.shopify.transport import get_http

REFRESH_BEFORE: Final = timedelta(minutes=5)
KEEP_ALIVE_BEFORE: Final = timedelta(days=60)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ShopCredentials:
    """What a call to Shopify needs to know of a shop; the token is looked up at the moment of the call."""

    shop_id: int
    domain: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What Shopify hands out: an access token of an hour and, when it expires, a refresh token of 90 days."""

    access_token: str
    expires_at: datetime | None
    refresh_token: str | None
    refresh_expires_at: datetime | None
    scopes: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an ID token is about, as Shopify tells."""

    name: str
    email: str
    is_owner: bool


def exchange(id_token: IdToken) -> TokenPair:
    """Trade a verified ID token for an expiring offline token. Raises ShopifyError."""
    return _read_pair(_exchange(id_token, "offline"), id_token.shop_domain)


def identify(id_token: IdToken) -> Person | None:
    """Ask who a verified ID token is about: it comes with an online token, which is not kept. Raises ShopifyError."""
    result = _exchange(id_token, "online")
    _read_pair(result, id_token.shop_domain)
    user = result.access_token.user if result.access_token else None
    if user is None:
        return None
    return Person(f"{user.first_name} {user.last_name}".strip(), user.email or "", is_owner=user.account_owner)


def _exchange(id_token: IdToken, mode: str) -> TokenExchangeResult:
    try:
        return _shopify_app().exchange_using_token_exchange(
            mode,
            {"exchangeable": True, "token": id_token.raw, "claims": dict(id_token.claims)},
            http_client=get_http(),
        )
    except ValueError as error:
        raise ShopifyError("Shopify's answer to the token exchange was cut short.", permanent=False) from error


def store(row: Shop, pair: TokenPair) -> None:
    """Write a pair into the shop's row, encrypted. Both tokens together: half a pair is a lost shop."""
    keys = get_config().secret_keys
    row.access_token = crypto.encrypt(pair.access_token, keys)
    row.access_token_expires_at = pair.expires_at
    row.refresh_token = crypto.encrypt(pair.refresh_token, keys) if pair.refresh_token else None
    row.refresh_token_expires_at = pair.refresh_expires_at
    row.scopes = pair.scopes


def get_access_token(shop: ShopCredentials) -> str:
    """The shop's token, refreshed when it ends within five minutes. Raises ShopifyAccessLost, ShopifyError."""
    with scoped(shop.shop_id) as session:
        row = session.get_one(Shop, shop.shop_id)
        if _lasts(row):
            return _decrypt(row)
    return renew(shop)


def renew(shop: ShopCredentials, *, refused: str | None = None) -> str:
    """Refresh the pair and return the new access token. `refused` is a token that Shopify no longer takes.

    The row stays locked while Shopify answers, the one exception to "no outside call in a transaction": a refresh
    token works once, and two processes refreshing side by side would leave one of them with a dead pair. NO KEY UPDATE
    lets every other row that merely refers to the shop be written meanwhile. Whoever waited finds the work done.
    """
    try:
        return _renew_locked(shop, refused)
    except ShopifyAccessLost:
        # Without tokens, the next visit from the admin exchanges new ones.
        _forget(shop)
        raise


def _renew_locked(shop: ShopCredentials, refused: str | None) -> str:
    with scoped(shop.shop_id) as session:
        query = select(Shop).where(Shop.id == shop.shop_id).with_for_update(key_share=True)
        row = session.scalars(query).one()
        if _lasts(row) and _decrypt(row) != refused:
            return _decrypt(row)
        if row.refresh_token is None:
            raise ShopifyAccessLost(shop.domain)
        pair = _refresh(row)
        store(row, pair)
        return pair.access_token


def _forget(shop: ShopCredentials) -> None:
    with scoped(shop.shop_id) as session:
        row = session.get_one(Shop, shop.shop_id)
        row.access_token = row.refresh_token = None


def keep_alive() -> int:
    """Refresh pairs that nobody used for weeks, before the 90 days of their refresh token are over. Returns how many.

    Part of the schedule; a shop whose refresh fails is logged and tried again next time.
    """
    limit = clock.now() + KEEP_ALIVE_BEFORE
    with system() as session:
        query = select(Shop.id, Shop.domain).where(
            Shop.status == ShopStatus.INSTALLED,
            Shop.refresh_token.is_not(None),
            Shop.refresh_token_expires_at < limit,
        )
        due = [ShopCredentials(shop_id, domain) for shop_id, domain in session.execute(query)]
    renewed = 0
    for shop in due:
        try:
            with scoped(shop.shop_id) as session:
                current = _decrypt(session.get_one(Shop, shop.shop_id))
            renew(shop, refused=current)
        except ShopifyError as error:
            log.warning("keep_alive_failed", shop=shop.domain, error=str(error))
        else:
            renewed += 1
    return renewed


def _lasts(row: Shop) -> bool:
    if row.access_token is None:
        return False
    return row.access_token_expires_at is None or row.access_token_expires_at > clock.now() + REFRESH_BEFORE


def _decrypt(row: Shop) -> str:
    if row.access_token is None:
        raise ShopifyAccessLost(row.domain)
    return crypto.decrypt(row.access_token, get_config().secret_keys)


def _refresh(row: Shop) -> TokenPair:
    assert row.refresh_token is not None
    pair = {
        "shop": row.domain.removesuffix(".myshopify.com"),
        "refresh_token": crypto.decrypt(row.refresh_token, get_config().secret_keys),
        # Without an expiry the library always asks; it would refuse to refresh one that has two minutes left.
        "expires": "",
        "refresh_token_expires": "",
        "access_mode": "offline",
    }
    try:
        result = _shopify_app().refresh_token_exchanged_access_token(pair, http_client=get_http())
    except ValueError as error:
        raise ShopifyError("Shopify's answer to the token refresh was cut short.", permanent=False) from error
    return _read_pair(result, row.domain)


def _read_pair(result: TokenExchangeResult, domain: str) -> TokenPair:
    if result.log.code in ("invalid_grant", "refresh_token_expired"):
        raise ShopifyAccessLost(domain)
    if result.log.code == "invalid_client":
        raise ShopifyRefusedClient(domain)
    token = result.access_token
    if not result.ok or token is None or not token.token:
        permanent = result.log.code in ("invalid_subject_token", "configuration_error")
        raise ShopifyError(f"Shopify gave no access token for {domain}: {result.log.code}.", permanent=permanent)
    return TokenPair(
        token.token,
        _to_our_clock(token.expires),
        token.refresh_token or None,
        _to_our_clock(token.refresh_token_expires),
        token.scope,
    )


def _to_our_clock(text: str | None) -> datetime | None:
    """The library adds lifetimes to the machine's time; a moved clock would think a fresh token long expired."""
    if not text:
        return None
    return clock.now() + (datetime.fromisoformat(text) - datetime.now(UTC))


def _shopify_app() -> ShopifyApp:
    config = get_config()
    return ShopifyApp(config.shopify_api_key, config.shopify_api_secret, config.shopify_api_secret_previous)
