"""Disputes as buyers open and banks decide them, and what Shopify Payments keeps of a payment."""

from pathlib import Path
from types import SimpleNamespace

from app.shopify import payloads_orders as bodies
from app.shopify.payloads import read_payload
from devstore.gids import gid
from devstore.store import Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, buy
from tests.devstore.orders.test_control import post

DOCUMENT = (Path(bodies.__file__).parent / "documents" / "orderPaymentFees.graphql").read_text()
PAGE = "/store/acme/orders/{}/dispute"


def test_a_dispute_is_opened_and_decided_once_and_told_each_time(
    shopify: Shopify, store: Store, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.mug, 2))
    path = f"/{order['id']}/dispute"
    assert post(shopify, path, amount="999.00")[0] == 422
    assert post(shopify, path, type="complaint")[0] == 422
    status, dispute = post(shopify, path, amount="5.00")
    assert (status, dispute["status"], dispute["type"]) == (200, "needs_response", "chargeback")
    assert post(shopify, f"{path}/{dispute['id']}", status="maybe")[0] == 422
    assert post(shopify, f"{path}/{dispute['id']}", status="won")[1]["finalized_on"]
    assert post(shopify, f"{path}/{dispute['id']}", status="lost")[0] == 422, "it has ended"
    told = [d for d in store.all(ACME, "webhook_delivery") if d["topic"].startswith("disputes/")]
    read = [read_payload(bodies.Dispute, d["body"].encode()) for d in told]
    assert [(one.order_id, one.status, one.amount) for one in read] == [
        (order["id"], "needs_response", "5.00"),
        (order["id"], "won", "5.00"),
    ]


def test_staff_of_the_store_play_both_sides_on_the_orders_page(
    shopify: Shopify, store: Store, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.mug, 2))
    page = PAGE.format(order["id"])
    assert shopify.client.post(page, data={"type": "chargeback", "amount": "0"}).status_code == 200
    assert shopify.client.post(page, data={"type": "chargeback", "amount": "5.00"}).status_code == 302
    current = store.get(ACME, "order", order["id"])
    assert current is not None
    [dispute] = current["disputes"]
    assert "Chargeback over 5.00" in shopify.client.get(page).text
    assert shopify.client.post(f"{page}/{dispute['id']}", data={"status": "lost"}).status_code == 302


def test_only_shopify_payments_tells_its_fees(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    for gateway, tells in (("shopify_payments", True), ("bogus", False)):
        order = buy(store, (goods.loaf, 1), gateway=gateway)
        answer = shopify.ask(DOCUMENT, {"id": gid("Order", order["id"])})["order"]
        fees = [fee["amount"]["amount"] for entry in answer["transactions"] for fee in entry["fees"]]
        total = int(order["total_price"].replace(".", ""))
        assert [int(fee.replace(".", "")) for fee in fees] == [round(total * 0.029) + 30] * tells
