"""The pages about visitors, by their real doors: the merchant's, and each vendor's own."""

import csv
import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.journey import portal, queries, rules, service
from app.models.journey import ActivityDay
from app.models.orders import Order, OrderLine
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import days
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.journey.conftest import Pixels, put_on_sale
from tests.portal.conftest import signed_in


@pytest.fixture
def visited(shop: Shop, merchant: FlaskClient) -> tuple[Vendor, Vendor]:
    """Ada's mug was seen by two and put into the cart by one; Bea's loaf was seen once. Something was missed."""
    ada, bea = (
        make_vendor(shop, "Ada's Ceramics", "ada@example.com"),
        make_vendor(shop, "Bea's Bakery", "b@example.com"),
    )
    put_on_sale(ada, 7, "=Mug")
    put_on_sale(bea, 8, "Rye loaf")
    with get_app().test_client() as browser:
        pixels = Pixels(browser, shop)
        pixels.tell("product_viewed", 7, client="browser-1")
        pixels.tell("product_added_to_cart", 7, client="browser-1")
        pixels.tell("product_viewed", 7, client="browser-2")
        pixels.tell("product_viewed", 8, client="browser-2")
        pixels.tell("search_submitted", client="browser-2", words="teapot", found=0)
        pixels.tell("search_submitted", client="browser-2", words="mug", found=3)
    service.roll_up(shop.id)
    return ada, bea


def sell(shop: Shop, vendor: Vendor, product: int, units: int, **columns: object) -> None:
    """An order that was paid, unless its columns say otherwise."""
    now = clock.now()
    with db.scoped(shop.id) as session:
        number = (session.scalar(select(Order.shopify_id).order_by(Order.shopify_id.desc())) or 0) + 1
        kept = {"snapshot": {}, "snapshot_updated_at": now, "terms": {}, "total_minor": 1, "paid_seen_at": now}
        told = {"shop_id": shop.id, "name": "#1", "currency": "USD", "ordered_at": now, "shopify_id": number}
        order = Order(**{**kept, **told, **columns})
        session.add(order)
        session.flush()
        frozen = {"attribution": "product", "hold_days": 1, "tax_to": "vendor", "fee_tax_bps": 0, "title": "x"}
        line = {"shopify_id": number, "position": 1, "current_quantity": units, "vendor_id": vendor.id, **frozen}
        sold_as = {"product": f"gid://shopify/Product/{product}"}
        session.add(OrderLine(shop_id=shop.id, order_id=order.id, sold_as=sold_as, **line))
        days.note_days(session, shop.id, [order.ordered_at.astimezone(ZoneInfo(shop.timezone)).date()])
    days.count(shop.id)


def test_the_page_shows_how_far_visitors_came_and_what_they_missed(
    merchant: FlaskClient, visited: tuple[Vendor, Vendor]
) -> None:
    page = merchant.get("/app/journey?period=7")
    assert page.status_code == 200
    assert lint_polaris(page.text) == []
    assert "2 (100 %)" in page.text, "both visitors looked at a product"
    assert "1 (50 %)" in page.text, "one of two put something into the cart"
    assert "In brackets" in page.text
    assert "<s-table-cell>2</s-table-cell><s-table-cell>1</s-table-cell></s-table-row>" in page.text, "that day's data"
    assert "teapot" in page.text
    assert merchant.get("/app/journey?period=drop&sort=table").status_code == 200


def test_an_unvisited_shop_is_told_what_will_be_there(merchant: FlaskClient, shop: Shop) -> None:
    page = merchant.get("/app/journey").text
    assert "What visitors do will be here" in page
    assert lint_polaris(page) == []


def test_what_an_unvisited_shop_sold_is_shown(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    put_on_sale(ada, 7, "Mug")
    sell(shop, ada, 7, 3)
    page = merchant.get("/app/journey").text
    assert "What visitors do will be here" in page
    assert re.findall(r"<s-table-cell>(\d+)</s-table-cell>", page) == ["0", "0", "0", "3", "0", "0", "3"]
    assert "Visitors by day" not in page
    assert "In brackets" not in page, "of nobody who looked at it there is no share"
    assert lint_polaris(page) == []


def test_tables_can_be_taken_away(merchant: FlaskClient, visited: tuple[Vendor, Vendor]) -> None:
    def rows(what: str) -> list[dict[str, str]]:
        body = merchant.get(f"/app/journey/{what}.csv?period=7").get_data(as_text=True)
        return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))

    (mug, loaf) = rows("products")
    assert mug == {
        "product": "'=Mug", "vendor": "Ada's Ceramics", "views": "2", "viewers": "2", "put_into_cart": "1",
        "began_checkout": "0", "units_sold": "0",
    }  # fmt: skip
    assert loaf["product"] == "Rye loaf"
    assert len(rows("days")) == 7
    assert [row["vendor"] for row in rows("vendors")] == ["Ada's Ceramics", "Bea's Bakery"]
    assert rows("searches")[1] == {"words": "teapot", "searches": "1", "found_nothing": "1"}
    assert merchant.get("/app/journey/people.csv").status_code == 404


def test_what_was_sold_comes_from_orders_that_were_paid(shop: Shop, visited: tuple[Vendor, Vendor]) -> None:
    ada, bea = visited
    sell(shop, ada, 7, 3)
    sell(shop, ada, 7, 5, paid_seen_at=None)
    sell(shop, bea, 8, 2, test=True)
    put_on_sale(bea, 9, "Bun")
    sell(shop, bea, 9, 4)
    with db.scoped(shop.id) as session:
        period = rules.period_of("7", clock.today(shop.timezone))
        units = {row.title: row.units for row in queries.list_products(session, shop, period)}
        assert units == {"=Mug": 3, "Rye loaf": 0, "Bun": 4}, "also what nobody was seen to look at"
        assert queries.list_products(session, shop, period, sort="units")[0].title == "Bun"
        assert [(row.title, row.units) for row in queries.list_vendors(session, shop, period)] == [
            ("Ada's Ceramics", 3),
            ("Bea's Bakery", 4),
        ]
        assert queries.get_figures(session, shop, period).orders == 3
        assert queries.list_products(session, shop, period.before()) == []


def test_a_vendor_sees_their_own_products_alone(shop: Shop, visited: tuple[Vendor, Vendor]) -> None:
    _, bea = visited
    with db.scoped(shop.id, bea.id) as session:
        period = rules.period_of("7", clock.today(shop.timezone))
        assert [row.title for row in queries.list_products(session, shop, period)] == ["Rye loaf"]
        assert queries.list_searches(session, shop, period) == []
        assert queries.get_figures(session, shop, period).visitors == 0
    browser = signed_in(get_app(), bea)
    page = browser.get("/portal/products/figures?period=7")
    assert page.status_code == 200
    assert "Rye loaf" in page.text
    assert "Mug" not in page.text
    assert "No product matches" in browser.get("/portal/products/figures?q=zebra").text
    assert "/portal/products/figures/export.csv?period=7" in page.text
    lines = browser.get("/portal/products/figures/export.csv?period=7").text.splitlines()
    assert [line.split(",")[0].lstrip("\ufeff") for line in lines] == ["product", "Rye loaf"]
    assert len(browser.get("/portal/products/figures/export.csv?q=mug").text.splitlines()) == 1


def test_of_many_products_the_page_shows_the_first_and_the_file_all(
    shop: Shop, visited: tuple[Vendor, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bea = visited
    with db.scoped(shop.id) as session:
        for table in (Product, ActivityDay):
            session.execute(update(table).where(table.vendor_id == bea.id).values(vendor_id=ada.id))
    browser = signed_in(get_app(), ada)
    assert "These are the first" not in browser.get("/portal/products/figures?period=7").text
    monkeypatch.setattr(portal, "_SHOWN", 1)
    page = browser.get("/portal/products/figures?period=7").text
    assert ("=Mug" in page, "Rye loaf" in page, "These are the first 1." in page) == (True, False, True)
    assert len(browser.get("/portal/products/figures/export.csv?period=7").text.splitlines()) == 3


@pytest.mark.parametrize(("chosen", "days"), [("7", 7), ("365", 365), ("", 30), ("-1", 30)])
def test_a_period_ends_today_and_is_compared_with_as_many_days_before(chosen: str, days: int) -> None:
    today = clock.now().date()
    period = rules.period_of(chosen, today)
    assert (period.last, period.days) == (today, days)
    assert period.before().last == period.first - timedelta(days=1)
    assert period.before().days == days
    assert len(rules.list_days(period)) == days


def test_changes_are_in_per_cent_and_nothing_is_compared_with_nothing() -> None:
    assert [rules.change(15, 10), rules.change(5, 10), rules.change(3, 0)] == [50, -50, None]
    steps = rules.funnel([("a", 4), ("b", 1)], [2, 2])
    assert [(step.count, step.before, step.share) for step in steps] == [(4, 2, 100), (1, 2, 25)]
    assert [step.share for step in rules.funnel([("a", 0), ("b", 0)], [0, 0])] == [None, None]
