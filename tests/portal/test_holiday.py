"""A vendor goes on holiday: customers are told, products leave and come back, and nothing has to be switched back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products.sync import align_product, out_of_line
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from app.vendors.sync import sync_vendor
from tests.shopify.fake import FakeShopify, data


@pytest.fixture
def on_sale(ada: Vendor) -> int:
    with db.scoped(ada.shop_id) as session:
        row = Product(shop_id=ada.shop_id, vendor_id=ada.id, title="Bowl", status=ProductStatus.PUBLISHED)
        row.shopify_gid, row.shopify_status, row.vendor_told = "gid://shopify/Product/1", "ACTIVE", ada.name
        session.add(row)
        session.flush()
        return row.id


def days_from_now(days: int) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


def away(browser: FlaskClient, **changes: str) -> None:
    form = {"first_day": days_from_now(-1), "back_on": days_from_now(5), "hides": "yes", "note": "At the sea."}
    answer = browser.post("/portal/holiday", data=form | changes)
    assert answer.status_code == 303, answer.text


def wrong(ada: Vendor) -> list[int]:
    """Products that Shopify shows otherwise than they should be shown."""
    with db.scoped(ada.shop_id) as session:
        query = select(Product.id).join(Vendor, Vendor.id == Product.vendor_id).where(out_of_line())
        return list(session.scalars(query))


def test_products_leave_the_shop_and_come_back_by_the_clock_alone(
    adas_browser: FlaskClient, ada: Vendor, on_sale: int, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    assert wrong(ada) == []
    away(adas_browser)
    assert wrong(ada) == [on_sale]
    shopify_shows(shopify, "DRAFT")
    align_product(ada.shop_id, on_sale)
    assert wrong(ada) == []
    days_pass(ada, 7)
    assert wrong(ada) == [on_sale]
    shopify_shows(shopify, "ACTIVE")
    align_product(ada.shop_id, on_sale)
    assert wrong(ada) == []


def test_who_goes_on_selling_keeps_the_products_and_tells_customers(
    adas_browser: FlaskClient, ada: Vendor, on_sale: int, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    away(adas_browser, hides="no")
    assert wrong(ada) == []
    page = {"id": "gid://shopify/Metaobject/1", "updatedAt": clock.now().isoformat(), "fields": []}
    shopify.answer("metaobjectByHandle", data(metaobjectByHandle=None))
    shopify.answer("metaobjectUpsert", data(metaobjectUpsert={"metaobject": page, "userErrors": []}))
    with db.scoped(ada.shop_id) as session:
        session.get_one(Shop, ada.shop_id).definitions_version = definitions.VERSION
    sync_vendor(ada.shop_id, ada.id)
    fields = {field["key"]: field["value"] for field in shopify.asked[-1][1]["metaobject"]["fields"]}
    assert fields["away_note"] == "At the sea."
    assert datetime.fromisoformat(fields["away_until"]) > clock.now()


def test_a_vendor_who_is_back_early_says_so(adas_browser: FlaskClient, ada: Vendor, on_sale: int) -> None:
    away(adas_browser)
    assert "On holiday until" in adas_browser.get("/portal").text
    assert adas_browser.post("/portal/holiday/end").status_code == 303
    assert wrong(ada) == []
    assert "On holiday" not in adas_browser.get("/portal").text
    assert adas_browser.post("/portal/holiday/end").status_code == 409


def test_both_sides_read_why_nothing_is_on_sale(
    adas_browser: FlaskClient, merchant: FlaskClient, ada: Vendor, on_sale: int
) -> None:
    words = "Your products are off sale and come back by themselves."
    assert words not in adas_browser.get("/portal/products").text
    away(adas_browser)
    assert words in adas_browser.get("/portal/products").text
    page = merchant.get(f"/app/vendors/{ada.id}").text
    assert "products off sale meanwhile" in page
    assert "Holiday planned" in page
    assert "vendor.plan_holiday" not in page


def test_days_are_those_of_the_shop(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.get_one(Shop, ada.shop_id).timezone = "Pacific/Auckland"
    away(adas_browser, first_day=days_from_now(10), back_on=days_from_now(12))
    with db.scoped(ada.shop_id) as session:
        begin = session.get_one(Vendor, ada.id).away_from
    assert begin
    assert begin.astimezone(ZoneInfo("Pacific/Auckland")).hour == 0
    home = adas_browser.get("/portal").text
    assert "Nothing changes before that day." in home
    assert "off sale" not in home


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"back_on": days_from_now(-3)}, "after the first day away"),
        ({"first_day": days_from_now(-9), "back_on": days_from_now(-3)}, "This day has passed"),
        ({"back_on": days_from_now(500)}, "up to a year"),
        ({"first_day": "soon"}, "Choose the first day"),
        ({"note": "x" * 161}, "Up to 160 characters"),
    ],
)
def test_a_holiday_that_cannot_be_is_refused_beside_the_field(
    adas_browser: FlaskClient, ada: Vendor, change: dict[str, str], words: str
) -> None:
    form = {"first_day": days_from_now(1), "back_on": days_from_now(5), "hides": "no", "note": ""}
    answer = adas_browser.post("/portal/holiday", data=form | change)
    assert answer.status_code == 422
    assert words in answer.text
    with db.scoped(ada.shop_id) as session:
        assert session.get_one(Vendor, ada.id).away_until is None


def days_pass(vendor: Vendor, days: int) -> None:
    with db.scoped(vendor.shop_id) as session:
        row = session.get_one(Vendor, vendor.id)
        assert row.away_from
        assert row.away_until
        row.away_from, row.away_until = (each - timedelta(days=days) for each in (row.away_from, row.away_until))


def shopify_shows(shopify: FakeShopify, status: str) -> None:
    product = {
        "id": "gid://shopify/Product/1",
        "handle": "bowl",
        "status": status,
        "updatedAt": clock.now().isoformat(),
    }
    shopify.answer("productUpdate", data(productUpdate={"product": product, "userErrors": []}))
