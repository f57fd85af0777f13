"""The storefront's door: requests that Shopify forwards from /a/market/… with its signature."""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import web
from app.config import get_config
from app.db import system
from app.errors import Forbidden, NotFound
from app.models.shops import Shop, ShopStatus
from app.shopify.signatures import find_proxy_visitor


def protect(blueprint: Blueprint) -> None:
    """Let only requests that Shopify signed in the last 90 seconds into `blueprint`."""
    web.guard(blueprint, "proxy", require_storefront)


def require_storefront() -> ResponseReturnValue | None:
    """Set g.shop, g.customer_id (None for a guest), g.path_prefix and g.session. Raises Forbidden, NotFound."""
    config = get_config()
    visitor = find_proxy_visitor(
        f"{config.app_url}{request.path}?{request.query_string.decode('utf-8', 'replace')}",
        client_id=config.shopify_api_key,
        secrets=[s for s in (config.shopify_api_secret, config.shopify_api_secret_previous) if s],
    )
    if visitor is None:
        raise Forbidden("This address only works on the shop's own website.")
    with system() as session:
        query = select(Shop).where(Shop.domain == visitor.shop_domain, Shop.status == ShopStatus.INSTALLED)
        shop = session.scalars(query).one_or_none()
    if shop is None:
        raise NotFound("This shop has no marketplace at the moment.")
    g.shop = shop
    g.customer_id = visitor.customer_id
    g.path_prefix = visitor.path_prefix
    g.locale = shop.locale
    web.open_scope(shop.id)
    return None
