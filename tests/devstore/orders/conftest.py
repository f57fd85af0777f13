from types import SimpleNamespace

import pytest

from devstore.installations import install
from devstore.store import Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, product


@pytest.fixture
def store(shopify: Shopify) -> Store:
    """The store of a shop that has the app installed."""
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
