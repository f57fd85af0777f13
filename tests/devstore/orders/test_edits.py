import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from devstore.orders.edits import edit_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import mark_as_paid
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import RefundRequest, refund_order
from devstore.store import Doc, Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, available, buy


def wanted(product: Doc, units: int) -> list[LineRequest]:
    return [{"variant_id": product["variants"][0]["id"], "quantity": units}]


def test_a_product_added_to_a_paid_order_is_owed_and_shipped(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    edited = edit_order(store, ACME, order["id"], add=wanted(goods.loaf, 2))
    assert edited["total_outstanding"] == "22.00"
    assert edited["financial_status"] == "partially_paid"
    assert available(store, goods.loaf) == 8
    mark_as_paid(store, ACME, order["id"])
    fulfil_lines(store, ACME, order["id"], None)
    paid = store.get(ACME, "order", order["id"])
    assert paid is not None
    assert (paid["financial_status"], paid["fulfillment_status"]) == ("paid", "fulfilled")


def test_units_taken_off_wait_for_their_refund(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3))
    edited = edit_order(store, ACME, order["id"], remove={order["line_items"][0]["id"]: 2})
    assert edited["line_items"][0]["current_quantity"] == 1
    assert edited["refunds"][0]["order_adjustments"][0]["amount"] == "11.00"
    assert edited["refunds"][0]["transaction_ids"] == []
    assert available(store, goods.mug) == 9
    refund_order(store, ACME, order["id"], RefundRequest(amount="11.00"))
    after = store.get(ACME, "order", order["id"])
    assert after is not None
    adjustments = [entry["amount"] for refund in after["refunds"] for entry in refund["order_adjustments"]]
    assert adjustments == ["11.00", "-11.00"]


def test_an_edit_says_what_changed(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    line = order["line_items"][0]["id"]
    before = len(shopify.deliveries())
    edited = edit_order(store, ACME, order["id"], remove={line: 1}, add=wanted(goods.loaf, 1))
    sent = shopify.deliveries()[before:]
    assert [each["topic"] for each in sent[:2]] == ["orders/edited", "orders/updated"]
    body = json.loads(sent[0]["body"])["order_edit"]
    assert body["order_id"] == order["id"]
    assert body["line_items"] == {
        "additions": [{"id": edited["line_items"][1]["id"], "delta": 1}],
        "removals": [{"id": line, "delta": 1}],
    }


def test_units_that_come_on_are_owed_and_shipped(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    line = order["line_items"][0]["id"]
    edited = edit_order(store, ACME, order["id"], more={line: 2})
    assert (edited["line_items"][0]["quantity"], edited["total_outstanding"]) == (3, "11.00")
    assert available(store, goods.mug) == 7
    fulfil_lines(store, ACME, order["id"], None)
    sent = store.get(ACME, "order", order["id"])
    assert sent is not None
    assert sent["fulfillment_status"] == "fulfilled"


def test_a_discount_on_what_was_paid_is_owed_to_the_buyer_until_it_is_returned(
    store: Store, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.loaf, 2))
    line = order["line_items"][0]["id"]
    with pytest.raises(OrderError, match="at most the line's price"):
        edit_order(store, ACME, order["id"], discounts={line: "20.01"})
    edited = edit_order(store, ACME, order["id"], discounts={line: "5.00"})
    assert (edited["total_price"], edited["total_outstanding"], edited["total_tax"]) == ("24.09", "-5.50", "2.19")
    assert edited["financial_status"] == "paid"
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.50"))
    after = store.get(ACME, "order", order["id"])
    assert after is not None
    assert (after["total_outstanding"], after["refunds"][0]["order_adjustments"]) == ("0.00", [])


def test_shipping_that_comes_on_is_owed_with_its_tax(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.loaf, 1))
    edited = edit_order(store, ACME, order["id"], shipping=("By courier", "4.00"))
    assert (edited["total_shipping_price"], edited["total_outstanding"]) == ("10.90", "4.40")


def test_what_has_shipped_cannot_be_taken_off(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    fulfil_lines(store, ACME, order["id"], None)
    with pytest.raises(OrderError, match="fulfilled cannot be cancelled"):
        edit_order(store, ACME, order["id"], remove={order["line_items"][0]["id"]: 1})


def test_an_edit_over_http(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    body = {"remove": [{"sku": "MUG", "quantity": 1}], "add": [{"sku": "VASE"}]}
    edited = shopify.client.post(f"/_control/orders/{order['id']}/edit", json=body).get_json()
    assert [line["current_quantity"] for line in edited["line_items"]] == [1, 1]
    body = {"more": [{"sku": "VASE"}], "discounts": [{"sku": "MUG", "amount": "1.00"}],
            "shipping": {"title": "By courier", "price": "4.00"}}  # fmt: skip
    edited = shopify.client.post(f"/_control/orders/{order['id']}/edit", json=body).get_json()
    assert [line["quantity"] for line in edited["line_items"]] == [2, 2]
    assert edited["total_shipping_price"] == "10.90"


def test_the_last_unit_is_sold_once(store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 9))

    def attempt(_: int) -> bool:
        try:
            buy(store, (goods.mug, 1))
        except OrderError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert available(store, goods.mug) == 0
