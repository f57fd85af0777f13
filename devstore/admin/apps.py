"""The app in the admin: installing it, framing it, taking it off again."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from flask import abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.admin.shell import bp, get_shop, get_staff
from devstore.config import Config
from devstore.current import get_config, get_store
from devstore.installations import find_installation, install, uninstall
from devstore.oauth import sign_id_token
from devstore.shops import shop_payload
from devstore.store import Doc

# What each scope lets the app do, in the merchant's words.
_AREAS = {
    "products": "products, variants and collections",
    "inventory": "stock",
    "locations": "locations",
    "files": "files and pictures",
    "publications": "where products are published",
    "orders": "orders, payments and refunds",
    "customers": "customers, with name, e-mail and address",
    "merchant_managed_fulfillment_orders": "what is waiting to be shipped from your locations",
    "fulfillments": "shipments and tracking",
    "app_proxy": "pages of your online store under the app's own path",
}


def describe_scopes(scopes: list[str]) -> list[tuple[str, str]]:
    """(verb, area) per area, reading and writing folded into one: ("View and edit", "stock")."""
    areas = dict.fromkeys(scope.partition("_")[2] for scope in scopes)
    verbs = {True: "View and edit", False: "View"}
    return [(verbs[f"write_{area}" in scopes], _AREAS.get(area, area.replace("_", " "))) for area in areas]


@bp.get("/store/<name>/apps")
def list_apps(name: str) -> str:
    installed = find_installation(get_store(), get_shop(name))
    return render_template("admin/apps.html", installation=installed, scopes=describe_scopes(get_config().scopes))


@bp.get("/store/<name>/apps/<handle>")
@bp.get("/store/<name>/apps/<handle>/<path:inside>")
def open_app(name: str, handle: str, inside: str = "") -> str | Response:
    """The frame with the app's page in it, or the install screen when the shop does not have the app."""
    shop, config = get_shop(name), get_config()
    if handle == config.client_id:
        return redirect(
            f"/store/{name}/apps/{config.app_handle}/{inside}?{urlencode(list(request.args.items(multi=True)))}"
        )
    if handle != config.app_handle:
        abort(404)
    installation = find_installation(get_store(), shop)
    if installation is None or installation["scopes"] != config.scopes:
        return render_template(
            "admin/install.html", scopes=describe_scopes(config.scopes), update=installation is not None, inside=inside
        )
    source = frame_url(config, shop, get_staff(get_store(), shop), inside, request.args)
    return render_template(
        "admin/app.html", source=source, app_url=config.app_url, client_id=config.client_id, app_open=True
    )


@bp.post("/store/<name>/apps/<handle>/install")
def install_app(name: str, handle: str) -> Response:
    """Grant what the app asks for, then open it, as managed installation does."""
    install(get_store(), get_shop(name))
    inside = request.form.get("inside", "")
    return redirect(f"/store/{name}/apps/{handle}/{inside}".rstrip("/"))


@bp.post("/store/<name>/apps/<handle>/uninstall")
def uninstall_app(name: str, handle: str) -> Response:  # noqa: ARG001
    shop, store = get_shop(name), get_store()
    uninstall(store, shop, shop_payload(store.find(shop, "shop") or {}))
    return redirect(f"/store/{name}/apps?toast={get_config().app_toml.get('name', 'App')} uninstalled")


@bp.post("/store/<name>/apps/<handle>/id_token")
def id_token(name: str, handle: str) -> Response:  # noqa: ARG001
    """A fresh session token for the framed app, for the person at the screen."""
    shop = get_shop(name)
    if find_installation(get_store(), shop) is None:
        abort(403)
    return jsonify(id_token=sign_id_token(get_config(), shop, get_staff(get_store(), shop)))


@bp.get("/store/<name>/apps/<handle>/scopes")
def granted_scopes(name: str, handle: str) -> Response:  # noqa: ARG001
    installation = find_installation(get_store(), get_shop(name)) or abort(404)
    return jsonify(granted=installation["scopes"], required=get_config().scopes, optional=[])


def frame_url(config: Config, shop: str, staff: Doc, inside: str, asked: Mapping[str, str]) -> str:
    """The app's page with what Shopify sends along: who asks, for which shop, signed."""
    host = config.public_url.partition("://")[2] + "/store/" + shop.partition(".")[0]
    sent = {
        **asked,
        "embedded": "1",
        "host": base64.b64encode(host.encode()).decode().rstrip("="),
        "id_token": sign_id_token(config, shop, staff),
        "locale": str(staff["locale"]),
        "session": secrets.token_hex(32),
        "shop": shop,
        "timestamp": str(int(get_store().clock.now().timestamp())),
    }
    message = "&".join(f"{key}={value}" for key, value in sorted(sent.items()))
    sent["hmac"] = hmac.new(config.client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"{config.app_url}/{inside}?{urlencode(sent)}"
