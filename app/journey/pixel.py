"""The pixel in the shop: Shopify runs it once it has been given its settings, and only for visitors who agreed."""

import json
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock, crypto
from app.config import get_config
from app.db import scoped
from app.models.journey import WebPixel
from app.models.shops import Shop, ShopStatus
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

PURPOSE: Final = "pixel"
LIFETIME: Final = timedelta(days=400)
RENEWED_BEFORE_END: Final = timedelta(days=60)
CHECKED_EVERY: Final = timedelta(hours=12)
log = structlog.get_logger()


def make_settings(shop_id: int) -> dict[str, Any]:
    """The fields of extensions/web-pixel/shopify.extension.toml. Everybody can read them: the account is no secret,
    it keeps one shop's figures from being sent under another's name.
    """
    config = get_config()
    seconds = int(LIFETIME.total_seconds())
    account = crypto.sign_ticket({"shop": shop_id}, config.secret_keys, PURPOSE, seconds=seconds)
    return {"account": account, "endpoint": f"{config.app_url}/pixel"}


def read_account(account: str) -> int | None:
    """The shop whose pixel this is; None when it is forged or too old."""
    claims = crypto.read_ticket(account, get_config().secret_keys, PURPOSE)
    return int(claims["shop"]) if claims else None


def are_current(settings: dict[str, Any]) -> bool:
    """Whether a pixel with these settings is heard, and will be for a while."""
    config = get_config()
    claims = crypto.read_ticket(str(settings.get("account", "")), config.secret_keys, PURPOSE)
    soon = (clock.now() + RENEWED_BEFORE_END).timestamp()
    return bool(claims and claims["exp"] > soon) and settings.get("endpoint") == f"{config.app_url}/pixel"


def list_unchecked(session: Session) -> list[int]:
    """Shops whose pixel was not looked at lately."""
    query = (
        select(Shop.id)
        .outerjoin(WebPixel, WebPixel.shop_id == Shop.id)
        .where(
            Shop.status == ShopStatus.INSTALLED,
            Shop.access_token.is_not(None),
            or_(WebPixel.shop_id.is_(None), WebPixel.checked_at < clock.now() - CHECKED_EVERY),
        )
    )
    return list(session.scalars(query))


def ensure(shop_id: int) -> None:
    """Have Shopify run the pixel with settings that we understand. May be repeated: an app has one pixel in a shop."""
    with scoped(shop_id) as session:
        credentials = ShopCredentials(shop_id, session.get_one(Shop, shop_id).domain)
        held = session.get(WebPixel, shop_id)
    error, gid = None, held.pixel_gid if held else None
    settings = held.settings if held and are_current(held.settings) else make_settings(shop_id)
    try:
        gid = _bring_up_to_date(credentials, gid, settings)
    except ShopifyError as refused:
        if not refused.permanent:
            raise
        # Such as a scope that the merchant has yet to grant. Asking at once again would not help: in half a day.
        error = str(refused)
        log.warning("pixel_refused", shop=credentials.domain, error=error)
    values = {"pixel_gid": gid, "settings": settings, "error": error, "checked_at": clock.now()}
    with scoped(shop_id) as session:
        row = insert(WebPixel).values(shop_id=shop_id, **values)
        session.execute(row.on_conflict_do_update(index_elements=["shop_id"], set_=values))


def _bring_up_to_date(credentials: ShopCredentials, gid: str | None, settings: dict[str, Any]) -> str:
    """Returns the pixel's gid. An uninstall takes the pixel away, and an answer that got lost hides its gid from us."""
    said = json.dumps(settings, sort_keys=True)
    if gid is not None:
        try:
            return str(graphql(credentials, "webPixelUpdate", {"id": gid, "settings": said})["webPixel"]["id"])
        except ShopifyUserErrors as error:
            if not error.has_code("NOT_FOUND"):
                raise
    try:
        return str(graphql(credentials, "webPixelCreate", {"settings": said})["webPixel"]["id"])
    except ShopifyUserErrors as error:
        if not error.has_code("TAKEN"):
            raise
    found = str(graphql(credentials, "webPixel")["id"])
    return str(graphql(credentials, "webPixelUpdate", {"id": found, "settings": said})["webPixel"]["id"])
