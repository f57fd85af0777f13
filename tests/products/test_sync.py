"""What becomes of a product that Shopify does not take."""

import httpx
import pytest
from sqlalchemy import update

from app import db
from app.models.products import Product, ProductImage, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import service, sync
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data


@pytest.fixture
def submitted(acme: Shop, ada: Vendor, connected: ShopCredentials) -> Product:
    with db.scoped(acme.id) as session:
        session.execute(update(Shop).values(location_gid="gid://shopify/Location/1"))
        session.execute(update(Vendor).values(metaobject_gid="gid://shopify/Metaobject/1"))
        product = service.create_draft(session, acme, ada, "Blue bowl", actor="vendor_user:1")
        product.status = ProductStatus.SUBMITTED
    return product


def read(product: Product) -> Product:
    with db.scoped(product.shop_id) as session:
        return session.get_one(Product, product.id)


@pytest.mark.parametrize(
    ("in_shopify", "category", "told"),
    [
        (None, None, "nothing"),
        (None, "gid://shopify/TaxonomyCategory/hg", "gid://shopify/TaxonomyCategory/hg"),
        ("gid://shopify/Product/1", None, None),
    ],
)
def test_a_category_that_was_taken_away_is_taken_away_in_shopify(
    submitted: Product, shopify: FakeShopify, in_shopify: str | None, category: str | None, told: str | None
) -> None:
    with db.scoped(submitted.shop_id) as session:
        session.execute(update(Product).values(shopify_gid=in_shopify, category_gid=category))
    refused = {"product": None, "userErrors": [{"field": None, "message": "No.", "code": None}]}
    shopify.answer("productSet", data(productSet=refused))
    sync.push_product(submitted.shop_id, submitted.id)
    (variables,) = [variables for name, variables, _ in shopify.asked if name == "productSet"]
    assert variables["input"].get("category", "nothing") == told


def test_a_refusal_that_no_vendor_can_mend_is_written_down_for_the_staff(
    submitted: Product, shopify: FakeShopify
) -> None:
    denied = {"message": "Access denied for productSet field", "extensions": {"code": "ACCESS_DENIED"}}
    shopify.answer("productSet", httpx.Response(200, json={"errors": [denied]}))
    with pytest.raises(ShopifyError):
        sync.push_product(submitted.shop_id, submitted.id)
    held = read(submitted)
    assert held.status is ProductStatus.SUBMITTED
    assert held.sync_error is not None
    assert "Access denied" in held.sync_error


def test_a_picture_that_no_variant_can_be_given_is_written_down_for_the_staff(
    submitted: Product, shopify: FakeShopify
) -> None:
    with db.scoped(submitted.shop_id) as session:
        owner = {"shop_id": submitted.shop_id, "vendor_id": submitted.vendor_id, "product_id": submitted.id}
        image = ProductImage(**owner, filename="a.png", source_url="x", url="https://cdn/a.png", shopify_gid="a")
        session.add(image)
        session.flush()
        [variant] = service.list_variants(session, submitted)
        variant.image_id = image.id
    node = {"id": "v1", "selectedOptions": [{"name": "Title", "value": "Default Title"}], "media": {"nodes": []}}
    node["inventoryItem"] = {"id": "i1"}
    made = {"id": "p1", "handle": "bowl", "status": "DRAFT", "updatedAt": "2026-11-01T00:00:00Z"}
    shopify.answer(
        "productSet", data(productSet={"product": {**made, "variants": {"nodes": [node]}}, "userErrors": []})
    )
    denied = {"message": "Access denied for this field", "extensions": {"code": "ACCESS_DENIED"}}
    shopify.answer("productVariantsBulkUpdate", httpx.Response(200, json={"errors": [denied]}))
    with pytest.raises(ShopifyError):
        sync.push_product(submitted.shop_id, submitted.id)
    held = read(submitted)
    assert (held.status, "Access denied" in (held.sync_error or "")) == (ProductStatus.SUBMITTED, True)
