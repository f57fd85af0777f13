import pytest

from devstore.store import Doc
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop

FORM = {"customer[first_name]": "Carla", "customer[email]": "carla@example.com", "customer[password]": "secret"}
LOGIN = {"customer[email]": "carla@example.com", "customer[password]": "secret"}


def test_a_customer_registers_signs_out_and_signs_in_again(shop: Shop) -> None:
    shop.visitor.post("/account", data=FORM)
    assert "carla@example.com" in shop.visitor.get("/account").text
    shop.visitor.get("/account/logout")
    assert shop.visitor.get("/account").headers["Location"].startswith("/account/login")
    assert shop.visitor.post("/account/login", data=LOGIN).headers["Location"] == "/account"
    assert "carla@example.com" in shop.visitor.get("/account").text


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(shop: Shop) -> None:
    shop.visitor.post("/account", data=FORM)
    shop.visitor.get("/account/logout")
    wrong = shop.visitor.post("/account/login", data=LOGIN | {"customer[password]": "other"})
    unknown = shop.visitor.post("/account/login", data=LOGIN | {"customer[email]": "x@example.com"})
    for answer in (wrong, unknown):
        assert answer.status_code == 401
        assert "Incorrect email or password." in answer.text


def test_an_address_that_has_an_account_cannot_be_registered_again(shop: Shop) -> None:
    shop.visitor.post("/account", data=FORM)
    answer = shop.browser().post("/account", data=FORM | {"customer[password]": "another"})
    assert answer.status_code == 422
    assert "already has an account" in answer.text


def test_a_guest_who_registers_keeps_the_same_customer(shop: Shop) -> None:
    guest: Doc = {"email": "carla@example.com", "first_name": "C", "last_name": None}
    known = shop.store.put(ACME, "customer", {**guest, "password_hash": None, "addresses": []})
    shop.visitor.post("/account", data=FORM)
    [customer] = shop.store.all(ACME, "customer")
    assert (customer["id"], customer["first_name"]) == (known["id"], "Carla")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_away_from_the_shop(shop: Shop, target: str) -> None:
    answer = shop.visitor.post("/account", data=FORM | {"return_url": target})
    assert answer.headers["Location"] == "/account"


def test_the_password_is_never_shown_again_nor_kept_as_typed(shop: Shop) -> None:
    answer = shop.visitor.post("/account", data=FORM | {"customer[email]": "bad"})
    assert answer.status_code == 422
    assert "secret" not in answer.text
    shop.visitor.post("/account", data=FORM)
    assert "secret" not in str(shop.store.all(ACME, "customer"))
