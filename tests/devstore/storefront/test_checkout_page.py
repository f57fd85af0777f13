from werkzeug.test import TestResponse

from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop

ANSWERS = {
    "email": "carla@example.com", "first_name": "Carla", "last_name": "Cust",
    "address1": "1 Main St", "city": "Portland",
    "zip": "97201", "country_code": "US", "shipping_rate": "standard", "discount_code": "WELCOME10",
}  # fmt: skip


def _fill_cart(shop: Shop) -> None:
    for item in (shop.mug, shop.loaf):
        shop.visitor.post("/cart/add.js", json={"id": item["variants"][0]["id"], "quantity": 1})


def _pay(shop: Shop, **changes: str) -> TestResponse:
    return shop.visitor.post("/checkout", data=ANSWERS | changes | {"action": "pay"})


def test_paying_makes_one_order_of_both_vendors_with_discount_shipping_and_tax(shop: Shop) -> None:
    _fill_cart(shop)
    page = shop.visitor.post("/checkout", data=ANSWERS | {"action": "update"}).text
    # 24.00 and 8.50 less 10 % are 21.60 and 7.65; shipping 6.90; 10 % tax on each: 2.16, 0.77 and 0.69.
    assert "$3.25</dd>" in page
    assert "Pay $39.77" in page
    done = _pay(shop)
    [order] = shop.store.all(ACME, "order")
    assert done.headers["Location"] == f"/checkout/thank-you/{order['token']}"
    assert (order["total_price"], order["total_discounts"], order["email"]) == ("39.77", "3.25", "carla@example.com")
    assert {line["vendor"] for line in order["line_items"]} == {"Ada's Ceramics", "Bea's Bakery"}
    assert order["shipping_address"]["country"] == "United States"
    thanks = shop.visitor.get(done.headers["Location"]).text
    assert order["name"] in thanks
    assert "$39.77" in thanks


def test_pressing_pay_twice_makes_one_order(shop: Shop) -> None:
    _fill_cart(shop)
    token = shop.visitor.get("/cart.js").get_json()["token"]
    first = _pay(shop, cart_token=token)
    again = _pay(shop, cart_token=token)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(shop.store.all(ACME, "order")) == 1
    assert shop.visitor.get("/cart.js").get_json()["item_count"] == 0


def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(shop: Shop) -> None:
    _fill_cart(shop)
    answer = _pay(shop, email="not an address", city="")
    page = answer.text
    assert answer.status_code == 422
    assert "Enter an email address" in page
    assert "Enter a city." in page
    assert 'value="not an address"' in page
    assert 'value="1 Main St"' in page
    assert shop.store.all(ACME, "order") == []
    assert 'value="1 Main St"' in shop.visitor.get("/checkout").text


def test_a_code_that_does_not_exist_is_refused_and_the_price_stays(shop: Shop) -> None:
    _fill_cart(shop)
    page = shop.visitor.post("/checkout", data=ANSWERS | {"discount_code": "NOPE", "action": "update"}).text
    assert "The discount code NOPE is not valid." in page
    assert "Discount (" not in page
    assert _pay(shop, discount_code="NOPE").status_code == 422
    assert shop.store.all(ACME, "order") == []


def test_somebody_else_buying_the_last_one_is_told_before_paying(shop: Shop) -> None:
    shop.visitor.post("/cart/add.js", json={"id": shop.loaf["variants"][0]["id"], "quantity": 3})
    sold = shop.store.get(ACME, "product", shop.loaf["id"])
    assert sold
    for levels in sold["variants"][0]["quantities"].values():
        levels["available"] = 1
    shop.store.put(ACME, "product", sold)
    answer = _pay(shop)
    assert "Only 1 of Rye loaf left." in answer.text
    assert shop.store.all(ACME, "order") == []


def test_an_empty_cart_cannot_be_checked_out(shop: Shop) -> None:
    assert shop.visitor.get("/checkout").headers["Location"] == "/cart"
    assert _pay(shop).headers["Location"] == "/cart"


def test_a_signed_in_customers_order_is_theirs_and_listed_in_the_account(shop: Shop) -> None:
    form = {"customer[first_name]": "Carla", "customer[email]": "Carla@Example.com", "customer[password]": "secret"}
    assert shop.visitor.post("/account", data=form).headers["Location"] == "/account"
    _fill_cart(shop)
    assert 'value="carla@example.com"' in shop.visitor.get("/checkout").text
    _pay(shop)
    [order] = shop.store.all(ACME, "order")
    assert order["customer_id"] == shop.store.all(ACME, "customer")[0]["id"]
    assert order["name"] in shop.visitor.get("/account").text
