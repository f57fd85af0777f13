"""The vendor portal's door: a cookie whose hash names a session of one person at one vendor of one shop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import audit, clock, db, languages, web
from app.appearance.jinja import csp_nonce
from app.auth import factors, roles, rules, staff, staff_roles, visits
from app.auth.magic_links import MAY_ENTER, Seat
from app.auth.roles import Area
from app.config import get_config
from app.crypto import hash_token, new_token, read_ticket, sign_ticket
from app.errors import Forbidden
from app.languages import _
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.models.staff import Visit
from app.models.vendors import PortalSession, Vendor, VendorUser

_KNOWN: Final = "known-browser"
_SHOP: Final = "shop"


@dataclass(frozen=True, slots=True)
class Look:
    """What of the merchant a portal page wears."""

    name: str
    accent: str | None
    logo_url: str | None


def protect(bp: Blueprint) -> None:
    """Only a signed-in vendor gets into `bp`; g.shop, g.vendor, g.vendor_user and g.session are theirs."""
    web.guard(bp, "portal", require_vendor)
    bp.after_request(seal)


def may(area: str, *, change: bool = False) -> bool:
    """Whether the person who asks may see (or change) an area; for pages that show the way there."""
    if visit := g.get("visit"):
        return roles.visitor_may(Area(area), g.visitor_role, change=change, has_reason=bool(visit.reason))
    return roles.may(g.vendor_user.role, Area(area), change=change)


def may_open(path: str, *, change: bool = False) -> bool:
    """Whether the person's role opens that page, to look or to change."""
    if visit := g.get("visit"):
        return roles.visitor_may_open(path, g.visitor_role, change=change, has_reason=bool(visit.reason))
    area = roles.area_of(path)
    return area is None or roles.may(g.vendor_user.role, area, change=change)


def require_vendor() -> ResponseReturnValue | None:
    """Let the person in, or send them to the sign-in page (which brings them back)."""
    web.refuse_foreign_posts()
    found = _find_session(request.cookies.get(cookie_name()))
    if found is None:
        return _ask_to_sign_in()
    if found.awaits_factor:
        return _ask_to_sign_in("/portal/verify")
    session = web.open_scope(found.shop_id, found.vendor_id)
    g.portal_session = found
    g.shop = session.get_one(Shop, found.shop_id)
    g.vendor = session.get_one(Vendor, found.vendor_id)
    g.visit = session.get_one(Visit, found.visit_id) if found.visit_id else None
    g.vendor_user = _admit_visitor(g.visit) if g.visit else session.get_one(VendorUser, found.vendor_user_id)
    speak(g.vendor_user.language, g.shop)
    g.locale = languages.locale_for(languages.spoken(), g.vendor.locale)
    dress(session, g.shop)
    is_change = request.method not in {"GET", "HEAD"}
    if not may_open(request.path, change=is_change):
        raise Forbidden(_visitor_refusal(is_change=is_change) if g.visit else roles.refusal(_role()))
    g.may_change = may_open(request.path, change=True)
    if g.visit and is_change:
        with db.scoped(g.shop.id) as shops_session:
            visits.note_change(shops_session, g.visit, request.method, request.path)
    return None


def speak(own: str | None = None, shop: Shop | None = None) -> None:
    """In the person's own language, else the one that the storefront around the page or the sign-in page names, else
    the browser's, else the shop's.
    """
    accepted = request.accept_languages.values()
    named = (own, request.args.get("locale"), request.cookies.get("language"), *accepted, shop.locale if shop else None)
    languages.use(languages.find_language(named) or "en")
    g.locale = languages.spoken()


def keep_language(response: BaseResponse, language: str) -> None:
    """On this device, also before somebody signs in."""
    _set_cookie(response, "language", language, timedelta(days=365))


def actor() -> str:
    """Who acts in the portal, for the log: one of the vendor's people, or the shop's staff on a visit."""
    return f"staff:{g.visit.staff_number}" if g.get("visit") else f"vendor_user:{g.vendor_user.id}"


def _role() -> str:
    role: str = g.vendor_user.role
    return role


def _admit_visitor(visit: Visit) -> VendorUser:
    """A person for the pages of a visit; kept nowhere. Staff and their roles are outside the vendor's own scope."""
    with db.scoped(visit.shop_id) as session:
        g.visitor_role = visits.find_role(session, visit)
    return VendorUser(shop_id=visit.shop_id, vendor_id=visit.vendor_id, email="", name=visit.staff_name, role="viewer")


def _visitor_refusal(*, is_change: bool) -> str:
    """What keeps them out: the visit, or (their reason would do) their own role in the app."""
    has_reason = bool(g.visit.reason)
    everything = staff_roles.StaffRole.EVERYTHING
    if not roles.visitor_may_open(request.path, everything, change=is_change, has_reason=has_reason):
        return roles.visitor_refusal(has_reason=has_reason)
    with db.scoped(g.shop.id) as session:
        keepers = staff.list_keepers(session, g.shop.id)
    return staff_roles.refusal(g.visitor_role, change=is_change, who_can=keepers)


def is_signed_in() -> bool:
    """Whether this browser's session is still good; for pages that need none."""
    found = _find_session(request.cookies.get(cookie_name()))
    return found is not None and not found.awaits_factor


def is_seated(seat: Seat) -> bool:
    """Whether this browser is signed in already, as that person at that vendor."""
    found = _find_session(request.cookies.get(cookie_name()))
    return found is not None and not found.awaits_factor and found.vendor_user_id == seat.user.id


def find_unproved() -> PortalSession | None:
    """The session of this browser, if it still awaits its second factor."""
    found = _find_session(request.cookies.get(cookie_name()))
    return found if found is not None and found.awaits_factor else None


def dress(session: Session, shop: Shop | None) -> None:
    """Give the page being made the merchant's name and accent."""
    settings = session.get(ShopSettings, shop.id) if shop else None
    g.framing_shop = shop
    g.look = Look(
        name=shop.name if shop else "",
        accent=settings.accent_color if settings else None,
        logo_url=settings.logo_url if settings else None,
    )


def greet(session: Session, shop: Shop | None, own: str | None = None) -> None:
    """Before sign-in: in the shop's look, and in its language to whoever names none."""
    speak(own, shop)
    dress(session, shop)


def seal(response: Response) -> Response:
    """The content policy: our own scripts, pictures from Shopify, uploads to Shopify, the frame of the shop only."""
    config = get_config()
    near = {_origin(config.shopify_cdn_url), _origin(config.live_url), *map(_origin, config.storefront_urls.values())}
    frames = "'none'"
    if shop := g.get("framing_shop"):
        near.add(_origin(config.shop_url(shop.domain)))
        # Both names of the shop: customers may be on either.
        frames = " ".join(sorted({storefront_of(shop), config.storefront_url(shop.domain)}))
    outside = " ".join(sorted(near))
    nonce = csp_nonce()
    policy = (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        f"style-src-attr 'unsafe-inline'; img-src 'self' data: blob: https: {outside}; "
        f"connect-src 'self' https: {outside}; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {frames}"
    )
    # What is handed out as a file bears a stricter one.
    response.headers.setdefault("Content-Security-Policy", policy)
    if named := languages.find_language([request.args.get("locale")]):
        keep_language(response, named)
    # With "no-referrer" browsers send "Origin: null", and our own forms would look foreign.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def storefront_of(shop: Shop) -> str:
    """The origin on which customers see a shop."""
    return _origin(get_config().storefront_url(shop.domain, shop.primary_host))


def cookie_name(what: str = "portal") -> str:
    """`__Host-` binds the cookie to this host over TLS; a browser refuses it without TLS, as on a laptop."""
    return f"__Host-{what}" if get_config().is_secure else what


def sign_in(session: Session, seat: Seat, response: BaseResponse, *, by: str, is_proved: bool = False) -> None:
    """Start a session for `seat` and put it into `response`; the one this browser had before ends. `by` is audited.

    Where a second factor guards the address, the session opens nothing before it is shown, unless it `is_proved`.
    """
    revoke_token(session, request.cookies.get(cookie_name()))
    token, now = new_token(), clock.now()
    awaits_factor = not is_proved and factors.is_guarded(session, seat.shop.id, seat.user.email)
    session.add(
        PortalSession(
            shop_id=seat.vendor.shop_id,
            vendor_id=seat.vendor.id,
            vendor_user_id=seat.user.id,
            token_hash=hash_token(token),
            user_agent=request.user_agent.string[:300],
            awaits_factor=awaits_factor,
            created_at=now,
            last_seen_at=now,
            expires_at=now + rules.ABSOLUTE,
        )
    )
    if not awaits_factor:
        own = func.coalesce(VendorUser.language, languages.spoken())
        session.execute(update(VendorUser).where(VendorUser.id == seat.user.id).values(last_seen_at=now, language=own))
        _audit(session, seat, "portal.sign_in", by)
    _set_cookie(response, cookie_name(), token, rules.ABSOLUTE)
    _set_cookie(response, _SHOP, seat.shop.domain, rules.REMEMBERED)
    if not awaits_factor:
        _remember_browser(response, seat.user.email)


def last_shop() -> str:
    """The domain of the shop whose pages this browser opened last. Its storefront frames the sign-in page, too."""
    return request.cookies.get(_SHOP, "")


def find_browser(email: str) -> str | None:
    """The number of this browser, if `email` was the last to sign in with it: nobody else's requests for links are
    counted against it.
    """
    claims = read_ticket(request.cookies.get(cookie_name(_KNOWN), ""), get_config().secret_keys, _KNOWN)
    return claims["browser"] if claims and claims["address"] == _hash_address(email) else None


def _remember_browser(response: BaseResponse, email: str) -> None:
    browser = find_browser(email) or new_token()
    claims = {"browser": browser, "address": _hash_address(email)}
    seconds = int(rules.REMEMBERED.total_seconds())
    ticket = sign_ticket(claims, get_config().secret_keys, _KNOWN, seconds=seconds)
    _set_cookie(response, cookie_name(_KNOWN), ticket, rules.REMEMBERED)


def _hash_address(email: str) -> str:
    return hash_token(email.strip().lower()).hex()


def start_visit(session: Session, visit: Visit, response: BaseResponse) -> None:
    """Let this browser into the vendor's pages until the visit is over; whoever was signed in here is no more."""
    revoke_token(session, request.cookies.get(cookie_name()))
    token = new_token()
    session.add(
        PortalSession(
            shop_id=visit.shop_id,
            vendor_id=visit.vendor_id,
            visit_id=visit.id,
            token_hash=hash_token(token),
            user_agent=request.user_agent.string[:300],
            created_at=visit.opened_at,
            last_seen_at=visit.opened_at,
            expires_at=visit.expires_at,
        )
    )
    _set_cookie(response, cookie_name(), token, visits.LASTS)


def sign_out(session: Session, response: BaseResponse) -> bool:
    """End the session of this browser, and the visit that it was. Returns whether it was one."""
    token = request.cookies.get(cookie_name()) or ""
    visit_id = session.scalar(select(PortalSession.visit_id).where(PortalSession.token_hash == hash_token(token)))
    if visit_id:
        visits.end(session, visit_id)
    revoke_token(session, token)
    _set_cookie(response, cookie_name(), "", timedelta(0))
    return visit_id is not None


def _set_cookie(response: BaseResponse, name: str, value: str, lifetime: timedelta) -> None:
    """In the storefront's frame a browser keeps another site's cookie only when it is partitioned: it is then good
    under that shop's pages and nowhere else, also where third-party cookies are off.
    """
    framed = web.is_framed()
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=framed or get_config().is_secure,
        httponly=True,
        samesite="None" if framed else "Lax",
        partitioned=framed,
    )


def revoke_token(session: Session, token: str | None) -> None:
    """End the session that `token` opens, if there is one."""
    if token:
        session.execute(
            update(PortalSession)
            .where(PortalSession.token_hash == hash_token(token), PortalSession.revoked_at.is_(None))
            .values(revoked_at=clock.now())
        )


def list_sessions(session: Session, vendor_user_id: int) -> Sequence[PortalSession]:
    """Where a person is signed in now, latest use first."""
    now = clock.now()
    query = (
        select(PortalSession)
        .where(
            PortalSession.vendor_user_id == vendor_user_id,
            PortalSession.revoked_at.is_(None),
            PortalSession.awaits_factor.is_(False),
            PortalSession.expires_at > now,
            PortalSession.last_seen_at > now - rules.IDLE,
        )
        .order_by(PortalSession.last_seen_at.desc())
    )
    return session.execute(query).scalars().all()


def revoke_sessions(session: Session, vendor_user_id: int, *, session_id: int | None = None, keep: int) -> int:
    """End one session of a person, or (without `session_id`) all of them but `keep`. Returns how many ended."""
    statement = update(PortalSession).where(
        PortalSession.vendor_user_id == vendor_user_id, PortalSession.revoked_at.is_(None), PortalSession.id != keep
    )
    if session_id is not None:
        statement = statement.where(PortalSession.id == session_id)
    ended = session.execute(statement.values(revoked_at=clock.now()).returning(PortalSession.id)).all()
    return len(ended)


def _find_session(token: str | None) -> PortalSession | None:
    """The session of a cookie that is still good. Looked up across shops: the cookie is what says which shop."""
    if not token:
        return None
    now = clock.now()
    with db.system() as session:
        found = session.execute(
            select(PortalSession)
            .join(Vendor, Vendor.id == PortalSession.vendor_id)
            .join(Shop, Shop.id == PortalSession.shop_id)
            .where(
                PortalSession.token_hash == hash_token(token),
                Vendor.status.in_(MAY_ENTER),
                Shop.status == ShopStatus.INSTALLED,
            )
        ).scalar_one_or_none()
        if found is None or rules.is_over(
            last_seen_at=found.last_seen_at, expires_at=found.expires_at, revoked_at=found.revoked_at, now=now
        ):
            return None
        if now - found.last_seen_at > rules.SEEN_EVERY:
            session.execute(
                update(PortalSession)
                .where(PortalSession.id == found.id, PortalSession.last_seen_at < now)
                .values(last_seen_at=now)
            )
    return found


def _ask_to_sign_in(page: str = "/portal/login") -> ResponseReturnValue:
    back = rules.safe_next(request.full_path.rstrip("?")) if request.method == "GET" else None
    shop = request.args.get("shop")
    query = {"shop": shop} if shop else {"next": back} if back and back != "/portal" else {}
    address = f"{page}?{urlencode(query)}" if query else page
    if request.headers.get("HX-Request"):
        return Response("", status=401, headers={"HX-Redirect": page})
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return {"ok": False, "message": _("You are not signed in any more."), "errors": {}}, 401
    return redirect(address, 303)


def _audit(session: Session, seat: Seat, action: str, by: str) -> None:
    audit.record(
        session,
        seat.vendor.shop_id,
        action,
        ("vendor", seat.vendor.id),
        actor=f"vendor_user:{seat.user.id}",
        vendor_id=seat.vendor.id,
        reason=by,
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
