from types import SimpleNamespace
from typing import Any

from devstore.store import Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, ADDRESS, available

BUY: dict[str, Any] = {
    "shop": ACME,
    "email": "cleo@example.com",
    "shipping_address": ADDRESS,
    "shipping_rate_code": "standard",
}


def post(shopify: Shopify, path: str = "", **body: Any) -> tuple[int, Any]:
    answer = shopify.client.post(f"/_control/orders{path}", json=body)
    return answer.status_code, answer.get_json()


def test_an_order_lives_its_whole_life_over_http(shopify: Shopify, goods: SimpleNamespace) -> None:
    lines = [{"sku": "MUG", "quantity": 2}, {"variant_id": goods.loaf["variants"][0]["id"]}]
    status, order = post(shopify, **BUY, lines=lines, capture=False, created_at="2026-11-01T10:00:00Z")
    assert (status, order["financial_status"], order["created_at"]) == (201, "authorized", "2026-11-01T10:00:00Z")
    path = f"/{order['id']}"
    assert post(shopify, f"{path}/capture")[1]["kind"] == "capture"
    shipped = post(shopify, f"{path}/fulfil", lines=[{"sku": "MUG", "quantity": 1}])[1]
    assert shipped[0]["line_items"][0]["quantity"] == 1
    assert post(shopify, f"{path}/fulfil", tracking={"company": "UPS", "numbers": ["1"]})[1][0]["tracking_urls"]
    assert [event["status"] for event in post(shopify, f"{path}/deliver")[1]] == ["delivered", "delivered"]
    refund = post(shopify, f"{path}/refund", lines=[{"sku": "MUG", "restock_type": "return"}], shipping="full")[1]
    assert refund["refund_line_items"][0]["subtotal"] == "5.00"
    seen = shopify.client.get(f"/_control/orders{path}").get_json()
    assert (seen["financial_status"], seen["fulfillment_status"]) == ("partially_refunded", "fulfilled")


def test_an_order_is_cancelled_over_http(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = post(shopify, **BUY, lines=[{"sku": "MUG"}])[1]
    assert post(shopify, f"/{order['id']}/cancel", reason="fraud")[1]["cancel_reason"] == "fraud"
    assert available(store, goods.mug) == 10


def test_a_bad_request_names_its_field(shopify: Shopify, goods: SimpleNamespace) -> None:
    cases: list[tuple[str, dict[str, Any], list[str]]] = [
        ("", {**BUY, "lines": [{"sku": "NOPE"}]}, ["lines", "0", "sku"]),
        ("", {**BUY, "lines": []}, ["lines"]),
        ("", {**BUY, "lines": [{"sku": "MUG", "quantity": "two"}]}, ["lines", "0", "quantity"]),
        ("", {**BUY, "shop": "nobody.myshopify.com"}, ["shop"]),
        ("", {**BUY, "lines": [{"sku": "MUG"}], "created_at": "yesterday"}, ["created_at"]),
        ("/12/refund", {}, ["id"]),
    ]
    for path, body, field in cases:
        status, answer = post(shopify, path, **body)
        assert (status, answer["errors"][0]["field"]) == (422, field)
