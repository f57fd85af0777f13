"""What else touches a customer's items: their orders, and their privacy requests."""

import json
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app import crypto, db
from app.config import get_config
from app.models.shops import Shop
from app.models.storefront import CustomerItem
from app.storefront import rules
from devstore.store import Doc, Store
from tests.devstore.orders.cast import buy
from tests.privacy.conftest import CLEO, Office, goods, office, post, store
from tests.storefront.conftest import Storefront, at, item, wish

__all__ = ["goods", "office", "post", "store"]


@pytest.fixture
def order(goods: SimpleNamespace, store: Store) -> Doc:
    return buy(store, (goods.mug, 2), (goods.loaf, 1))


def line(product: Doc, quantity: int, clock: str = "") -> dict[str, object]:
    variant = product["variants"][0]["id"]
    return item("cart", f"{variant}:aaaaaaaa", {"variant": variant, "quantity": quantity}, clock)


def bring(office: Office, store: Store, token: str) -> None:
    """The order as a cart with this token became it."""
    for sent in store.all("acme.myshopify.com", "webhook_delivery"):
        if sent["topic"] == "orders/create":
            body = {**json.loads(sent["body"]), "cart_token": token}
            office.receive(sent["topic"], json.dumps(body).encode(), "with-token")
    office.settle()


def test_what_was_bought_leaves_the_saved_cart_and_what_was_put_in_besides_stays(
    storefront: Storefront, office: Office, order: Doc, goods: SimpleNamespace, store: Store
) -> None:
    who, before = str(order["customer_id"]), at(-5)
    storefront.send(line(goods.mug, 3, before), line(goods.vase, 1, before), customer=who)
    bring(office, store, "c1-abc?key=1")
    units: dict[str, int] = {}
    for (_kind, key), value in storefront.held(customer=who).items():
        if value:
            units[key.partition(":")[0]] = units.get(key.partition(":")[0], 0) + value["quantity"]
    mug, vase = (str(one["variants"][0]["id"]) for one in (goods.mug, goods.vase))
    assert units == {mug: 1, vase: 1}, "two of three mugs were bought; nobody kept a loaf"


def test_the_browser_that_had_the_cart_and_the_order_take_it_out_once(
    storefront: Storefront, office: Office, order: Doc, goods: SimpleNamespace, store: Store
) -> None:
    who, mug = str(order["customer_id"]), goods.mug["variants"][0]["id"]
    gone = item("cart", f"{mug}:{rules.departure('c1-abc')}", {"variant": mug, "quantity": -2}, at(1))
    storefront.send(line(goods.mug, 2, at(-5)), gone, customer=who)
    bring(office, store, "c1-abc?key=1")
    assert sum(value["quantity"] for value in storefront.held(customer=who).values() if value) == 0


def test_a_cart_that_was_bought_is_not_kept_for_later(
    storefront: Storefront, office: Office, order: Doc, store: Store
) -> None:
    who = str(order["customer_id"])
    mine, other = rules.saved_key("c1-abc"), rules.saved_key("c1-def?key=9")
    kept = {"lines": [{"variant": 5, "quantity": 1}]}
    storefront.send(item("saved", mine, kept, at(-5)), item("saved", other, kept, at(-5)), customer=who)
    bring(office, store, "c1-abc?key=1")
    held = storefront.held(customer=who)
    assert held["saved", mine] is None
    assert held["saved", other] is not None


def test_an_order_without_an_account_touches_nobodys_cart(
    storefront: Storefront, office: Office, goods: SimpleNamespace, store: Store
) -> None:
    storefront.send(line(goods.mug, 2, at(-5)))
    buy(store, (goods.mug, 1), email="someone@example.com")
    office.bring()
    assert storefront.held()["cart", f"{goods.mug['variants'][0]['id']}:aaaaaaaa"] is not None


def test_what_a_customer_kept_is_in_their_export_and_goes_with_them(
    storefront: Storefront, office: Office, order: Doc, acme: Shop
) -> None:
    who = order["customer_id"]
    storefront.send(item("review", "adas-ceramics", {"stars": 4, "text": "A fine mug"}), wish(2), customer=str(who))
    storefront.send(wish(3), customer="7002")
    office.bring()
    customer = {"id": who, "email": CLEO, "phone": None}
    office.ask("customers/data_request", "export", customer=customer, orders_requested=[order["id"]])
    office.carry_out(1)
    (export,) = office.exports()
    content = json.loads(crypto.decrypt(export.content, get_config().secret_keys))
    assert [(one["kind"], one["about"]) for one in content["kept_in_the_shop"]] == [
        ("review", "adas-ceramics"),
        ("wishlist", "2"),
    ]
    assert content["kept_in_the_shop"][0]["content"]["text"] == "A fine mug"
    office.ask("customers/redact", "forget", customer=customer, orders_to_redact=[order["id"]])
    office.carry_out()
    with db.scoped(acme.id) as session:
        assert session.scalars(select(CustomerItem.customer_id)).all() == [7002]
    assert office.requests()[-1].counts["customer_items"] == 2
