"""What a view may ask for: the store, the configuration and, on a storefront's port, the shop."""

from flask import current_app

from devstore.config import Config
from devstore.store import Store


def get_store() -> Store:
    store: Store = current_app.extensions["devstore.store"]
    return store


def get_config() -> Config:
    config: Config = current_app.extensions["devstore.config"]
    return config


def get_storefront_shop() -> str:
    """Domain of the shop whose storefront answers on this port."""
    shop: str = current_app.extensions["devstore.shop"]
    return shop
