from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from devstore.orders.basket import shop_settings
from devstore.orders.errors import OrderError
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, ADDRESS, available, buy


def test_a_paid_order_adds_up_to_the_cent(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 2))
    assert order["name"] == "#1001"
    assert order["subtotal_price"] == "35.00"
    assert order["total_shipping_price"] == "6.90"
    assert order["total_tax"] == "4.19"
    assert order["total_price"] == "46.09"
    assert order["financial_status"] == "paid"
    assert order["total_outstanding"] == "0.00"
    assert [(entry["kind"], entry["amount"]) for entry in order["transactions"]] == [("sale", "46.09")]


def test_numbers_run_on_and_the_vendor_is_noted_on_the_line(store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 1))
    order = buy(store, (goods.loaf, 1))
    assert order["name"] == "#1002"
    assert order["line_items"][0]["vendor"] == "Bea's Bakery"


def test_a_discount_code_is_allocated_over_the_lines(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.vase, 1), (goods.mug, 1), discount_codes=["fiveoff"])
    shares = [line["discount_allocations"] for line in order["line_items"]]
    assert [share[0]["amount"] for share in shares] == ["4.35", "0.65"]
    assert order["discount_codes"] == [{"code": "FIVEOFF", "amount": "5.00", "type": "fixed_amount"}]
    assert order["total_discounts"] == "5.00"


def test_a_shop_with_taxes_included_takes_the_tax_out_of_the_price(store: Store, goods: SimpleNamespace) -> None:
    store.put(ACME, "shop", {**shop_settings(store, ACME), "taxes_included": True})
    order = buy(store, (goods.loaf, 1))
    assert order["total_price"] == "16.90"
    assert order["line_items"][0]["tax_lines"][0]["price"] == "0.91"
    assert order["total_tax"] == "1.54"


def test_stock_is_committed_when_it_is_sold(store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 3))
    assert available(store, goods.mug) == 7
    assert available(store, goods.mug, "committed") == 3
    assert available(store, goods.mug, "on_hand") == 10


def test_more_than_there_is_cannot_be_bought_and_nothing_is_written(store: Store, goods: SimpleNamespace) -> None:
    with pytest.raises(OrderError, match="Only 10 of Mug left") as refusal:
        buy(store, (goods.mug, 6), (goods.mug, 5))
    assert refusal.value.field == ["lines", "1", "quantity"]
    assert store.all(ACME, "order") == []
    assert store.all(ACME, "customer") == []
    assert available(store, goods.mug) == 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": None}, "email"),
        ({"shipping_address": None}, "shipping_address"),
        ({"shipping_rate_code": None}, "shipping_rate_code"),
        ({"shipping_rate_code": "teleport"}, "shipping_rate_code"),
        ({"discount_codes": ["NOPE"]}, "discount_codes"),
        ({"currency_presentment": "EUR"}, "currency_presentment"),
    ],
)
def test_a_checkout_with_something_wrong_says_what(
    store: Store, goods: SimpleNamespace, change: Doc, field: str
) -> None:
    with pytest.raises(OrderError) as refusal:
        buy(store, (goods.mug, 1), **change)
    assert refusal.value.field == [field]
    assert store.all(ACME, "order") == []


def test_the_same_email_is_the_same_customer(store: Store, goods: SimpleNamespace) -> None:
    first = buy(store, (goods.mug, 1))
    second = buy(store, (goods.mug, 1), email="Cleo@Example.com")
    assert first["customer_id"] == second["customer_id"]
    customer = store.get(ACME, "customer", first["customer_id"])
    assert customer is not None
    assert customer["first_name"] == ADDRESS["first_name"]


def test_an_unpaid_order_is_pending_and_an_authorized_one_is_authorized(store: Store, goods: SimpleNamespace) -> None:
    assert buy(store, (goods.mug, 1), pay=False)["financial_status"] == "pending"
    order = buy(store, (goods.mug, 1), capture=False)
    assert order["financial_status"] == "authorized"
    assert order["total_outstanding"] == order["total_price"]


def test_an_order_may_be_backdated(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), created_at=datetime(2026, 10, 1, 9, tzinfo=UTC))
    assert order["created_at"] == order["updated_at"] == "2026-10-01T09:00:00Z"
    assert order["transactions"][0]["processed_at"] == "2026-10-01T09:00:00Z"


def test_an_order_that_costs_nothing_is_paid_without_a_payment(store: Store, goods: SimpleNamespace) -> None:
    store.put(ACME, "discount_code", {"code": "FREE", "kind": "percentage", "value": "100"})
    store.put(ACME, "discount_code", {"code": "SHIP", "kind": "free_shipping"})
    order = buy(store, (goods.mug, 1), discount_codes=["FREE", "SHIP"])
    assert (order["total_price"], order["financial_status"], order["transactions"]) == ("0.00", "paid", [])
    assert [entry["type"] for entry in order["discount_codes"]] == ["percentage", "shipping"]
