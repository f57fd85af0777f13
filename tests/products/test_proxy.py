"""Where a product page in the storefront may listen for stock."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app import db
from app.live import channels
from app.models.events import InboxEvent
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.queue import get_redis
from jobs.events import drain
from tests.apps import get_app
from tests.shopify.signing import sign_proxy


@pytest.fixture
def storefront(acme: Shop) -> FlaskClient:
    return get_app().test_client()


@pytest.fixture
def mug(acme: Shop, ada: Vendor) -> Product:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).location_gid = "gid://shopify/Location/1"
        mug = Product(shop_id=acme.id, vendor_id=ada.id, shopify_gid="gid://shopify/Product/7", title="Mug")
        mug.status = ProductStatus.PUBLISHED
        session.add(mug)
        session.flush()
        variant = Variant(shop_id=acme.id, vendor_id=ada.id, product_id=mug.id, price_minor=1, currency="USD")
        variant.shopify_gid, variant.inventory_item_gid = (
            "gid://shopify/ProductVariant/70",
            "gid://shopify/InventoryItem/700",
        )
        session.add(variant)
    return mug


def test_a_published_products_page_gets_a_ticket_for_its_stock_alone(
    storefront: FlaskClient, acme: Shop, mug: Product
) -> None:
    answer = storefront.get(f"/proxy/stock.json?{sign_proxy(product='7')}")
    ticket = parse_qs(urlsplit(answer.get_json()["url"]).query)["ticket"][0]
    found = channels.find_pass(ticket)
    assert found is not None
    assert found.channel == channels.stock_channel(acme.id, 7)


def test_what_is_not_on_sale_or_not_a_vendors_has_no_stream(storefront: FlaskClient, acme: Shop, mug: Product) -> None:
    assert storefront.get(f"/proxy/stock.json?{sign_proxy(product='8')}").status_code == 404
    assert storefront.get(f"/proxy/stock.json?{sign_proxy(product='seven')}").status_code == 404
    with db.scoped(acme.id) as session:
        session.execute(update(Product).values(status=ProductStatus.ARCHIVED))
    assert storefront.get(f"/proxy/stock.json?{sign_proxy(product='7')}").status_code == 404


def test_a_sold_out_variant_is_announced_to_its_page_and_its_vendor(acme: Shop, ada: Vendor, mug: Product) -> None:
    body = b'{"inventory_item_id": 700, "location_id": 1, "available": 0, "updated_at": "2026-11-20T09:00:00Z"}'
    with db.system() as session:
        topic = "inventory_levels/update"
        session.add(InboxEvent(shop_domain=acme.domain, topic=topic, webhook_id="w", event_id="e", body=body))
    drain()
    redis: Any = get_redis()
    told = [
        [fields[b"data"] for _, fields in redis.xrange(channels.log_of(channel))]
        for channel in (channels.stock_channel(acme.id, 7), channels.vendor_channel(ada.id))
    ]
    assert told == [[b'{"variants": [{"variant": 70, "available": false, "left": 0, "carts": 0}]}'], [b"StockChanged"]]
