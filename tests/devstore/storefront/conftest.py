from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient

from devstore import server
from devstore.config import Config
from devstore.installations import install
from devstore.store import Doc, Store
from tests.devstore.conftest import Shopify
from tests.devstore.storefront.app_end import app_end
from tests.devstore.storefront.cast import ACME, define_vendors, product, vendor

__all__ = ["app_end"]


@dataclass
class Shop:
    """Acme's storefront as a visitor's browser reaches it, with Ada's and Bea's goods in it."""

    config: Config
    store: Store
    visitor: FlaskClient
    definition: Doc
    ada: Doc
    bea: Doc
    mug: Doc
    loaf: Doc

    def browser(self, **changes: object) -> FlaskClient:
        """Another visitor, perhaps of a store configured otherwise."""
        return server.create_storefront(self.configured(**changes), self.store, ACME).test_client()

    def configured(self, **changes: object) -> Config:
        return replace(self.config, **changes)  # type: ignore[arg-type]


@pytest.fixture
def shop(open_shopify: Callable[..., Shopify]) -> Shop:
    opened = open_shopify()
    store = opened.store
    install(store, ACME)
    definition = define_vendors(store)
    ada = vendor(store, "adas-ceramics", name="Ada's Ceramics", tagline="Thrown by hand", since="2021-04-01")
    bea = vendor(store, "beas-bakery", name="Bea's Bakery")
    mug = product(store, "Morning mug", of=ada, prices={"Small": "24.00", "Large": "29.50"})
    loaf = product(store, "Rye loaf", of=bea, prices="8.50", stock=3)
    visitor = server.create_storefront(opened.config, store, ACME).test_client()
    return Shop(opened.config, store, visitor, definition, ada, bea, mug, loaf)
