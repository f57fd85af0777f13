"""Customers of Acme and Zenith at their browsers, and requests as Shopify forwards them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import clock
from app.models.shops import Shop
from app.storefront import rules
from tests.apps import get_app
from tests.shopify.signing import sign_proxy

CLEO, DAN = "7001", "7002"


def at(minutes: float = 0, node: str = "aaaaaaaa") -> str:
    """The logical clock of a device, `minutes` from now."""
    return rules.clock_at(clock.now() + timedelta(minutes=minutes), node)


def item(kind: str, key: str, value: Any, clock: str = "") -> dict[str, Any]:
    return {"kind": kind, "key": key, "clock": clock or at(), "value": value}


def wish(product: int, clock: str = "", **more: str) -> dict[str, Any]:
    return item("wishlist", str(product), {"handle": f"product-{product}", **more}, clock)


@dataclass
class Storefront:
    """The app's end of the proxy."""

    client: FlaskClient

    def send(self, *items: Any, customer: str = CLEO, since: int = 0, shop: str = "acme", **more: Any) -> Any:
        body = {"account": customer, "since": since, "items": list(items), **more}
        answer = self.post(json.dumps(body).encode(), customer=customer, shop=shop)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, raw: bytes, *, customer: str = CLEO, shop: str = "acme", kind: str = "application/json") -> Any:
        query = sign_proxy(f"{shop}.myshopify.com", logged_in_customer_id=customer)
        return self.client.post(f"/proxy/sync?{query}", data=raw, content_type=kind)

    def news(self, *, customer: str = CLEO, since: str = "0", shop: str = "acme") -> Any:
        query = sign_proxy(f"{shop}.myshopify.com", logged_in_customer_id=customer, since=since)
        return self.client.get(f"/proxy/sync?{query}", headers={"Accept": "application/json"})

    def held(self, **who: str) -> dict[tuple[str, str], Any]:
        """All that a new device would find, by kind and key."""
        return {(one["kind"], one["key"]): one["value"] for one in self.news(**who).json["items"]}


@pytest.fixture
def storefront(acme: Shop) -> Iterator[Storefront]:
    with get_app().test_client() as client:
        yield Storefront(client)
