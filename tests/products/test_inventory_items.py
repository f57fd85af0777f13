"""An item's SKU, changed in the admin where stock is counted."""

from datetime import UTC, datetime, timedelta

import pytest

from app import db
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import mirror
from app.shopify.payloads import InventoryItem

SEEN = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later", "status", "sku"),
    [(1, ProductStatus.PUBLISHED, "NEW"), (-1, ProductStatus.PUBLISHED, "OLD"), (1, ProductStatus.SUBMITTED, "OLD")],
    ids=["newer", "older than the product's own news", "not on sale"],
)
def test_newer_news_of_a_product_on_sale_set_its_sku(
    acme: Shop, ada: Vendor, later: int, status: ProductStatus, sku: str
) -> None:
    own = {"shop_id": acme.id, "vendor_id": ada.id}
    with db.scoped(acme.id) as session:
        product = Product(**own, title="Mug", status=status, shopify_updated_at=SEEN)
        session.add(product)
        session.flush()
        gid = "gid://shopify/InventoryItem/7"
        variant = Variant(
            **own, product_id=product.id, price_minor=500, currency="USD", sku="OLD", inventory_item_gid=gid
        )
        session.add(variant)
        session.flush()
        mirror.take_over_item(session, acme, InventoryItem(id=7, sku="NEW", updated_at=SEEN + timedelta(hours=later)))
        mirror.take_over_item(session, acme, InventoryItem(id=8, sku="X", updated_at=SEEN + timedelta(hours=later)))
        assert variant.sku == sku
