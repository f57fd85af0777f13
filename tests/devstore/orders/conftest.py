from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from devstore import seed
from devstore.config import Config
from devstore.server import create_app
from devstore.store import Store
from tests.devstore.orders.cast import ACME, TOPICS, ZENITH, product


@pytest.fixture
def config(tmp_path: Path) -> Config:
    toml = {"webhooks": {"subscriptions": [{"topics": TOPICS, "uri": "/webhooks"}]}}
    return Config(
        port=4120,
        storefronts={ACME: 4121, ZENITH: 4122},
        data=tmp_path,
        app_url="http://127.0.0.1:4139",
        client_id="client",
        client_secret="hush",
        app_toml=toml,
        extension_dir=tmp_path,
    )


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    store = Store(config.data / "store.sqlite")
    seed.deploy(store, config)
    yield store
    store.close()


@pytest.fixture
def client(config: Config, store: Store) -> FlaskClient:
    return create_app(config, store).test_client()


@pytest.fixture
def goods(store: Store) -> SimpleNamespace:
    """Ada's mug at 5.00, Bea's loaf at 10.00, and Ada's vase at 33.33."""
    return SimpleNamespace(
        mug=product(store, "Mug", "5.00", vendor="Ada's Ceramics", sku="MUG"),
        loaf=product(store, "Loaf", "10.00", vendor="Bea's Bakery", sku="LOAF"),
        vase=product(store, "Vase", "33.33", vendor="Ada's Ceramics", sku="VASE"),
    )
