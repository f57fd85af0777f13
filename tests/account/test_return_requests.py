"""A customer asks in their account to send goods back: through our door, to a store that keeps returns."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.notices import Notice
from app.models.orders import VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify.tokens import ShopCredentials
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.return_requests import move_return
from devstore.store import Doc, Store
from jobs.outbox import deliver
from tests.account.test_account_page import ask, token
from tests.apps import get_app
from tests.devstore.conftest import open_shopify, shopify
from tests.devstore.orders.cast import ACME, buy
from tests.devstore.orders.conftest import edge, goods, store
from tests.devstore.orders.test_returns import hear, lines_of, read_all
from tests.shopify.fake import FakeShopify

__all__ = ["edge", "goods", "open_shopify", "shopify", "store"]


@pytest.fixture
def order(
    connected: ShopCredentials,
    store: Store,
    goods: SimpleNamespace,
    ada: Vendor,
    bea: Vendor,
    edge: FakeShopify,
    acme: Shop,
) -> Doc:
    """Two mugs of Ada's and a loaf of Bea's: the mugs were sent."""
    made = buy(store, (goods.mug, 2), (goods.loaf, 1))
    fulfil_lines(store, ACME, made["id"], {lines_of(made)["MUG"]: 2})
    hear(store, acme, "orders/", "fulfillments/")
    return made


@pytest.fixture
def browser(database: str) -> FlaskClient:
    return get_app().test_client()


def returnable(browser: FlaskClient, order: Doc, who: int = 0) -> Any:
    headers = {"Authorization": f"Bearer {token(who or order['customer_id'])}"}
    return browser.get(f"/account-page/orders/{order['id']}/returnable", headers=headers)


def send(browser: FlaskClient, order: Doc, body: Any, who: int = 0) -> Any:
    headers = {"Authorization": f"Bearer {token(who or order['customer_id'])}"}
    return browser.post(f"/account-page/orders/{order['id']}/returns", json=body, headers=headers)


def wish(browser: FlaskClient, order: Doc, quantity: int = 1, **more: Any) -> dict[str, Any]:
    (line,) = returnable(browser, order).json["lines"]
    reason = next(one["id"] for one in line["reasons"] if one["handle"] == "defective")
    return {"lines": [{"line": line["line"], "quantity": quantity, "reason": reason, **more}]}


def shown(browser: FlaskClient, order: Doc) -> Any:
    (found,) = ask(browser, token(order["customer_id"])).json["orders"]
    return found["returns"]


def test_only_what_was_sent_may_come_back(browser: FlaskClient, order: Doc) -> None:
    (line,) = returnable(browser, order).json["lines"]
    assert (line["title"], line["quantity"]) == ("Mug", 2)
    assert {"unwanted", "defective", "wrong-item"} <= {one["handle"] for one in line["reasons"]}
    assert ask(browser, token(order["customer_id"])).json["orders"][0]["returnable"] is True


def test_a_request_is_shown_at_once_and_its_vendor_and_the_shop_are_told(
    browser: FlaskClient, order: Doc, store: Store, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    assert send(browser, order, wish(browser, order, note="The handle came off")).json == {"ok": True}
    (back,) = shown(browser, order)
    assert (back["state"], back["items"]) == ("requested", [{"title": "Mug", "quantity": 1}])
    assert returnable(browser, order).json["lines"][0]["quantity"] == 1
    (kept,) = store.get(ACME, "order", order["id"])["returns"]  # type: ignore[index]
    assert (kept["lines"][0]["note"], kept["lines"][0]["reason"]) == ("The handle came off", "defective")
    hear(store, acme, "returns/")
    read_all(acme)
    with db.scoped(acme.id) as session:
        mails = session.execute(select(Email.kind, Email.to_address).where(Email.kind.contains("return"))).all()
        notices = session.scalars(select(Notice.vendor_id).where(Notice.kind == "ReturnRequested")).all()
        parts = {part.vendor_id: part.returns for part in session.scalars(select(VendorOrder))}
    assert mails == [("vendor_return_requested", ada.email)]
    assert set(notices) == {None, ada.id}
    assert (parts[ada.id][0]["items"][0]["reason"], parts[bea.id]) == ("Item is defective", [])


@pytest.mark.parametrize(
    ("action", "state", "reason"), [("approve", "open", None), ("decline", "declined", "return_period_ended")]
)
def test_what_the_shop_decides_is_shown(
    browser: FlaskClient, order: Doc, store: Store, acme: Shop, action: str, state: str, reason: str | None
) -> None:
    send(browser, order, wish(browser, order))
    (kept,) = store.get(ACME, "order", order["id"])["returns"]  # type: ignore[index]
    move_return(store, ACME, order["id"], kept["id"], action, reason="RETURN_PERIOD_ENDED")
    hear(store, acme, "returns/")
    read_all(acme)
    assert [(back["state"], back["reason"]) for back in shown(browser, order)] == [(state, reason)]


def test_more_than_was_sent_is_refused_and_the_same_again_asks_for_no_more(browser: FlaskClient, order: Doc) -> None:
    both = wish(browser, order, 2)
    assert send(browser, order, {"lines": [{**both["lines"][0], "quantity": 3}]}).status_code == 409
    assert send(browser, order, both).status_code == 200
    assert send(browser, order, both).status_code == 409
    assert [back["items"][0]["quantity"] for back in shown(browser, order)] == [2]


def test_nobody_elses_order_can_be_looked_at_or_sent_back(browser: FlaskClient, order: Doc) -> None:
    body = wish(browser, order)
    assert returnable(browser, order, order["customer_id"] + 1).status_code == 404
    assert send(browser, order, body, order["customer_id"] + 1).status_code == 404
    assert shown(browser, order) == []


def test_lines_of_another_order_are_refused(
    browser: FlaskClient, order: Doc, store: Store, goods: SimpleNamespace, acme: Shop
) -> None:
    other = buy(store, (goods.mug, 1), email="dora@example.com")
    fulfil_lines(store, ACME, other["id"], None)
    hear(store, acme, "orders/", "fulfillments/")
    (line,) = returnable(browser, other).json["lines"]
    assert send(browser, order, {"lines": [{"line": line["line"], "quantity": 1}]}).status_code == 409


def test_looking_over_and_over_again_leaves_shopifys_patience_to_others(
    browser: FlaskClient, order: Doc, edge: FakeShopify
) -> None:
    edge.answer("returnableFulfillments", httpx.Response(404))
    answers = [returnable(browser, order).status_code for _ in range(61)]
    assert answers == [502] * 60 + [429]


ONE = {"line": 1, "quantity": 1}


@pytest.mark.parametrize(
    "lines", [None, [], [{**ONE, "line": "1"}], [{**ONE, "quantity": 0}], [{**ONE, "line": 2**63}], [ONE] * 41]
)
def test_what_the_page_would_not_send_is_refused(browser: FlaskClient, order: Doc, lines: Any) -> None:
    assert send(browser, order, {"lines": lines}).status_code == 400


def test_a_store_that_does_not_answer_is_said_and_nothing_is_pretended(
    browser: FlaskClient, order: Doc, edge: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = wish(browser, order)
    monkeypatch.setattr("app.shopify.client.time.sleep", lambda _: None)
    for name in ("returnableFulfillments", "returnRequest"):
        edge.answer(name, httpx.Response(503))
    assert returnable(browser, order).status_code == 502
    assert send(browser, order, body).status_code == 502
    assert shown(browser, order) == []


def test_the_answer_that_was_lost_leaves_one_request(
    browser: FlaskClient, order: Doc, store: Store, acme: Shop, edge: FakeShopify
) -> None:
    """Shopify took it and nobody heard: it is not sent again by itself, and its webhook shows it."""
    body, (answer,) = wish(browser, order), edge.answers["returnRequest"]

    def lose(asked: dict[str, Any]) -> httpx.Response:
        assert callable(answer)
        answer(asked)
        raise httpx.ReadTimeout("gone")

    edge.answer("returnRequest", lose)
    assert send(browser, order, body).status_code == 502
    hear(store, acme, "returns/")
    read_all(acme)
    assert [back["items"][0]["quantity"] for back in shown(browser, order)] == [1]
    assert edge.names().count("returnRequest") == 1
    deliver(acme.id)
