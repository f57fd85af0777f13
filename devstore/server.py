"""The two kinds of site in one process: the main port, and one storefront per shop."""

import importlib
import logging

from flask import Flask

from devstore.config import Config
from devstore.store import Store
from devstore.webhooks import Courier

# Imported when they are there, so that each part can be worked on alone.
_MAIN = [
    "devstore.api",
    "devstore.oauth",
    "devstore.uploads",
    "devstore.resend",
    "devstore.control",
    "devstore.orders.control",
    "devstore.orders.admin_pages",
    "devstore.admin",
]
_STOREFRONT = ["devstore.storefront"]


def create_app(config: Config, store: Store, courier: Courier | None = None) -> Flask:
    """The main port: admin, Admin API, OAuth, uploads, inbox, control."""
    site = _site(config, store, _MAIN)
    site.extensions["devstore.courier"] = courier
    return site


def create_storefront(config: Config, store: Store, shop: str) -> Flask:
    """One shop's storefront, its paths at the root of its own port."""
    site = _site(config, store, _STOREFRONT)
    site.extensions["devstore.shop"] = shop
    return site


def _site(config: Config, store: Store, modules: list[str]) -> Flask:
    site = Flask("devstore", static_folder=None, template_folder="templates")
    site.extensions["devstore.config"] = config
    site.extensions["devstore.store"] = store
    site.json.sort_keys = False  # type: ignore[attr-defined]
    site.config["MAX_CONTENT_LENGTH"] = 120 * 1024 * 1024
    for name in modules:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name is None or not name.startswith(missing.name):
                raise
            logging.getLogger(__name__).warning("%s is not there", name)
        else:
            site.register_blueprint(module.bp)
    return site
