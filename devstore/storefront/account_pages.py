"""Pages that an app adds to customers' accounts: our stand-in for Shopify's own host of them.

Shopify runs an extension in a worker and draws its s-* elements; here the module runs in a page of its own, over the
same elements as the admin's, with an API of the same names (static/account-api.js).
"""

import json
import time
import tomllib
import uuid
from pathlib import Path
from typing import Any

import jwt
from flask import Blueprint, Response, abort, jsonify, redirect, request, send_from_directory
from markupsafe import escape

from devstore.admin.scripts import STATIC, bundle_polaris
from devstore.current import get_config, get_store, get_storefront_shop
from devstore.gids import gid
from devstore.storefront.session import current_customer

bp = Blueprint("account_pages", __name__)
TARGET = "customer-account.page.render"
_TOKEN_LASTS = 300


@bp.get("/account/pages/<handle>")
def page(handle: str) -> Any:
    extension = _find_extension(handle)
    if current_customer() is None:
        return redirect(f"/account/login?return_url=/account/pages/{handle}", 303)
    shop = get_store().find(get_storefront_shop(), "shop") or {}
    language = request.accept_languages.best_match(_languages(), "en") or "en"
    known = {
        "texts": _texts(language),
        "language": language,
        "locale": str(shop.get("locale") or "en"),
        "settings": {"app_url": get_config().app_url},
    }
    source = f"/account/extensions/{handle}/{extension['module'].removeprefix('./')}"
    return Response(
        f"""<!doctype html><html lang="{escape(known["locale"])}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(shop["name"])}</title>
<script src="/account/api.js" data-known="{escape(json.dumps(known))}"></script>
<script src="/account/polaris.js"></script>
</head><body><nav style="padding: 16px; font: 16px/28px system-ui">
<a style="display: inline-block" href="/account">Back to the account</a></nav>
<script type="module">import start from "{escape(source)}"; start();</script></body></html>"""
    )


@bp.get("/account/session-token")
def session_token() -> Any:
    """Signed as Shopify signs it: for this app, about this shop and customer, for five minutes."""
    customer = current_customer()
    if customer is None:
        abort(401)
    now, config = int(time.time()), get_config()
    claims = {
        "dest": get_storefront_shop(),
        "aud": config.client_id,
        "sub": gid("Customer", customer["id"]),
        "exp": now + _TOKEN_LASTS,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
    }
    return jsonify(token=jwt.encode(claims, config.client_secret, algorithm="HS256"))


@bp.get("/account/orders/<int:order_id>")
def order(order_id: int) -> Any:
    customer, found = current_customer(), get_store().get(get_storefront_shop(), "order", order_id)
    if customer is None or found is None or found.get("customer_id") != customer["id"]:
        abort(404)
    return redirect(f"/checkout/thank-you/{found['token']}", 303)


@bp.get("/account/extensions/<handle>/<path:name>")
def source(handle: str, name: str) -> Response:
    _find_extension(handle)
    return send_from_directory(_folder(), name, max_age=0)


@bp.get("/account/api.js")
def api() -> Response:
    return send_from_directory(STATIC, "account-api.js", max_age=0)


@bp.get("/account/polaris.js")
def polaris() -> Response:
    return Response(bundle_polaris(), content_type="text/javascript; charset=utf-8")


def list_extensions() -> list[dict[str, str]]:
    """What the app adds to accounts: handle, module and name of each."""
    declared = _folder() / "shopify.extension.toml"
    found = tomllib.loads(declared.read_text("utf-8"))["extensions"] if declared.is_file() else []
    return [
        {"handle": one["handle"], "module": target["module"], "name": _texts("en")["name"]}
        for one in found
        for target in one.get("targeting", [])
        if target["target"] == TARGET
    ]


def _find_extension(handle: str) -> dict[str, str]:
    return next((one for one in list_extensions() if one["handle"] == handle), None) or abort(404)


def _folder() -> Path:
    return get_config().extension_dir.resolve().parent / "customer-account"


def _languages() -> list[str]:
    return [path.name.partition(".")[0] for path in (_folder() / "locales").glob("*.json")]


def _texts(language: str) -> dict[str, Any]:
    name = "en.default.json" if language == "en" else f"{language}.json"
    texts: dict[str, Any] = json.loads((_folder() / "locales" / name).read_text("utf-8"))
    return texts
