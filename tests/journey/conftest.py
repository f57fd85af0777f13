"""Acme's storefront with visitors, and what their pixels send."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import clock, db
from app.journey import pixel
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.apps import get_app


@dataclass
class Pixels:
    """The app's end, as any browser reaches it."""

    client: FlaskClient
    shop: Shop

    def event(self, kind: str, *products: int, client: str = "visitor-1", **more: Any) -> dict[str, Any]:
        at = more.pop("at", clock.now())
        held = {"id": str(uuid.uuid4()), "kind": kind, "at": at.isoformat(), "client": client}
        return {**held, "products": list(products), **more}

    def send(self, *events: Any, account: str | None = None) -> Any:
        account = pixel.make_settings(self.shop.id)["account"] if account is None else account
        return self.post(json.dumps({"account": account, "events": events}).encode())

    def post(self, body: bytes) -> Any:
        return self.client.post("/pixel", data=body, content_type="text/plain", headers={"Origin": "null"})

    def tell(
        self, kind: str, *products: int, client: str = "visitor-1", at: datetime | None = None, **more: Any
    ) -> None:
        answer = self.send(self.event(kind, *products, client=client, at=at or clock.now(), **more))
        assert answer.status_code == 204, answer.text


@pytest.fixture
def pixels(acme: Shop) -> Iterator[Pixels]:
    with get_app().test_client() as client:
        yield Pixels(client, acme)


def put_on_sale(vendor: Vendor, number: int, title: str) -> Product:
    with db.scoped(vendor.shop_id) as session:
        gid = f"gid://shopify/Product/{number}"
        product = Product(shop_id=vendor.shop_id, vendor_id=vendor.id, title=title, shopify_gid=gid)
        product.status = ProductStatus.PUBLISHED
        session.add(product)
    return product
