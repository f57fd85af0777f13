"""The two kinds of site in one process: the main port, and one storefront per shop."""

from flask import Blueprint, Flask

from devstore import admin, api, control, oauth, resend, storefront, uploads
from devstore.config import Config
from devstore.orders import admin_pages
from devstore.orders import control as orders_control
from devstore.paypal import api as paypal
from devstore.store import Store
from devstore.stripe import api as stripe
from devstore.webhooks import Courier

LARGEST_REQUEST_BYTES = 120 * 1024 * 1024


def create_app(config: Config, store: Store, courier: Courier | None = None) -> Flask:
    """The main port: admin, Admin API, OAuth, uploads, inbox, control."""
    rooms = (api, oauth, uploads, resend, paypal, stripe, control, orders_control, admin_pages, admin)
    parts = [each.bp for each in rooms]
    site = _site(config, store, parts)
    site.extensions["devstore.courier"] = courier
    return site


def create_storefront(config: Config, store: Store, shop: str) -> Flask:
    """One shop's storefront, its paths at the root of its own port."""
    site = _site(config, store, [storefront.bp])
    site.extensions["devstore.shop"] = shop
    return site


def _site(config: Config, store: Store, parts: list[Blueprint]) -> Flask:
    site = Flask("devstore", static_folder=None, template_folder="templates")
    site.extensions["devstore.config"] = config
    site.extensions["devstore.store"] = store
    site.json.sort_keys = False  # type: ignore[attr-defined]
    site.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST_BYTES
    for part in parts:
        site.register_blueprint(part)
    return site
