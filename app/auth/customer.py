"""The door for our page in customers' accounts: an extension that Shopify runs, proven by the token it hands out.

The page runs on a host of Shopify's, so every answer may be read from anywhere. The token opens, no cookie does.
"""

from typing import Any, Final

import jwt
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.proxy import SignIn, find_shop
from app.config import get_config
from app.errors import NotFound
from app.languages import _
from app.shopify.signatures import SHOP_DOMAIN

_LEEWAY: Final = 10
_CUSTOMER: Final = "gid://shopify/Customer/"
_NEEDED: Final = ["exp", "nbf", "aud", "dest", "sub"]


def protect(bp: Blueprint) -> None:
    """Only a signed-in customer's page gets into `bp`; g.shop, g.customer_id (a number) and g.session are theirs."""
    web.guard(bp, "customer", _require_customer)
    bp.after_request(_open_to_pages)


def _require_customer() -> ResponseReturnValue | None:
    if request.method == "OPTIONS":
        return Response(status=204)
    claims = _read(request.headers.get("Authorization", ""))
    domain = str(claims["dest"]).removeprefix("https://")
    # The same key signs tokens of the shop's staff, whose bare number is no customer's.
    kind, customer = str(claims["sub"])[: len(_CUSTOMER)], str(claims["sub"])[len(_CUSTOMER) :]
    is_number = kind == _CUSTOMER and customer.isascii() and customer.isdecimal() and len(customer) <= 18
    if SHOP_DOMAIN.fullmatch(domain) is None or not is_number:
        raise SignIn(_("Sign in again: the page does not say whose account this is."))
    shop = find_shop(domain)
    if shop is None:
        raise NotFound(_("This shop has no marketplace at the moment."))
    g.shop, g.customer_id, g.locale = shop, int(customer), shop.locale
    web.open_scope(shop.id)
    return None


def _read(header: str) -> dict[str, Any]:
    scheme, __, token = header.partition(" ")
    config = get_config()
    secrets = [secret for secret in (config.shopify_api_secret, config.shopify_api_secret_previous) if secret]
    for secret in secrets if scheme == "Bearer" and token.isascii() else ():
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=config.shopify_api_key,
                leeway=_LEEWAY,
                options={"require": _NEEDED},
            )
        except jwt.PyJWTError:
            continue
        return claims
    raise SignIn(_("Sign in again: this page was open for too long."))


def _open_to_pages(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Max-Age"] = "600"
    return response
