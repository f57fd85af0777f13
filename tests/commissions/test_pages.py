"""The merchant's rules list, by its real door."""

import html
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit, clock, db
from app.commissions.queries import get_version, list_rules
from app.models.commissions import CommissionRule
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor


def add(merchant: FlaskClient, name: str, **fields: object) -> int:
    answer = merchant.post("/app/commissions/new", data={"name": name, "rate": "10", **fields})
    assert answer.status_code == 200, answer.text
    with db.system() as session:
        number = session.scalar(select(CommissionRule.rule_number).where(CommissionRule.name == name))
    assert number
    return number


def names(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return [rule.name for rule in list_rules(session, shop.id)]


def test_every_page_is_made_of_real_polaris(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    number = add(merchant, "Ada", vendors=seller.id)
    for path in ("", "/new", f"/{number}", "/1"):
        answer = merchant.get(f"/app/commissions{path}")
        assert answer.status_code == 200
        assert lint_polaris(answer.text) == []


def test_rules_are_added_above_the_default_moved_and_removed(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    merchant.get("/app/commissions")
    first, second = add(merchant, "Ada", vendors=seller.id), add(merchant, "Sale", tags="sale")
    assert names(shop) == ["Ada", "Sale", "Default commission"]
    assert merchant.post("/app/commissions/order", data={"order": f"{second},{first}"}).status_code == 200
    assert names(shop) == ["Sale", "Ada", "Default commission"]
    merchant.post(f"/app/commissions/{first}/remove")
    assert names(shop) == ["Sale", "Default commission"]


def test_the_default_rule_says_nothing_of_days_which_vendors_may_have_agreed_otherwise(
    merchant: FlaskClient, shop: Shop
) -> None:
    merchant.get("/app/commissions")
    assert "hold_days" not in merchant.get("/app/commissions/1").text
    merchant.post("/app/commissions/1", data={"name": "All", "rate": "5", "hold_days": "20"})
    with db.scoped(shop.id) as session:
        default = list_rules(session, shop.id)[-1]
    assert (default.name, default.hold_days) == ("All", None)


def test_a_planned_rule_that_is_saved_again_keeps_its_day_and_the_history_names_it(
    merchant: FlaskClient, shop: Shop
) -> None:
    day = (clock.now() + timedelta(days=10)).date()
    number = add(merchant, "Later", tags="x", counts_from=day.isoformat())
    page = merchant.get(f"/app/commissions/{number}").text
    assert re.search(rf'name="counts_from"[^>]* value="{day}"', page)
    assert f"Counts from: {day:%b} {day.day}, {day.year}" in merchant.get("/app/commissions/history").text
    again = {"name": "Later on", "rate": "10 %", "tags": "x", "counts_from": day.isoformat()}
    saved = merchant.post(f"/app/commissions/{number}", data=again).text
    assert ('value="10"' in saved, "Planned for" in saved) == (True, True), "as it was understood"
    assert "Later on" not in names(shop), "its day has not come"


def test_a_rule_that_is_saved_as_it_is_gets_no_version_and_no_line_in_the_history(
    merchant: FlaskClient, shop: Shop
) -> None:
    number = add(merchant, "Same", tags="x", price_from="5")
    answer = merchant.post(
        f"/app/commissions/{number}", data={"name": "Same", "rate": "10.0", "tags": "X", "price_from": "5.00"}
    )
    assert "Nothing had changed" in answer.headers["HX-Trigger"]
    with db.scoped(shop.id) as session:
        assert get_version(session, shop.id, number).version == 1
    assert "Changed: Same" not in merchant.get("/app/commissions/history").text


def test_the_default_stays(merchant: FlaskClient, shop: Shop) -> None:
    merchant.get("/app/commissions")
    assert merchant.post("/app/commissions/1/remove").status_code == 409
    assert names(shop) == ["Default commission"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rate": "12,5"}, "Enter a percentage in digits"),
        ({"rate": "101"}, "Choose between 0 and 100"),
        ({"rate": "1e999999"}, "Choose between 0 and 100"),
        ({"rate": "sNaN"}, "Choose between 0 and 100"),
        ({"flat": "1.234", "tags": "x"}, "at most 2 decimals"),
        ({"floor": "5", "cap": "4", "tags": "x"}, "cannot be below the least"),
        ({"price_from": "5", "price_to": "5"}, "must be above the lower one"),
        ({}, "at least one condition"),
        ({"name": ""}, "Give the rule a name"),
        ({"hold_days": "366", "tags": "x"}, "Choose between 0 and 365 days"),
        ({"hold_days": "soon", "tags": "x"}, "Enter a whole number, in digits"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_saved(
    merchant: FlaskClient, shop: Shop, fields: dict[str, str], words: str
) -> None:
    answer = merchant.post("/app/commissions/new", data={"name": "New", "rate": "10", **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert "New" not in names(shop)


def test_a_shadowed_rule_is_warned_of(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    add(merchant, "All of Ada", vendors=seller.id)
    add(merchant, "Ada on sale", vendors=seller.id, tags="sale")
    page = merchant.get("/app/commissions").text
    assert "1 rule can never fire" in page
    assert "“All of Ada” stands above it" in page


def test_the_simulator_names_winner_reason_and_runner_up(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    merchant.get("/app/commissions")
    merchant.post(
        "/app/commissions/new", data={"name": "Ada", "rate": "7.59", "flat": "0.50", "vendors": str(seller.id)}
    )
    question = {"vendor": str(seller.id), "price": "100.00", "quantity": "2"}
    answer = merchant.get("/app/commissions/simulator", query_string=question).text
    assert "$16.18 for you, $183.82 for the vendor" in answer
    assert "Without it “Default commission” would apply" in answer
    assert "waits for 14 days after the parcel, as agreed with the vendor" in answer
    merchant.post(
        "/app/commissions/new", data={"name": "Late", "rate": "5", "hold_days": "1", "vendors": str(seller.id)}
    )
    merchant.post("/app/commissions/order", data={"order": "3,2"})
    answer = merchant.get("/app/commissions/simulator", query_string=question).text
    assert "waits for 1 day after the parcel, as the rule says" in answer
    assert "held for 1 day" in merchant.get("/app/commissions").text
    assert 'value="1"' in merchant.get("/app/commissions/3").text
    assert "Enter an amount" in merchant.get("/app/commissions/simulator", query_string=question | {"price": "x"}).text
    owed = merchant.get("/app/commissions/simulator", query_string=question | {"price": "-5"}).text
    assert "Unit price: Enter 0 or more" in owed


def test_the_simulator_knows_of_a_product_what_an_order_of_it_would(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    other = make_vendor(shop, "Bea's Bakery", "bea@example.com")
    with db.scoped(shop.id) as session:
        named = {"shop_id": shop.id, "vendor_id": seller.id, "title": "Bowl", "tags": ["Clay"]}
        session.add(Product(**named, shopify_gid="gid://shopify/Product/7"))
    merchant.get("/app/commissions")
    add(merchant, "Clay", tags="clay")
    question = {"vendor": str(seller.id), "price": "100.00", "quantity": "1", "product": "7"}

    def ask(**more: str) -> str:
        return merchant.get("/app/commissions/simulator", query_string=question | more).text

    assert "“Clay” is the first rule" in ask()
    assert "the default" in ask(tags="glass"), "what is asked goes before what is known"
    assert "Product: This product is another vendor" in ask(vendor=str(other.id))


def test_a_price_band_stays_in_its_currency_when_the_shop_has_another(merchant: FlaskClient, shop: Shop) -> None:
    number = add(merchant, "Dear", price_from="1000.50", price_to="2000")
    with db.scoped(shop.id) as session:
        session.get_one(Shop, shop.id).currency = "JPY"
    page = merchant.get(f"/app/commissions/{number}").text
    assert ('value="1000.50"' in page, 'suffix="USD"' in page) == (True, True)
    assert "These prices are in USD. For prices in JPY, empty both" in page
    assert "These prices are in" not in merchant.get("/app/commissions/new").text
    edited = {"name": "Very dear", "rate": "10", "price_from": "1000.50", "price_to": "3000"}
    assert merchant.post(f"/app/commissions/{number}", data=edited).status_code == 200
    with db.scoped(shop.id) as session:
        band = list_rules(session, shop.id)[0].conditions
    assert (band.price_from, band.price_to, band.price_currency) == (100050, 300000, "USD")


def test_a_day_is_listed_as_it_was_typed_wherever_the_shop_is(merchant: FlaskClient, shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        session.get_one(Shop, shop.id).timezone = "Asia/Tokyo"
    add(merchant, "Spring", ordered_from="2026-03-01", ordered_to="2026-04-01", price_from="5")
    listed = merchant.get("/app/commissions").text
    assert "Unit price from 5.00 USD, ordered from Mar 1, 2026, ordered before Apr 1, 2026" in listed


def test_a_long_history_is_turned_page_by_page(merchant: FlaskClient, shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        for number in range(60):
            audit.record(session, shop.id, "commission_rule.move", ("commission_rule", number), actor="system")
    first = merchant.get("/app/commissions/history").text
    link = re.search(r'accessibilitylabel="Next page" href="([^"]+)"', first)
    assert link
    second = merchant.get(html.unescape(link[1])).text
    assert (first.count("As it was then"), second.count("As it was then")) == (50, 10)
    assert lint_polaris(second) == []
