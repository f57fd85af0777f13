"""What the block on Shopify's order page, the merchant's page and the vendor's say of the money, step by step."""

import html
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.orders.fulfilment import fulfil_lines
from devstore.store import Doc, Store
from tests.apps import get_app
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_before_and_after_payout import everything, pay
from tests.orders.test_shapes import choose, later, sent
from tests.portal.conftest import signed_in
from tests.reviews.conftest import merchant

__all__ = ["merchant"]
DISPUTED = "The money that the customer disputes is on hold until the bank decides."
OWED = "$15.00 is owed: it is taken from other earnings."


def say(merchant: FlaskClient, order: Doc) -> tuple[str, str, str]:
    """How far Ada's part is, what she has of it, and where that is."""
    [mine] = merchant.get(f"/app/blocks/order?id=gid://shopify/Order/{order['id']}").get_json()["vendors"]
    return mine["state"], mine["earned"], mine["money"]


def test_what_a_lost_dispute_leaves_is_a_debt_on_every_page_that_tells_of_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, merchant: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    choose(acme, dispute_fee_minor=1500, dispute_fee_to="vendor")
    order = buy(store, (goods.mug, 2))
    fulfil_lines(store, ACME, order["id"], None)
    post.deliver()
    dispute = open_dispute(store, ACME, order["id"])
    post.deliver()
    assert say(merchant, order)[2] == DISPUTED
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")
    post.deliver()
    assert say(merchant, order)[1:] == ("Owes $15.00", OWED)
    with db.scoped(acme.id) as session:
        order_id, part_id = session.scalars(select(Order.id)).one(), session.scalars(select(VendorOrder.id)).one()
    pages = [(merchant, f"/app/orders/{order_id}"), (signed_in(get_app(), ada), f"/portal/orders/{part_id}")]
    for browser, address in pages:
        page = browser.get(address).text
        assert OWED in page
        assert "for the return period" not in page
    later(monkeypatch, acme, 40)
    assert say(merchant, order)[2] == OWED


def test_what_was_released_may_have_been_paid_out_since(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, merchant: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = buy(store, (goods.mug, 2))
    fulfil_lines(store, ACME, order["id"], None)
    post.deliver()
    assert say(merchant, order)[2].startswith("The money is on hold for the return period. Released on ")
    later(monkeypatch, acme, 40)
    assert say(merchant, order)[2] == "Released."


def test_what_is_refunded_after_its_payout_is_owed_until_another_payout_makes_up_for_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, merchant: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    order = sent(store, (goods.mug, 2))
    post.deliver()
    later(monkeypatch, acme, 20)
    with db.scoped(acme.id) as session:
        order_id, part = session.scalars(select(Order.id)).one(), session.scalars(select(VendorOrder)).one()
        part_id, earned = part.id, part.earned
    pay(acme, ada)
    assert say(merchant, order)[2] == "Released."
    everything(store, order)
    post.deliver()
    owed = f"${earned.decimal} is owed: it is taken from other earnings."
    assert say(merchant, order)[1:] == ("Earns $0.00", owed)
    page = merchant.get(f"/app/orders/{order_id}").text
    assert f'{owed} <s-link href="/app/vendors/{ada.id}">See the balance of {ada.name}' in html.unescape(page)
    assert f'{owed} <a href="/portal/money">' in signed_in(get_app(), ada).get(f"/portal/orders/{part_id}").text
    sent(store, (goods.mug, 9))
    post.deliver()
    later(monkeypatch, acme, 40)
    pay(acme, ada)
    assert say(merchant, order)[2] == ""
    assert owed not in merchant.get(f"/app/orders/{order_id}").text
