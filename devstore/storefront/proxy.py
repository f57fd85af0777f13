"""The app proxy: requests under /<prefix>/<subpath>/ go to the app, signed, and its answer comes back."""

import hashlib
import hmac
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
from flask import Blueprint, Response, request

from devstore.current import get_config, get_store, get_storefront_shop
from devstore.installations import find_installation
from devstore.storefront import pages
from devstore.storefront.session import current_customer

bp = Blueprint("proxy", __name__)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_TIMEOUT = httpx.Timeout(10.0)
# Shopify's own parameters: a visitor who sends one of them is not heard.
_RESERVED = frozenset({"shop", "path_prefix", "timestamp", "signature", "hmac", "logged_in_customer_id"})
_FORWARDED = ("Content-Type", "Accept", "Accept-Language", "User-Agent", "Range", "If-None-Match", "X-Requested-With")
# Cookies never pass; the rest belongs to one connection, or is worked out again.
_NOT_RETURNED = frozenset({"set-cookie", "connection", "keep-alive", "transfer-encoding", "date", "server"})
_MEASURED_ANEW = frozenset({"content-encoding", "content-length"})


def signature(pairs: Iterable[tuple[str, str]], secret: str) -> str:
    """Hex HMAC-SHA256 of the sorted `key=value` pairs put end to end; repeated values are joined by commas."""
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    message = "".join(f"{key}={','.join(values[key])}" for key in sorted(values))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


@bp.route("/<any(a, apps, community, tools):prefix>/<subpath>", methods=_METHODS, defaults={"rest": ""})
@bp.route("/<any(a, apps, community, tools):prefix>/<subpath>/<path:rest>", methods=_METHODS)
def forward(prefix: str, subpath: str, rest: str) -> Response:
    declared = get_config().app_proxy
    installation = find_installation(get_store(), get_storefront_shop())
    is_granted = installation is not None and "write_app_proxy" in installation["scopes"]
    if (declared.get("prefix"), declared.get("subpath")) != (prefix, subpath) or not is_granted:
        return pages.not_found()
    query = urlencode(_signed(f"/{prefix}/{subpath}"))
    target = f"{declared['url'].rstrip('/')}/{rest}?{query}"
    headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
    # A script may say from where its visitor comes, as a tunnel in front does.
    visitor = request.headers.get("X-Forwarded-For") or request.remote_addr or ""
    headers |= {"X-Forwarded-For": visitor, "X-Forwarded-Host": request.host}
    try:
        # A client of its own for each request keeps no cookies between visitors.
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client:
            answer = client.request(request.method, target, headers=headers, content=request.get_data())
    except httpx.HTTPError as error:
        logging.getLogger(__name__).warning("app proxy: %s did not answer: %s", declared["url"], error)
        return pages.render("502", "This page is not available", status=502)
    return _returned(answer)


def _signed(path_prefix: str) -> Sequence[tuple[str, str]]:
    customer = current_customer()
    sent = [(key, value) for key, value in request.args.items(multi=True) if key not in _RESERVED]
    added = {
        "shop": get_storefront_shop(),
        "logged_in_customer_id": str(customer["id"]) if customer else "",
        "path_prefix": path_prefix,
        "timestamp": str(int(time.time())),
    }
    pairs = [*sent, *added.items()]
    return [*pairs, ("signature", signature(pairs, get_config().client_secret))]


def _returned(answer: httpx.Response) -> Response:
    """The app's answer without its cookies. Liquid becomes a page of the shop, which takes no headers from the app."""
    if answer.headers.get("Content-Type", "").partition(";")[0].strip() == "application/liquid":
        html = pages.open_page().render_app_liquid(answer.text)
        return Response(html, status=answer.status_code, mimetype="text/html")
    headers: dict[str, Any] = {k: v for k, v in answer.headers.items() if k not in _NOT_RETURNED | _MEASURED_ANEW}
    return Response(answer.content, status=answer.status_code, headers=headers)
