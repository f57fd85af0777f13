"""Counts on their way to Shopify, by whatever happens while they are."""

from typing import Any

import httpx

from app import clock, db
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import service
from app.products.stock_sync import push_stock
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data


def count(shop: Shop, product: Product, variant: Variant, stock: int) -> None:
    with db.scoped(shop.id) as session:
        held = session.get_one(Product, product.id)
        assert service.set_stock(session, held, {variant.id: stock}, actor="ada") == 1


def test_who_counts_again_while_shopify_is_told_is_not_counted_twice(
    acme: Shop, ada: Vendor, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).location_gid = "gid://shopify/Location/1"
        own = {"shop_id": acme.id, "vendor_id": ada.id}
        mug = Product(**own, title="Mug", status=ProductStatus.PUBLISHED, shopify_gid="gid://shopify/Product/1")
        session.add(mug)
        session.flush()
        small = Variant(**own, product_id=mug.id, price_minor=500, currency="USD", stock=5, inventory_item_gid="i")
        session.add(small)
    count(acme, mug, small, 7)
    told: list[tuple[int, int]] = []

    def take(body: dict[str, Any]) -> httpx.Response:
        (said,) = body["variables"]["input"]["quantities"]
        told.append((said["changeFromQuantity"], said["quantity"]))
        if len(told) == 1:
            count(acme, mug, small, 8)
        group = {"createdAt": clock.now().isoformat(), "reason": "correction"}
        return data(inventorySetQuantities={"inventoryAdjustmentGroup": group, "userErrors": []})

    shopify.answer("inventorySetQuantities", take)
    push_stock(acme.id, mug.id)
    assert told == [(5, 7), (7, 8)]
    with db.scoped(acme.id) as session:
        held = session.get_one(Variant, small.id)
        assert (held.stock, held.stock_before, held.stock_requested_at) == (8, None, None)
