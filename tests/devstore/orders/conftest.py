from types import SimpleNamespace

import pytest

from devstore.installations import install
from devstore.store import Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, product

SCOPES = [
    "read_orders",
    "write_orders",
    "read_customers",
    "read_products",
    "write_fulfillments",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
]


@pytest.fixture
def store(shopify: Shopify) -> Store:
    """The store of a shop that has an app which may do everything with orders installed."""
    app = shopify.store.find("", "app")
    assert app is not None
    shopify.store.put("", "app", {**app, "scopes": sorted({*app["scopes"], *SCOPES})})
    install(shopify.store, ACME)
    return shopify.store


@pytest.fixture
def goods(store: Store) -> SimpleNamespace:
    """Ada's mug at 5.00, Bea's loaf at 10.00, and Ada's vase at 33.33; what putting them up for sale sent is gone."""
    made = SimpleNamespace(
        mug=product(store, "Mug", "5.00", vendor="Ada's Ceramics", sku="MUG"),
        loaf=product(store, "Loaf", "10.00", vendor="Bea's Bakery", sku="LOAF"),
        vase=product(store, "Vase", "33.33", vendor="Ada's Ceramics", sku="VASE"),
    )
    for delivery in store.all(ACME, "webhook_delivery"):
        store.delete(ACME, "webhook_delivery", delivery["id"])
    return made
