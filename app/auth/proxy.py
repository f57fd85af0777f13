"""The storefront's door: requests that Shopify forwards from /a/market/… with its signature."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db, languages, web
from app.auth.rules import address_behind_shopify
from app.config import get_config
from app.db import Scope, system
from app.errors import AppError, Forbidden, NotFound
from app.languages import _
from app.models.shops import Shop, ShopStatus
from app.models.storefront import ERASED, CustomerSync
from app.shopify.signatures import ProxyVisitor, find_proxy_visitor

_SECONDS_TO_REMEMBER: Final = 2.0
_lately: dict[tuple[Engine, str], tuple[float, Shop]] = {}


class SignIn(AppError):  # noqa: N818 - it reads as the answer it becomes
    """For customers only, and nobody is signed in."""

    status = HTTPStatus.UNAUTHORIZED


class Erased(AppError):  # noqa: N818
    """The shop had this customer erased. A browser that is still signed in forgets what it holds of theirs."""

    status = HTTPStatus.GONE

    def __init__(self) -> None:
        super().__init__(_("The shop has erased this account's data. Nothing is kept with it any more."))


def protect(blueprint: Blueprint) -> None:
    """Let only requests that Shopify signed in the last 90 seconds into `blueprint`."""
    web.guard(blueprint, "proxy", require_storefront)


def protect_for_customers(blueprint: Blueprint) -> None:
    """As `protect`, for signed-in customers alone: what runs behind it reaches that customer's own rows only.

    It may know a shop for two seconds longer than it is here, and lets in whom the shop had erased: who stores
    something asks the database in the same transaction.
    """
    web.guard(blueprint, "proxy", require_customer)


def require_storefront() -> ResponseReturnValue | None:
    """Set g.shop, g.customer_id (None for a guest), g.path_prefix and g.session. Raises Erased, Forbidden, NotFound."""
    # What only reads may be two seconds behind; what writes asks whether shop and customer are still there.
    is_reading = request.method in {"GET", "HEAD"}
    visitor = _enter(_find_shop_lately if is_reading else find_shop)
    g.customer_id = visitor.customer_id
    web.open_scope(g.shop.id)
    if visitor.customer_id and g.shop.has_redactions and not is_reading:
        refuse_erased(g.session, g.shop.id, int(visitor.customer_id))
    return None


def require_customer() -> ResponseReturnValue | None:
    """Set g.shop, g.customer_id (a number) and g.session, the customer's own. Raises Forbidden, NotFound, SignIn."""
    visitor = _enter(_find_shop_lately)
    if visitor.customer_id is None or int(visitor.customer_id) >= 2**63:
        raise SignIn(_("Sign in to keep this with your account."))
    g.customer_id = int(visitor.customer_id)
    web.open_scope(g.shop.id, customer_id=g.customer_id)
    return None


def refuse_erased(session: Session, shop_id: int, customer_id: int) -> None:
    whose = (CustomerSync.shop_id == shop_id, CustomerSync.customer_id == customer_id)
    if session.scalar(select(CustomerSync.revision).where(*whose)) == ERASED:
        raise Erased


def visitors_address() -> str:
    """From where somebody asks through Shopify, for rate limits: personal data, to be kept as a hash at most."""
    return address_behind_shopify(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))


def find_shop(domain: str) -> Shop | None:
    with system() as session:
        query = select(Shop).where(Shop.domain == domain, Shop.status == ShopStatus.INSTALLED)
        return session.scalars(query).one_or_none()


def _find_shop_lately(domain: str) -> Shop | None:
    """As it was a moment ago: pages of a busy shop ask many times a second, and shops seldom come and go."""
    name, now = (db.get_engine(), domain), time.monotonic()
    until, known = _lately.get(name, (now, None))
    if known and now < until:
        return known
    shop = find_shop(domain)
    if shop is not None:  # one that has just been installed is found at once
        _lately[name] = (now + _SECONDS_TO_REMEMBER, shop)
    return shop


def find_customer(path: str, query: str) -> Scope | None:
    """Whose own rows a signed request may reach; None when it is not a signed-in customer's of a shop that is here."""
    visitor = _find_visitor(path, query)
    if visitor is None or visitor.customer_id is None or int(visitor.customer_id) >= 2**63:
        return None
    shop = _find_shop_lately(visitor.shop_domain)
    return Scope(shop.id, customer_id=int(visitor.customer_id)) if shop else None


def _enter(find_shop: Callable[[str], Shop | None]) -> ProxyVisitor:
    visitor = _find_visitor(request.path, request.query_string.decode("utf-8", "replace"))
    if visitor is None:
        raise Forbidden(_("This address only works on the shop's own website."))
    shop = find_shop(visitor.shop_domain)
    if shop is None:
        raise NotFound(_("This shop has no marketplace at the moment."))
    g.shop = shop
    g.path_prefix = visitor.path_prefix
    language = languages.find_language([request.args.get("locale"), shop.locale]) or "en"
    languages.use(language)
    g.locale = languages.locale_for(language, shop.locale)
    return visitor


def _find_visitor(path: str, query: str) -> ProxyVisitor | None:
    config = get_config()
    return find_proxy_visitor(
        f"{config.app_url}{path}?{query}",
        client_id=config.shopify_api_key,
        secrets=[s for s in (config.shopify_api_secret, config.shopify_api_secret_previous) if s],
    )
