"""What may not be sent yet, on the pages of the vendor and of the merchant."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.orders import OrderLine, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import queries
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post


@pytest.fixture
def two(goods: SimpleNamespace, store: Store, post: Post, ada: Vendor) -> None:
    """Orders 1 and 2 of Ada's: two mugs and a vase each."""
    for _ in range(2):
        buy(store, (goods.mug, 2), (goods.vase, 1))
    post.deliver()


def hold(shop: Shop, part_id: int, *skus: str, reason: str = "incorrect_address", until: str | None = None) -> None:
    with db.scoped(shop.id) as session:
        part = session.get_one(VendorOrder, part_id)
        wanted = (OrderLine.order_id == part.order_id, OrderLine.sku.in_(skus))
        lines = session.scalars(select(OrderLine).where(*wanted).order_by(OrderLine.position)).all()
        part.holds = [
            {"line": line.shopify_id, "units": line.quantity, "reason": reason, "until": until} for line in lines
        ]


def test_a_held_order_says_why_and_offers_nothing_to_send(two: None, adas_browser: FlaskClient, acme: Shop) -> None:
    hold(acme, 1, "MUG", "VASE")
    page = adas_browser.get("/portal/orders/1").text
    assert "2 \N{MULTIPLICATION SIGN} Mug, 1 \N{MULTIPLICATION SIGN} Vase. The shop checks the address." in page
    assert 'id="ship"' not in page
    assert "/portal/orders/1/cancel" in page
    listed = adas_browser.get("/portal/orders?status=on_hold").text
    assert ("/portal/orders/1" in listed, "/portal/orders/2" in listed) == (True, False)


def test_a_part_of_an_order_can_be_sent_while_the_rest_waits(two: None, adas_browser: FlaskClient, acme: Shop) -> None:
    hold(acme, 1, "VASE", reason="scheduled", until="2026-12-24T00:00:00Z")
    page = adas_browser.get("/portal/orders/1").text
    assert "It is to be sent from Dec 24, 2026 on." in page or "It is to be sent from Dec 23, 2026 on." in page
    assert 'id="ship"' in page
    assert "1 of 3 not to send yet" in adas_browser.get("/portal/orders").text


def test_a_reason_that_shopify_adds_later_has_words_too(two: None, adas_browser: FlaskClient, acme: Shop) -> None:
    hold(acme, 1, "MUG", reason="a_reason_of_2031")
    assert "The shop has stopped it for now." in adas_browser.get("/portal/orders/1").text


def test_many_at_once_leave_out_what_is_held_and_say_so(two: None, adas_browser: FlaskClient, acme: Shop) -> None:
    hold(acme, 1, "MUG", "VASE")
    form: dict[str, Any] = {"key": "k", "order": [1, 2], "row": [1, 2], "carrier": ["", ""], "tracking": ["", ""]}
    answer = adas_browser.post("/portal/orders/ship", data=form)
    page = adas_browser.get(answer.headers["Location"]).text
    assert "The shop has put these items on hold." in page
    assert page.count("Being sent") == 1
    assert "Nothing is left to send." in adas_browser.get("/portal/orders/pick-list").text


def test_the_merchant_finds_orders_on_hold(two: None, acme: Shop) -> None:
    hold(acme, 2, "MUG")
    with db.scoped(acme.id) as session:
        found = queries.list_orders(session, acme.id, queries.Wanted(status="on_hold"))
    assert [row.order.name for row in found.rows] == ["#1002"]
