"""What becomes of a product that Shopify does not take."""

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app import db
from app.models.products import Product, ProductImage, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import service, sync
from app.queue import get_redis
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


GID = "gid://shopify/Product/1"
BOWLS, MUGS = "gid://shopify/TaxonomyCategory/hg-1", "gid://shopify/TaxonomyCategory/hg-2"


def set_fields(product: Product, **values: Any) -> None:
    with db.scoped(product.shop_id) as session:
        session.execute(update(Product).values(**values))


def push(product: Product, shopify: FakeShopify) -> dict[str, Any]:
    """Have the product sent for review. Returns what Shopify was told."""
    set_fields(product, status=ProductStatus.SUBMITTED)
    made = {"id": GID, "handle": "bowl", "status": "DRAFT", "updatedAt": "2026-11-01T00:00:00Z"}
    shopify.answer("productSet", data(productSet={"product": {**made, "variants": {"nodes": []}}, "userErrors": []}))
    sync.push_product(product.shop_id, product.id)
    assert read(product).status is ProductStatus.IN_REVIEW
    said: dict[str, Any] = shopify.asked[-1][1]
    return said


def test_what_the_vendor_did_not_change_is_not_written_again(submitted: Product, shopify: FakeShopify) -> None:
    """The staff may have given it a category, or metafields of their own, while it was in review."""
    first = push(submitted, shopify)
    assert first["identifier"].keys() == {"customId"}
    assert first["input"].keys() >= {"title", "descriptionHtml", "seo", "metafields"}
    assert "category" not in first["input"], "it may be a second run, after staff set one"
    again = push(submitted, shopify)
    assert again["identifier"] == {"id": GID}
    assert not again["input"].keys() & {"title", "descriptionHtml", "seo", "category", "metafields"}
    set_fields(submitted, title="Blue bowls")
    assert push(submitted, shopify)["input"]["title"] == "Blue bowls"


def test_a_category_is_written_when_the_vendor_changes_it_or_takes_it_away(
    submitted: Product, shopify: FakeShopify
) -> None:
    for category in (BOWLS, MUGS, None):
        set_fields(submitted, category_gid=category)
        assert push(submitted, shopify)["input"]["category"] == category


def test_what_staff_changed_on_sale_is_theirs_also_after_the_product_was_taken_off_sale(
    submitted: Product, shopify: FakeShopify
) -> None:
    set_fields(submitted, category_gid=BOWLS)
    push(submitted, shopify)
    set_fields(submitted, status=ProductStatus.PUBLISHED, category_gid=MUGS)
    with db.scoped(submitted.shop_id, submitted.vendor_id) as session:
        service.take_back(session, session.get_one(Product, submitted.id), "withdraw", actor="vendor_user:1")
    assert "category" not in push(submitted, shopify)["input"]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_product_that_was_deleted_in_shopify_is_made_anew_as_a_whole(
    submitted: Product, shopify: FakeShopify, is_known: object
) -> None:
    push(submitted, shopify)
    if is_known:
        set_fields(submitted, shopify_status=None)
    else:
        said = {"field": ["identifier"], "message": "Product does not exist", "code": "PRODUCT_DOES_NOT_EXIST"}
        shopify.answer("productSet", data(productSet={"product": None, "userErrors": [said]}))
        set_fields(submitted, status=ProductStatus.SUBMITTED)
        get_redis().flushdb()
        sync.push_product(submitted.shop_id, submitted.id)
        assert get_redis().llen("rq:queue:catalogue") == 1
        assert read(submitted).status is ProductStatus.SUBMITTED
    again = push(submitted, shopify)
    assert again["identifier"].keys() == {"customId"}
    assert again["input"]["title"] == "Blue bowl"


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
