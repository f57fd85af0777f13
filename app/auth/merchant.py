"""The merchant's door: pages inside the Shopify admin. Shopify's ID token says which shop and which staff member.

Documents carry it in the query; App Bridge adds it to fetches. A document without a good one takes the bounce: a page
with nothing but App Bridge, which comes back with a fresh token. No cookie is needed, so it works in private windows.
"""

from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

from babel import Locale, UnknownLocaleError
from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import installation, readers, staff, staff_roles
from app.config import get_config
from app.errors import AppError, Forbidden
from app.shopify.id_tokens import BOUNCE_PATH, IdToken, is_fresh, verify_request
from app.shopify.signatures import is_shop_domain

bp = Blueprint("auth", __name__)
web.open_to_all(bp, why="the bounce page holds nothing but App Bridge, and the front door only redirects")


def protect(blueprint: Blueprint) -> None:
    """Let only signed-in staff of an installed shop into `blueprint`."""
    web.guard(blueprint, "merchant", require_merchant)
    blueprint.after_request(seal)


def require_merchant() -> ResponseReturnValue | None:
    """Set g.shop, g.staff, g.member and g.session, or answer with the bounce (documents) or 401 (fetches).

    The first visit installs: token exchange, shop row, definitions. Raises ShopifyError when Shopify refuses.
    """
    config = get_config()
    secrets = [s for s in (config.shopify_api_secret, config.shopify_api_secret_previous) if s]
    found = verify_request(
        request.method,
        request.url,
        request.headers.get("Authorization"),
        client_id=config.shopify_api_key,
        secrets=secrets,
    )
    if not isinstance(found, IdToken):
        if not _is_document():
            return Response("Unauthorized", 401, headers=dict(RETRY))
        if is_fresh(request.args.get("id_token", "")):
            raise WrongKeys
        return _bounce()
    g.framed_by = found.shop_domain
    g.staff = found.staff_id
    shop = installation.admit(found)
    g.shop = shop
    g.member = staff.recognise(shop.id, found)
    g.locale = _known_locale(request.args.get("locale", "")) or shop.locale
    session = web.open_scope(shop.id)
    is_change = request.method not in {"GET", "HEAD"}
    if not may_open(request.path, change=is_change):
        keepers = staff.list_keepers(session, shop.id)
        raise Forbidden(staff_roles.refusal(g.member.role, change=is_change, who_can=keepers))
    return None


def actor() -> str:
    """Who acts in the admin, for the log."""
    return f"staff:{g.staff}"


def may_open(path: str, *, change: bool = False) -> bool:
    """Whether the role of who is asking opens that page, to look or to change; for pages that show the way there."""
    return staff_roles.may_open(g.member.role, path, change=change)


class WrongKeys(AppError):  # noqa: N818 - it reads as the answer it becomes
    """A brand-new token that cannot be read: another bounce would bring the same, for ever."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(
            "Shopify's sign-in does not fit this installation. Whoever runs it should compare SHOPIFY_API_KEY and"
            " SHOPIFY_API_SECRET with the app's settings in Shopify's Dev Dashboard, and the server's clock."
        )


def _known_locale(code: str) -> str | None:
    """The admin's language as Shopify names it, when we know how its dates and amounts are written."""
    try:
        Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    return code


RETRY = {"X-Shopify-Retry-Invalid-Session-Request": "1"}
"""App Bridge asks once more, with a fresh token."""


def seal(response: Response) -> Response:
    """Close the forms that who is asking may not send, and say who may frame the page and whose scripts run in it."""
    if "member" in g and response.mimetype == "text/html":
        page = response.get_data(as_text=True)
        response.set_data(readers.close_forms(page, lambda path: may_open(path, change=True)))
    # What is handed out as a file bears a stricter one.
    response.headers.setdefault("Content-Security-Policy", content_policy(g.get("framed_by")))
    return response


def content_policy(domain: str | None) -> str:
    """Scripts are our own and Shopify's; the admin, as this shop sees it, may frame the page, nobody else.

    Styles, pictures and calls are open: what App Bridge and Polaris bring and ask for is Shopify's to change.
    """
    config = get_config()
    frames = f"https://{domain} {config.shopify_admin_url}" if domain else config.shopify_admin_url
    return (
        f"script-src 'self' {config.shopify_cdn_url}/shopifycloud/; object-src 'none'; base-uri 'none'; "
        f"form-action 'self'; frame-ancestors {frames}"
    )


@bp.get("/")
def front_door() -> ResponseReturnValue:
    """Where Shopify sends the merchant: on to the home page with everything Shopify said."""
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"/app?{query}" if query else "/app")


@bp.get(BOUNCE_PATH)
def bounce() -> ResponseReturnValue:
    """A page that App Bridge leaves at once, to the address in `shopify-reload`, with a fresh token."""
    if not _is_own_path(request.args.get("shopify-reload", "")):
        raise AppError("This address is only used on the way into the app. Open the app in the Shopify admin.")
    shop = request.args.get("shop")
    response = Response(render_template("open/bounce.html"))
    response.headers["Content-Security-Policy"] = content_policy(shop if is_shop_domain(shop) else None)
    return response


def _bounce() -> Response:
    """Relative, so that no Host header can send anybody elsewhere. Links in a page name no shop; their page does."""
    kept = "&".join(part for part in _raw_query().split("&") if part and not part.startswith("id_token="))
    reload = quote(f"{request.path}?{kept}" if kept else request.path, safe="")
    query = f"{kept}&shopify-reload={reload}" if kept else f"shopify-reload={reload}"
    if "shop" not in request.args and (shop := _shop_of_referrer()):
        query = f"shop={shop}&{query}"
    response = Response(status=302, headers={"Location": f"{BOUNCE_PATH}?{query}"})
    response.autocorrect_location_header = False
    return response


def _raw_query() -> str:
    return request.query_string.decode("ascii", "replace")


def _shop_of_referrer() -> str | None:
    referrer = urlsplit(request.headers.get("Referer", ""))
    if referrer.netloc != request.host:
        return None
    shop = parse_qs(referrer.query).get("shop", [""])[0]
    return shop if is_shop_domain(shop) else None


def _is_document() -> bool:
    """Whether the browser will show the answer as a page; then it can follow the bounce."""
    if request.method not in {"GET", "HEAD"} or "Authorization" in request.headers or "HX-Request" in request.headers:
        return False
    return request.headers.get("Sec-Fetch-Dest", "document") in {"document", "iframe", "frame"}


def _is_own_path(target: str) -> bool:
    r"""`//host` and `/\host` would leave this site with a token in the address."""
    return target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
