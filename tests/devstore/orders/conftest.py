from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest

from devstore.graphql import execute
from devstore.graphql.cost import Buckets
from devstore.installations import install
from devstore.store import Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, product
from tests.shopify.fake import FakeShopify

SCOPES = [
    "read_orders",
    "write_orders",
    "read_customers",
    "read_products",
    "write_fulfillments",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_returns",
    "write_returns",
    "read_shopify_payments_disputes",
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
def edge(shopify: Shopify, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeShopify]:
    """The network's edge: what the app asks of Shopify reaches the store, whose points are fresh."""
    monkeypatch.setattr(execute, "buckets", Buckets())
    fake = FakeShopify()
    for name in ("order", "fulfillmentOrder", "fulfillment", "fulfillmentCreate", "orderInFull", "refundInFull",
                 "disputes", "return", "fulfillmentOrderOrder",
                 "returnableFulfillments", "nodesReturnReasons", "returnRequest"):  # fmt: skip
        fake.answer(name, lambda body: httpx.Response(200, json=shopify.post(body["query"], body["variables"]).json))
    with fake.client() as client:
        monkeypatch.setattr("app.shopify.client.get_http", lambda: client)
        yield fake


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
