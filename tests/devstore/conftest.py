"""A development store per test: its own folder, its real WSGI application, no network but the app's end."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from devstore import oauth, seed, server
from devstore.config import Config
from devstore.installations import install
from devstore.store import Store

ACME, ZENITH = "acme.myshopify.com", "zenith.myshopify.com"
ROOT = Path(__file__).parents[2]
# More than the app asks for: what the store can answer is tested apart from what the app needs.
SCOPES = (
    "write_products,write_inventory,read_locations,write_files,write_publications,write_orders,write_customers,"
    "write_merchant_managed_fulfillment_orders,write_fulfillments,write_app_proxy,write_pixels,"
    "read_customer_events,read_themes"
)


@dataclass
class Shopify:
    """A running development store as the app sees it, and `store` to look behind the counter."""

    config: Config
    store: Store
    client: FlaskClient
    tokens: dict[str, str] = field(default_factory=dict)

    def staff(self, shop: str = ACME) -> dict[str, Any]:
        return self.store.all(shop, "staff")[0]

    def id_token(self, shop: str = ACME) -> str:
        return oauth.sign_id_token(self.config, shop, self.staff(shop))

    def ask_token(self, shop: str = ACME, **changes: Any) -> Any:
        body = {
            "client_id": self.config.client_id,
            "client_secret": self.config.client_secret,
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": self.id_token(shop),
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
            "expiring": "1",
        }
        return self.client.post(f"/shops/{shop}/admin/oauth/access_token", json=body | changes)

    def post(self, query: str, variables: dict[str, Any] | None = None, shop: str = ACME, token: str = "") -> Any:
        if not token:
            install(self.store, shop)
            token = self.tokens.get(shop) or self.ask_token(shop).get_json()["access_token"]
            self.tokens[shop] = token
        return self.client.post(
            f"/shops/{shop}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": token},
        )

    def ask(self, query: str, variables: dict[str, Any] | None = None, shop: str = ACME) -> dict[str, Any]:
        """The answer's data; any error fails the test."""
        answer = self.post(query, variables, shop).get_json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def deliveries(self, shop: str = ACME) -> list[dict[str, Any]]:
        return self.store.all(shop, "webhook_delivery")


def make_config(folder: Path, app_url: str = "http://127.0.0.1:9") -> Config:
    declared = tomllib.loads((ROOT / "shopify.app.toml").read_text(encoding="utf-8"))
    return Config(
        port=4000,
        storefronts={ACME: 4001, ZENITH: 4002},
        data=folder,
        app_url=app_url,
        client_id="client-id-of-the-app",
        client_secret="a-secret-of-at-least-thirty-two-bytes",
        app_toml={**declared, "access_scopes": {"scopes": SCOPES}},
        extension_dir=ROOT / "extensions" / "theme",
    )


@pytest.fixture
def open_shopify(tmp_path: Path) -> Iterator[Callable[..., Shopify]]:
    """Opens the store of this test's folder; opening it again is a restart."""
    opened: list[Store] = []

    def start(app_url: str = "http://127.0.0.1:9") -> Shopify:
        config = make_config(tmp_path, app_url)
        store = Store(tmp_path / "store.sqlite3")
        opened.append(store)
        seed.deploy(store, config)
        return Shopify(config, store, server.create_app(config, store).test_client())

    yield start
    for store in opened:
        store.close()


@pytest.fixture
def shopify(open_shopify: Callable[..., Shopify]) -> Shopify:
    return open_shopify()
