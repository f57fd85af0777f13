from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devstore.orders.basket import shop_settings
from devstore.orders.cancel import cancel_order
from devstore.orders.documents import get_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import capture, mark_as_paid
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, available, buy


def line(order: Doc, at: int = 0) -> int:
    return int(order["line_items"][at]["id"])


def refund(store: Store, order: Doc, *lines: tuple[Any, ...], **rest: Any) -> Doc:
    return refund_order(store, ACME, order["id"], RefundRequest([LineRefund(*entry) for entry in lines], **rest))


def returned(store: Store, order: Doc, made: Doc) -> list[str]:
    current = get_order(store, ACME, order["id"])
    return [entry["amount"] for entry in current["transactions"] if entry["id"] in made["transaction_ids"]]


def test_units_refunded_one_by_one_add_up_to_the_line(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.vase, 3), discount_codes=["FIVEOFF"])
    steps = [refund(store, order, (line(order), 1)) for _ in range(3)]
    subtotals = [float(step["refund_line_items"][0]["subtotal"]) for step in steps]
    taxes = [float(step["refund_line_items"][0]["total_tax"]) for step in steps]
    assert round(sum(subtotals), 2) == 94.99
    assert round(sum(taxes), 2) == 9.50
    last = refund(store, order, shipping="full")
    assert returned(store, order, last) == ["7.59"]
    current = get_order(store, ACME, order["id"])
    assert current["current_total_price"] == "0.00"
    assert current["current_total_discounts"] == "0.00"
    assert current["financial_status"] == "refunded"


def test_shipping_refunded_in_parts_takes_its_tax_along_exactly(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    made = [refund(store, order, shipping=part) for part in ("2.33", "2.33", "2.24")]
    taxes = [float(step["refund_shipping_lines"][0]["tax_amount"]) for step in made]
    assert round(sum(taxes), 2) == 0.69
    with pytest.raises(OrderError, match=r"No more than 0\.00 USD of shipping"):
        refund(store, order, shipping="0.01")


def test_a_plain_amount_is_an_adjustment_and_leaves_nothing_outstanding(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.loaf, 1))
    made = refund(store, order, amount="5.00")
    assert made["refund_line_items"] == []
    adjustment = made["order_adjustments"][0]
    assert (adjustment["kind"], adjustment["amount"]) == ("refund_discrepancy", "-5.00")
    current = get_order(store, ACME, order["id"])
    assert current["financial_status"] == "partially_refunded"
    assert current["total_outstanding"] == "0.00"


def test_returning_less_than_the_lines_come_to_is_an_adjustment_too(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.loaf, 1))
    made = refund(store, order, (line(order), 1), amount="8.00")
    assert made["order_adjustments"][0]["amount"] == "3.00"
    assert returned(store, order, made) == ["8.00"]
    assert get_order(store, ACME, order["id"])["total_outstanding"] == "0.00"


def test_more_than_was_paid_cannot_be_returned(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    with pytest.raises(OrderError, match=r"more than the 13\.09 USD"):
        refund(store, order, amount="13.10")
    assert get_order(store, ACME, order["id"])["refunds"] == []


def test_more_units_than_were_bought_cannot_be_refunded(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    refund(store, order, (line(order), 1))
    with pytest.raises(OrderError, match="more items than were purchased") as refusal:
        refund(store, order, (line(order), 2))
    assert refusal.value.field == ["refundLineItems", "0", "quantity"]


def test_a_refund_after_fulfilment_brings_the_stock_back_as_a_return(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    fulfil_lines(store, ACME, order["id"], None)
    assert (available(store, goods.mug), available(store, goods.mug, "on_hand")) == (8, 8)
    with pytest.raises(OrderError, match="restock them as a return"):
        refund(store, order, (line(order), 1, "cancel"))
    made = refund(store, order, (line(order), 1, "return"))
    assert returned(store, order, made) == ["5.50"]
    assert (available(store, goods.mug), available(store, goods.mug, "on_hand")) == (9, 9)
    current = get_order(store, ACME, order["id"])
    assert current["fulfillment_status"] == "fulfilled"
    assert current["line_items"][0]["current_quantity"] == 1


def test_units_cancelled_before_shipping_go_back_and_cannot_be_shipped(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3))
    refund(store, order, (line(order), 2, "cancel"))
    assert (available(store, goods.mug), available(store, goods.mug, "committed")) == (9, 1)
    current = get_order(store, ACME, order["id"])
    assert current["line_items"][0]["fulfillable_quantity"] == 1
    assert current["fulfillment_orders"][0]["line_items"][0]["remaining"] == 1
    fulfil_lines(store, ACME, order["id"], None)
    assert get_order(store, ACME, order["id"])["fulfillment_status"] == "fulfilled"


def test_units_of_one_line_may_be_refunded_in_two_ways_at_once(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.vase, 3))
    fulfil_lines(store, ACME, order["id"], {line(order): 1})
    made = refund(store, order, (line(order), 1, "return"), (line(order), 2, "cancel"), shipping="full")
    assert returned(store, order, made) == [order["total_price"]]
    assert available(store, goods.vase) == available(store, goods.vase, "on_hand") == 10


def test_taking_lines_off_an_unpaid_order_returns_no_money(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), (goods.loaf, 1), capture=False)
    made = refund(store, order, (line(order, 1), 1, "cancel"))
    assert made["transaction_ids"] == []
    assert made["order_adjustments"] == []
    current = get_order(store, ACME, order["id"])
    assert current["total_outstanding"] == "13.09"
    capture(store, ACME, order["id"])
    assert get_order(store, ACME, order["id"])["financial_status"] == "paid"


def test_a_capture_in_parts_is_paid_only_when_all_is_there(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.loaf, 1), capture=False)
    capture(store, ACME, order["id"], "10.00")
    assert get_order(store, ACME, order["id"])["financial_status"] == "partially_paid"
    with pytest.raises(OrderError, match=r"No more than 8\.59"):
        capture(store, ACME, order["id"], "8.60")
    capture(store, ACME, order["id"])
    assert get_order(store, ACME, order["id"])["financial_status"] == "paid"
    assert returned(store, order, refund(store, order, amount="15.00")) == ["10.00", "5.00"]


def test_a_payment_by_hand_settles_a_pending_order(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), pay=False)
    entry = mark_as_paid(store, ACME, order["id"])
    assert (entry["kind"], entry["gateway"], entry["amount"]) == ("sale", "manual", "13.09")
    with pytest.raises(OrderError, match="cannot be marked as paid"):
        mark_as_paid(store, ACME, order["id"])


def test_cancelling_a_paid_order_returns_everything(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1), discount_codes=["WELCOME10"])
    refund(store, order, (line(order), 1, "cancel"))
    cancelled = cancel_order(store, ACME, order["id"], reason="customer")
    assert cancelled["financial_status"] == "refunded"
    assert cancelled["current_total_price"] == "0.00"
    assert available(store, goods.mug) == available(store, goods.loaf) == 10
    assert {part["status"] for part in cancelled["fulfillment_orders"]} == {"cancelled"}
    with pytest.raises(OrderError, match="already been canceled"):
        cancel_order(store, ACME, order["id"])


def test_cancelling_an_authorized_order_voids_it(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), capture=False)
    cancelled = cancel_order(store, ACME, order["id"])
    assert cancelled["financial_status"] == "voided"
    assert [entry["kind"] for entry in cancelled["transactions"]] == ["authorization", "void"]


def test_what_has_shipped_cannot_be_cancelled(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    fulfil_lines(store, ACME, order["id"], None)
    with pytest.raises(OrderError, match="fulfilled items"):
        cancel_order(store, ACME, order["id"])


steps = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), max_size=8)


@given(steps=steps, included=st.booleans())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_steps_and_then_the_rest_end_on_zero(
    store: Store, goods: SimpleNamespace, steps: list[tuple[int, int]], *, included: bool
) -> None:
    store.put(ACME, "shop", {**shop_settings(store, ACME), "taxes_included": included})
    order = buy(store, (goods.vase, 3), (goods.mug, 2), discount_codes=["WELCOME10", "FIVEOFF"])
    for at, units in steps:
        left = get_order(store, ACME, order["id"])["line_items"][at]["current_quantity"]
        if left:
            refund(store, order, (line(order, at), min(units, left), "cancel"))
    left = [entry for entry in get_order(store, ACME, order["id"])["line_items"] if entry["current_quantity"]]
    refund(store, order, *[(entry["id"], entry["current_quantity"], "cancel") for entry in left], shipping="full")
    current = get_order(store, ACME, order["id"])
    paid_back = sum(round(float(e["amount"]) * 100) for e in current["transactions"] if e["kind"] == "refund")
    assert paid_back == round(float(order["total_price"]) * 100)
    assert current["current_total_price"] == current["current_total_tax"] == "0.00"
    assert all(not made["order_adjustments"] for made in current["refunds"])
