"""The door for programs: a bearer token names a shop, or one vendor of it, and what may be done there.

Nothing else opens it: no cookie, no session token of Shopify's. The token is read from its header only, so that it
stands in no address and no log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog
from flask import Blueprint, Response, g, request
from sqlalchemy import Integer, cast, or_, select, update
from sqlalchemy.orm import Session

from app import audit, clock, db, web
from app.auth import limits
from app.auth.magic_links import MAY_ENTER
from app.auth.scopes import Scope
from app.config import get_config
from app.crypto import hash_token, new_token
from app.errors import AppError, NotFound
from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.api import ApiToken
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor

WINDOW_SECONDS: Final = 60
_SEEN_EVERY: Final = timedelta(minutes=1)
_LONGEST: Final = 100
PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A token in a list and, when it is a vendor's, whose."""

    token: ApiToken
    vendor_name: str | None


class Unauthorized(AppError):  # noqa: N818 - it reads as the answer it becomes
    status = HTTPStatus.UNAUTHORIZED
    kind = "unauthorized"

    def __init__(self, message: str, *, error: str | None = None) -> None:
        super().__init__(message)
        why = f', error="{error}"' if error else ""
        self.headers["WWW-Authenticate"] = f'Bearer realm="stallkeeper"{why}'


class TooManyRequests(AppError):  # noqa: N818
    status = HTTPStatus.TOO_MANY_REQUESTS
    kind = "rate-limited"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"This token has asked too often. Wait {seconds} seconds, then go on.")
        self.headers["Retry-After"] = str(seconds)


def protect(bp: Blueprint) -> None:
    """Only a good token gets into `bp`; g.shop, g.vendor (None for the merchant's), g.token and g.session are its."""
    web.guard(bp, "api", require_token)
    bp.after_request(_tell_allowance)


def require_token() -> None:
    """Raises Unauthorized, TooManyRequests."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        raise Unauthorized("Send a token: Authorization: Bearer sk_… Settings > API in the admin makes one.")
    found = _find(given.strip())
    if found is None:
        raise Unauthorized("This token is unknown, revoked or expired.", error="invalid_token")
    structlog.contextvars.bind_contextvars(token=found.id)
    g.token = found
    g.allowance = limits.spend("api", str(found.id), limit=limit(), seconds=WINDOW_SECONDS)
    if g.allowance.left < 0:
        raise TooManyRequests(g.allowance.seconds)
    session = web.open_scope(found.shop_id, found.vendor_id)
    # A program compares what it reads: an order's sums must not be older than the bookings beside them.
    session.at_one_moment = request.method == "GET"
    g.shop = session.get_one(Shop, found.shop_id)
    g.vendor = session.get_one(Vendor, found.vendor_id) if found.vendor_id else None


def actor() -> str:
    """Who acts by a token, for the log."""
    return f"api:{g.token.id}"


def limit() -> int:
    """Requests a minute for each token."""
    return get_config().api_requests_per_minute


def make_token(
    session: Session,
    shop_id: int,
    name: str,
    scopes: Sequence[Scope],
    *,
    actor: str,
    vendor_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and the only sight of its secret."""
    secret = f"sk_{'vendor' if vendor_id else 'shop'}_{new_token()}"
    token = ApiToken(
        shop_id=shop_id,
        vendor_id=vendor_id,
        name=name,
        token_hash=hash_token(secret),
        last4=secret[-4:],
        scopes=[scope.value for scope in scopes],
        created_by=actor,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    changes = {"name": [None, name], "scopes": [None, token.scopes]}
    subject = ("api_token", token.id)
    audit.record(session, shop_id, "api_token.make", subject, actor=actor, vendor_id=vendor_id, changes=changes)
    return token, secret


def revoke_token(session: Session, token_id: int, *, actor: str) -> ApiToken:
    """End a token now; a second time changes nothing. Raises NotFound for one outside the session's scope."""
    token = session.get(ApiToken, token_id, with_for_update=True)
    if token is None:
        raise NotFound("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        subject = ("api_token", token.id)
        audit.record(session, token.shop_id, "api_token.revoke", subject, actor=actor, vendor_id=token.vendor_id)
    return token


def revoke_tokens_of(session: Session, maker: str, vendor_id: int, *, actor: str) -> int:
    """End what `maker` ("vendor_user:7") made for a vendor: whoever saw a token may have kept it. Returns how many."""
    made = (ApiToken.vendor_id == vendor_id, ApiToken.created_by == maker, ApiToken.revoked_at.is_(None))
    tokens = session.scalars(select(ApiToken.id).where(*made)).all()
    for token_id in tokens:
        revoke_token(session, token_id, actor=actor)
    return len(tokens)


def list_tokens(session: Session) -> list[Row]:
    """The newest tokens that the session may see and that still say something: a revoked one stays for a month."""
    lately = clock.now() - timedelta(days=30)
    query = (
        select(ApiToken, Vendor.name)
        .outerjoin(Vendor, Vendor.id == ApiToken.vendor_id)
        .where(or_(ApiToken.revoked_at.is_(None), ApiToken.revoked_at > lately))
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
        .limit(_LONGEST)
    )
    return [Row(token, name) for token, name in session.execute(query)]


def find_tokens(session: Session, *, search: str = "", state: str = "", place: Place = BEGINNING) -> Page[Row]:
    """Tokens that the session may see, those that are not revoked first, then newest first. `state`: "active" or
    "ended" for one of them; each word of `search` is in the token's name or its vendor's.
    """
    now, query = clock.now(), select(ApiToken, Vendor.name).outerjoin(Vendor, Vendor.id == ApiToken.vendor_id)
    is_good = ApiToken.revoked_at.is_(None) & or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    if state in {"active", "ended"}:
        query = query.where(is_good if state == "active" else ~is_good)
    for word in search.split()[:8]:
        said = (column.icontains(word, autoescape=True) for column in (ApiToken.name, Vendor.name))
        query = query.where(or_(*said))
    order = Sort((cast(ApiToken.revoked_at.is_(None), Integer), ApiToken.id), is_descending=True)
    return read_page(session, query, order, place, limit=PER_PAGE, make=Row)


def _find(secret: str) -> ApiToken | None:
    """The token, when it is still good. Looked up across shops: the token is what says which shop."""
    now = clock.now()
    with db.system() as session:
        found = session.scalars(
            select(ApiToken)
            .join(Shop, Shop.id == ApiToken.shop_id)
            .outerjoin(Vendor, Vendor.id == ApiToken.vendor_id)
            .where(
                ApiToken.token_hash == hash_token(secret),
                ApiToken.revoked_at.is_(None),
                or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
                or_(ApiToken.vendor_id.is_(None), Vendor.status.in_(MAY_ENTER)),
                Shop.status == ShopStatus.INSTALLED,
            )
        ).one_or_none()
        if found and (found.last_used_at is None or now - found.last_used_at > _SEEN_EVERY):
            session.execute(update(ApiToken).where(ApiToken.id == found.id).values(last_used_at=now))
    return found


def _tell_allowance(response: Response) -> Response:
    """As draft-ietf-httpapi-ratelimit-headers-10 writes it."""
    if allowance := g.get("allowance"):
        response.headers["RateLimit-Policy"] = f'"token";q={limit()};w={WINDOW_SECONDS}'
        response.headers["RateLimit"] = f'"token";r={max(0, allowance.left)};t={allowance.seconds}'
    return response
