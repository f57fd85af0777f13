"""/me"""

from typing import Annotated

import msgspec
from flask import g
from msgspec import Meta

from app.api.operations import operation
from app.api.shapes import Currency, Id, Moment


class Shop(msgspec.Struct, frozen=True):
    domain: Annotated[str, Meta(examples=["acme.myshopify.com"])]
    name: str
    currency: Currency
    timezone: Annotated[str, Meta(description="IANA name: days begin and end there.")]


class Me(msgspec.Struct, frozen=True):
    """The token that asks, and what it reaches."""

    token_id: Id
    name: str
    scopes: list[str]
    expires_at: Moment | None
    shop: Shop
    vendor_id: Annotated[int, Meta(description="The one vendor whose things it sees; null for the merchant's.")] | None


@operation("GET", "/me", tag="Token", scope=None, for_vendors=True)
def get_me() -> Me:
    """See what this token is.

    Needs no scope: a good first request.
    """
    token, shop = g.token, g.shop
    return Me(
        token_id=token.id,
        name=token.name,
        scopes=token.scopes,
        expires_at=token.expires_at,
        shop=Shop(shop.domain, shop.name, shop.currency, shop.timezone),
        vendor_id=token.vendor_id,
    )
