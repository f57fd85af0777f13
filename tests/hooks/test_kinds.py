"""What a call says is what the API's description says of its kind."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from app import db, events
from app.api.outgoing import make_webhooks
from app.hooks import service
from app.hooks.kinds import FIELDS, KINDS, NAMED, fields_of
from app.models.hooks import HookCall
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.vendors.service import move
from devstore.orders.cancel import cancel_order
from devstore.orders.disputes import open_dispute
from devstore.orders.edits import edit_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Store
from jobs import outbox
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post, goods, post, store

__all__ = ["goods", "post", "store"]


@pytest.fixture
def listener(acme: Shop) -> Shop:
    """Acme, with another system that wants to hear of everything."""
    with db.scoped(acme.id) as session:
        service.add_hook(session, acme, "http://127.0.0.1:1/hooks", list(KINDS), actor="staff:1")
    return acme


def calls(shop: Shop) -> dict[str, dict[str, Any]]:
    """What is said of each kind of event that happened, the last time, as the description has it."""
    outbox.deliver(shop.id)
    with db.scoped(shop.id) as session:
        said = [json.loads(body) for body in session.scalars(select(HookCall.body).order_by(HookCall.id))]
    for one in said:
        schema = make_webhooks()[one["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(one)
        assert set(one["data"]) == set(fields_of(one["type"]))
    return {one["type"]: one["data"] for one in said}


def test_of_an_order_with_shopifys_names(
    goods: SimpleNamespace, store: Store, post: Post, listener: Shop, ada: Vendor
) -> None:
    cancel_order(store, ACME, buy(store, (goods.loaf, 1), pay=False)["id"])
    post.deliver()
    order = buy(store, (goods.mug, 3))
    post.deliver()
    number, line = order["id"], order["line_items"][0]["id"]
    edit_order(store, ACME, number, add=[LineRequest(variant_id=goods.vase["variants"][0]["id"], quantity=1)])
    post.deliver()
    fulfil_lines(store, ACME, number, {line: 1})
    refund = refund_order(store, ACME, number, RefundRequest([LineRefund(line, 1, "cancel")], amount="5.00"))
    open_dispute(store, ACME, number)
    post.deliver()
    said = calls(listener)
    assert set(said) >= {"OrderCreated", "PaymentReceived", "OrderEdited", "OrderFulfilled", "OrderCancelled"}
    edited = said["OrderEdited"]
    assert (edited["order_name"], edited["order_shopify_id"], edited["vendor_ids"]) == (order["name"], number, [ada.id])
    assert said["RefundProcessed"]["refund_shopify_id"] == refund["id"]
    assert said["DisputeOpened"]["dispute_shopify_id"] > 0
    assert said["OrderFulfilled"]["fulfilment_shopify_id"] > 0


def test_of_vendors_and_products_also_when_the_product_is_gone(listener: Shop, ada: Vendor) -> None:
    with db.scoped(listener.id) as session:
        move(session, listener.id, ada.id, "suspend", actor="staff:1", reason="Late parcels.")
        move(session, listener.id, ada.id, "reinstate", actor="staff:1")
        bowl = Product(shop_id=listener.id, vendor_id=ada.id, title="Bowl", shopify_gid="gid://shopify/Product/1")
        session.add(bowl)
        session.flush()
        for kind, product_id in (("ProductSubmitted", bowl.id), ("ProductRejected", bowl.id + 1)):
            events.publish(session, listener.id, kind, vendor_id=ada.id, product_id=product_id)
    said = calls(listener)
    assert said["VendorSuspended"] == {"shop": listener.domain, "vendor_id": ada.id, "vendor_handle": ada.handle}
    assert set(said) == {"VendorSuspended", "VendorReinstated", "ProductSubmitted", "ProductRejected"}
    assert said["ProductSubmitted"]["product_shopify_gid"] == "gid://shopify/Product/1"
    assert said["ProductRejected"]["product_shopify_gid"] is None


def test_every_field_is_explained_and_used() -> None:
    used = {name for kind in KINDS for name in fields_of(kind)}
    assert used == set(FIELDS)
    assert set(NAMED) <= used
