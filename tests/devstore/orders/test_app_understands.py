"""What the store says about orders, read by the app's own structures and asked for with its own documents."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.shopify import payloads_orders as bodies
from app.shopify.payloads import read_payload
from devstore.gids import gid
from devstore.orders.basket import shop_settings
from devstore.orders.cancel import cancel_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import capture
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.tracking import Tracking
from devstore.store import Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, buy

DOCUMENTS = Path(bodies.__file__).parent / "documents"
READERS: dict[str, Any] = {
    "orders": bodies.Order,
    "refunds": bodies.Refund,
    "fulfillments": bodies.Fulfillment,
}


@pytest.mark.parametrize("taxes_included", [False, True])
def test_the_app_reads_every_body(store: Store, goods: SimpleNamespace, *, taxes_included: bool) -> None:
    settings = {"taxes_included": taxes_included, "presentment_rates": {"EUR": "0.92"}}
    store.put(ACME, "shop", {**shop_settings(store, ACME), **settings})
    order = buy(store, (goods.vase, 2), (goods.mug, 1), discount_codes=["WELCOME10"], currency_presentment="EUR")
    vase = order["line_items"][0]["id"]
    fulfil_lines(store, ACME, order["id"], {vase: 1}, Tracking("UPS", ("1",)))
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(vase, 1, "return")], "full", amount="10.00"))
    second = buy(store, (goods.loaf, 1), capture=False)
    capture(store, ACME, second["id"], "5.00")
    cancel_order(store, ACME, second["id"])
    read = set()
    for delivery in store.all(ACME, "webhook_delivery"):
        reader = READERS.get(delivery["topic"].partition("/")[0])
        if reader:
            body = read_payload(reader, delivery["body"].encode())
            assert body.id
            read.add(delivery["topic"])
    assert {"orders/create", "orders/updated", "orders/cancelled", "refunds/create", "fulfillments/create"} <= read


def test_the_app_asks_for_an_order_and_ships_it(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    seen = shopify.ask((DOCUMENTS / "order.graphql").read_text(), {"id": gid("Order", order["id"])})["order"]
    part = seen["fulfillmentOrders"]["nodes"][0]
    units = [{"id": line["id"], "quantity": line["remainingQuantity"]} for line in part["lineItems"]["nodes"]]
    parcel = {"fulfillmentOrderId": part["id"], "fulfillmentOrderLineItems": units}
    wanted = {"lineItemsByFulfillmentOrder": [parcel], "trackingInfo": {"company": "UPS", "number": "1"}}
    document = (DOCUMENTS / "fulfillmentCreate.graphql").read_text()
    made = shopify.ask(document, {"fulfillment": wanted})["fulfillmentCreate"]
    assert made["userErrors"] == []
    sent = [json.loads(each["body"]) for each in shopify.deliveries() if each["topic"] == "fulfillments/create"]
    assert [gid("Fulfillment", body["id"]) for body in sent] == [made["fulfillment"]["id"]]
