"""Stock at several locations: chosen by the merchant, counted by the vendor, compared by Shopify."""

import html
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app import db
from app.models.products import Location, ProductImportRow, Variant
from app.models.shops import Shop
from app.products import places
from tests.scenarios.market import Market
from tests.scenarios.test_product_listing import mug_form, start_mug, the_product

LEVELS = """query ($id: ID!) { product(id: $id) { variants(first: 5) { nodes {
  inventoryItem { id inventoryLevels(first: 5) { nodes {
    location { id name } quantities(names: ["available"]) { quantity } } } } } } } }"""
SELL = """mutation ($input: InventoryAdjustQuantitiesInput!) { inventoryAdjustQuantities(input: $input)
  @idempotent(key: "a-sale") { userErrors { message } } }"""


def place(market: Market, **sent: Any) -> None:
    answer = httpx.post(f"{market.store_url}/_control/locations", json={"shop": "acme.myshopify.com", **sent})
    assert answer.is_success, answer.text
    market.settle()


@pytest.fixture
def studio(market: Market, shop: Shop) -> Location:
    """A second location, at which vendors keep stock."""
    place(market, name="Studio")
    return let_vendors_use(market, shop, "Studio")


def let_vendors_use(market: Market, shop: Shop, name: str) -> Location:
    market.merchant("/app/settings/locations")
    with db.scoped(shop.id) as session:
        location = session.scalars(select(Location).where(Location.name == name)).one()
    assert "read from Shopify" in str(market.merchant("/app/settings/locations", {"location": location.id}).headers)
    market.settle()
    return location


def levels(market: Market, shop: Shop) -> list[dict[str, int]]:
    """What Shopify has of each variant, by location."""
    found = market.ask_shopify(LEVELS, {"id": the_product(shop).shopify_gid})["product"]["variants"]["nodes"]
    return [
        {
            each["location"]["name"]: each["quantities"][0]["quantity"]
            for each in node["inventoryItem"]["inventoryLevels"]["nodes"]
        }
        for node in found
    ]


def variants(shop: Shop) -> list[Variant]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Variant).order_by(Variant.position)))


def publish(market: Market, shop: Shop, portal: httpx.Client, path: str = "", **counts: str) -> str:
    path = path or start_mug(portal)
    market.settle()
    answer = portal.post(path, data=mug_form(**counts))
    assert "Sent. You get an e-mail" in answer.text, answer.text
    market.settle()
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    return path


def adjust(market: Market, shop: Shop, location: str, delta: int) -> None:
    """What somebody does in Shopify with the first variant."""
    [node, *_] = market.ask_shopify(LEVELS, {"id": the_product(shop).shopify_gid})["product"]["variants"]["nodes"]
    item = node["inventoryItem"]
    gid = next(n["location"]["id"] for n in item["inventoryLevels"]["nodes"] if n["location"]["name"] == location)
    change = {"inventoryItemId": item["id"], "locationId": gid, "delta": delta, "changeFromQuantity": None}
    market.ask_shopify(SELL, {"input": {"name": "available", "reason": "correction", "changes": [change]}})


def test_a_new_product_is_counted_at_each_location(
    market: Market, shop: Shop, portal: httpx.Client, studio: Location
) -> None:
    path = start_mug(portal)
    assert "At Studio" in portal.get(path).text
    extra = {f"variant_0_stock_{studio.id}": "2", f"variant_1_stock_{studio.id}": ""}
    publish(market, shop, portal, path, **extra)
    assert [each.stock for each in variants(shop)] == [7, 3], "both places together"
    assert levels(market, shop)[0] == {"Acme warehouse": 5, "Studio": 2}
    assert levels(market, shop)[1]["Acme warehouse"] == 3
    listed = html.unescape(portal.get("/portal/products").text)
    assert "Acme warehouse: 8" in listed
    assert "Studio: 2" in listed
    small = variants(shop)[0]
    counted = {f"stock_{small.id}": "5", f"stock_{small.id}_{studio.id}": "9"}
    assert "on its way to the shop" in portal.post(f"{path}/stock", data=counted).text
    market.settle()
    assert levels(market, shop)[0] == {"Acme warehouse": 5, "Studio": 9}
    wrong = portal.post(f"{path}/stock", data={f"stock_{small.id}_{studio.id}": "-1"})
    assert (wrong.status_code, variants(shop)[0].stock) == (422, 14)


def test_what_was_sold_meanwhile_is_not_counted_twice(
    market: Market, shop: Shop, portal: httpx.Client, studio: Location
) -> None:
    path = publish(market, shop, portal, **{f"variant_0_stock_{studio.id}": "4"})
    small = variants(shop)[0]
    counted = {f"stock_{small.id}": "6", f"stock_{small.id}_{studio.id}": "10"}
    adjust(market, shop, "Acme warehouse", -2)
    portal.post(f"{path}/stock", data=counted)
    market.settle()
    assert levels(market, shop)[0] == {"Acme warehouse": 4, "Studio": 10}, "one more than now"
    assert variants(shop)[0].stock == 14
    assert variants(shop)[0].stock_before is None


def test_a_file_counts_each_location_and_finds_what_it_wrote_unchanged(
    market: Market, shop: Shop, portal: httpx.Client, studio: Location
) -> None:
    publish(market, shop, portal, **{f"variant_0_stock_{studio.id}": "4"})
    exported = portal.get("/portal/products/export.csv").text.lstrip("\ufeff")
    assert "Stock at Studio" in exported.splitlines()[0]
    portal.post("/portal/products/import", files={"file": ("products.csv", exported, "text/csv")})
    with db.scoped(shop.id) as session:
        assert session.scalars(select(ProductImportRow.action)).all() == ["same"]
    text = "Product,Option 1 name,Option 1 value,Stock at Studio\nStoneware mug,Size,Small,11\n"
    planned = portal.post("/portal/products/import", files={"file": ("stock.csv", text, "text/csv")})
    portal.post(f"{planned.url.path}/start")
    market.settle()
    assert levels(market, shop)[0] == {"Acme warehouse": 5, "Studio": 11}


def test_news_of_each_location_and_its_closing_reach_the_vendor(
    market: Market, shop: Shop, portal: httpx.Client, studio: Location
) -> None:
    publish(market, shop, portal, **{f"variant_0_stock_{studio.id}": "4"})
    adjust(market, shop, "Studio", -1)
    market.settle()
    assert variants(shop)[0].stock == 8
    assert "Nothing had changed" in str(market.merchant("/app/settings/locations", {"location": studio.id}).headers)
    market.merchant("/app/settings/locations", {"away": "1"})
    assert variants(shop)[0].stock == 5, "what lies there is no vendor's stock any more"
    let_vendors_use(market, shop, "Studio")
    assert variants(shop)[0].stock == 8, "and read again when it is"
    number = int(studio.shopify_gid.rpartition("/")[2])
    place(market, id=number, active=False)
    assert variants(shop)[0].stock == 5
    assert "Studio" not in market.merchant("/app/settings/locations").text
    place(market, id=number, active=True, name="Studio")
    assert variants(shop)[0].stock == 8
    with db.scoped(shop.id) as session:
        session.get_one(Location, studio.id).is_active = False
        places.settle_first(session, session.get_one(Shop, shop.id))
    assert variants(shop)[0].stock == 5, "closed, and no webhook came"


def test_one_location_shows_one_count_and_a_foreign_one_is_refused(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = publish(market, shop, portal)
    assert "In stock" in portal.get(path).text
    assert not re.search(r'name="stock_\d+_\d+"', portal.get(path).text)
    small = variants(shop)[0]
    portal.post(f"{path}/stock", data={f"stock_{small.id}_99": "50"})
    assert variants(shop)[0].stock == 5, "no such location"
    assert market.merchant("/app/settings/locations", {"location": 99}).status_code == 422


NEW = """mutation ($id: ID!, $input: ProductSetInput!) {
  productSet(identifier: {id: $id}, input: $input, synchronous: true) { userErrors { message } } }"""


def test_what_lies_where_of_a_variant_that_staff_made_is_read(
    market: Market, shop: Shop, portal: httpx.Client, studio: Location
) -> None:
    publish(market, shop, portal)
    with db.scoped(shop.id) as session:
        first = session.scalars(select(Location.shopify_gid).where(Location.name != "Studio")).first()
    counts = [
        {"locationId": place, "name": "available", "quantity": count}
        for place, count in ((studio.shopify_gid, 7), (first, 2))
    ]
    huge: dict[str, Any] = {"price": "40.00", "inventoryQuantities": counts}
    sizes = ["Small", "Large", "Huge"]
    content = {
        "productOptions": [{"name": "Size", "values": [{"name": size} for size in sizes]}],
        "variants": [
            {**each, "optionValues": [{"optionName": "Size", "name": size}]}
            for size, each in zip(sizes, ({}, {}, huge), strict=True)
        ],
    }
    market.ask_shopify(NEW, {"id": the_product(shop).shopify_gid, "input": content})
    market.settle()
    *_, made = variants(shop)
    with db.scoped(shop.id) as session:
        [level] = places.list_levels(session, [made])[made.id].values()
    assert (made.option_values, made.stock, level.quantity) == (["Huge"], 9, 7)
