"""What a vendor sells is on the vendor's page in Shopify, whatever becomes of it on either side."""

import json
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest

from app import clock, db
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.queue import get_redis
from app.shopify import definitions
from app.vendors import goods, holidays, sync
from jobs.shops import sweep as sweep_shops
from tests.conftest import make_vendor
from tests.scenarios.market import Market
from tests.scenarios.test_missed_webhooks import find_them_again, lose_webhooks

SET_PRODUCT = (
    "mutation($input: ProductSetInput!) { productSet(input: $input) { product { id } userErrors { message } } }"
)
CHANNELS = "{ publications(first: 5) { nodes { id name } } }"
PUBLISH = """mutation($id: ID!, $input: [PublicationInput!]!) {
  publishablePublish(id: $id, input: $input) { userErrors { message } } }"""
PAGE = """{ metaobjectByHandle(handle: {type: "$app:vendor", handle: "HANDLE"}) {
  id field(key: "products") { jsonValue } } }"""
NEW = '{ shop { metafield(namespace: "$app", key: "newest") { jsonValue } } }'
CHANGE = """mutation($id: ID!, $metaobject: MetaobjectUpdateInput!) {
  metaobjectUpdate(id: $id, metaobject: $metaobject) { userErrors { message } } }"""
DELETE = "mutation($id: ID!) { productDelete(input: {id: $id}) { userErrors { message } } }"


@pytest.fixture
def ada(market: Market, shop: Shop) -> Vendor:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    follow(market)
    return ada


def put_on_sale(market: Market, vendor: Vendor, title: str) -> Product:
    """In Shopify and here, as a product is after its review."""
    with db.scoped(vendor.shop_id) as session:
        page = session.get_one(Vendor, vendor.id).metaobject_gid
    link = {"namespace": "$app", "key": "vendor", "type": "metaobject_reference", "value": page}
    variant = {"optionValues": [{"optionName": "Title", "name": "Default Title"}], "price": "20.00"}
    wanted = {"title": title, "vendor": vendor.name, "status": "ACTIVE", "metafields": [link], "variants": [variant]}
    option = {"name": "Title", "values": [{"name": "Default Title"}]}
    made = market.ask_shopify(SET_PRODUCT, {"input": {**wanted, "productOptions": [option]}})["productSet"]
    assert not made["userErrors"], made
    gid = made["product"]["id"]
    [online] = [
        each["id"] for each in market.ask_shopify(CHANNELS)["publications"]["nodes"] if "Online" in each["name"]
    ]
    market.ask_shopify(PUBLISH, {"id": gid, "input": [{"publicationId": online}]})
    own = {"shop_id": vendor.shop_id, "vendor_id": vendor.id, "shopify_gid": gid, "title": title}
    with db.scoped(vendor.shop_id) as session:
        product = Product(**own, shopify_status="ACTIVE", vendor_told=vendor.name, published_at=clock.now())
        product.status = ProductStatus.PUBLISHED
        session.add(product)
        session.flush()
        held = {"shop_id": vendor.shop_id, "vendor_id": vendor.id, "product_id": product.id}
        session.add(Variant(**held, price_minor=2000, currency="USD", option_values=["Default Title"]))
    return product


def follow(market: Market) -> None:
    """The sweeps come by until they find nothing more to do."""
    market.settle()
    for _ in range(5):
        get_redis().flushdb()
        if not sync.sweep():
            return
        market.settle()
    raise AssertionError("the pages never catch up")


def named(market: Market, vendor: Vendor) -> list[str]:
    page = market.ask_shopify(PAGE.replace("HANDLE", vendor.handle))["metaobjectByHandle"]
    return page["field"]["jsonValue"] or [] if page["field"] else []


def gids(*products: Product) -> list[str]:
    return [str(product.shopify_gid) for product in products]


def shown(market: Market, vendor: Vendor) -> Sequence[str]:
    page = httpx.get(f"{market.storefront_url()}/pages/vendors/{vendor.handle}").text
    return [title for title in ("Blue mug", "Red bowl") if f'sk-tile__title">{title}<' in page]


def test_a_page_names_what_its_vendor_sells_through_all_that_may_happen(
    market: Market, shop: Shop, ada: Vendor
) -> None:
    mug, bowl = put_on_sale(market, ada, "Blue mug"), put_on_sale(market, ada, "Red bowl")
    follow(market)
    assert named(market, ada) == gids(bowl, mug)
    assert shown(market, ada) == ["Blue mug", "Red bowl"]
    assert goods.sweep() == 1
    market.settle()
    assert market.ask_shopify(NEW)["shop"]["metafield"]["jsonValue"] == gids(bowl, mug)

    assert market.merchant(f"/app/review/{mug.id}/take_down", {"reason": "Sharp edges."}).is_success
    follow(market)
    assert named(market, ada) == gids(bowl)
    assert shown(market, ada) == ["Red bowl"]
    assert market.merchant(f"/app/review/{mug.id}/put_back", {"x": "y"}).is_success
    follow(market)
    assert named(market, ada) == gids(bowl, mug)

    assert market.merchant(f"/app/vendors/{ada.id}/suspend", {"reason": "Papers."}).is_success
    follow(market)
    assert named(market, ada) == []
    assert market.merchant(f"/app/vendors/{ada.id}/reinstate", {"x": "y"}).is_success
    follow(market)
    assert named(market, ada) == gids(bowl, mug)

    with db.scoped(shop.id) as session:
        vendor, today = session.get_one(Vendor, ada.id), clock.now().date()
        days = (today - timedelta(days=1), today + timedelta(days=2))
        holidays.plan(
            session, session.get_one(Shop, shop.id), vendor, *days, hides=True, note="", actor="vendor_user:1"
        )
    follow(market)
    assert named(market, ada) == []
    with db.scoped(shop.id) as session:
        holidays.come_back(session, session.get_one(Vendor, ada.id), actor="vendor_user:1")
    follow(market)
    assert named(market, ada) == gids(bowl, mug)


def test_what_staff_change_in_the_admin_is_made_right_heard_or_not(market: Market, shop: Shop, ada: Vendor) -> None:
    mug, bowl = put_on_sale(market, ada, "Blue mug"), put_on_sale(market, ada, "Red bowl")
    follow(market)
    page = market.ask_shopify(PAGE.replace("HANDLE", ada.handle))["metaobjectByHandle"]["id"]
    only_mug = {"fields": [{"key": "products", "value": json.dumps(gids(mug))}]}
    market.ask_shopify(CHANGE, {"id": page, "metaobject": only_mug})
    follow(market)
    assert named(market, ada) == gids(bowl, mug)

    lose_webhooks(market)
    market.ask_shopify(CHANGE, {"id": page, "metaobject": only_mug})
    market.ask_shopify(DELETE, {"id": bowl.shopify_gid})
    plate = put_on_sale(market, ada, "Plate")
    market.settle()
    get_redis().flushdb()
    sync.sweep()
    market.settle()
    assert named(market, ada) == gids(plate, mug), "Shopify refuses what it no longer has"
    with db.scoped(shop.id) as session:
        assert session.get_one(Vendor, ada.id).sync_error is None
        assert session.get_one(Product, bowl.id).status == ProductStatus.ARCHIVED, "what it told so is news"
    find_them_again(market)
    follow(market)
    assert named(market, ada) == gids(plate, mug)


def test_the_pages_of_an_installed_shop_are_filled_after_the_update(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [field for field in definitions.VENDOR_FIELDS if field["key"] != "products"]
    with monkeypatch.context() as old:
        old.setattr(definitions, "VENDOR_FIELDS", tuple(before))
        old.setattr(definitions, "VERSION", goods.KNOWN_SINCE - 1)
        shop = market.install()
        ada, bea = (make_vendor(shop, name, f"{name}@example.com") for name in ("Ada", "Bea"))
        follow(market)
        mug, loaf = put_on_sale(market, ada, "Blue mug"), put_on_sale(market, bea, "Loaf")
        follow(market)
        assert market.ask_shopify(PAGE.replace("HANDLE", ada.handle))["metaobjectByHandle"]["field"] is None
    sweep_shops()
    market.settle()
    with db.scoped(shop.id) as session:
        assert session.get_one(Shop, shop.id).definitions_version == definitions.VERSION
    get_redis().flushdb()
    assert sync.sweep() == 2
    sync.sync_vendor(shop.id, ada.id)
    assert named(market, ada) == gids(mug)
    assert named(market, bea) == [], "the worker died in between"
    follow(market)
    assert named(market, bea) == gids(loaf)
