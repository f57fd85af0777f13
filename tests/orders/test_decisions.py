"""A person's decisions about an order's money, by the merchant's real door."""

import json
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.ledger.rules import Account
from app.models.events import AuditEntry, InboxEvent
from app.models.orders import Order, OrderDispute, OrderRefund
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.orders.disputes import open_dispute
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import RefundRequest, refund_order
from devstore.store import Store
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_service import books
from tests.orders.test_shapes import choose
from tests.shopify.signing import sign_id_token
from webhooks.router import HANDLERS


@pytest.fixture
def merchant(acme: Shop, merchant: FlaskClient) -> FlaskClient:
    return merchant


def _of(shop: Shop, vendor: Vendor) -> int:
    return sum(amount for (_, owner), amount in books(shop).items() if owner == vendor.id)


def test_a_refund_is_put_on_one_vendor_with_a_reason_and_the_effect_shown_before(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, merchant: FlaskClient
) -> None:
    choose(acme, shipping_to="marketplace")
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.00"))
    post.deliver()
    shared = (_of(acme, ada), _of(acme, bea))
    with db.scoped(acme.id) as session:
        order_id, refund_id = session.scalars(select(Order.id)).one(), session.scalars(select(OrderRefund.id)).one()
    path = f"/app/orders/{order_id}/refund/{refund_id}/bearer"
    shown = merchant.get(path, query_string={"vendor": ada.id}).text
    assert "Ada&#39;s Ceramics" in shown
    assert (_of(acme, ada), _of(acme, bea)) == shared, "looking changes nothing"
    refused = merchant.post(path, data={"vendor": ada.id, "reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    page = merchant.post(path, data={"vendor": ada.id, "reason": "Ada broke it"})
    assert page.status_code == 200, page.text
    assert lint_polaris(page.text) == []
    assert "Ada broke it" in page.text
    assert (_of(acme, ada), _of(acme, bea)) == (450, 900)
    post.deliver(store.all(ACME, "webhook_delivery"))
    assert (_of(acme, ada), _of(acme, bea)) == (450, 900), "replayed news do not undo a decision"
    assert merchant.post(path, data={"vendor": ada.id, "reason": "again"}).status_code == 409
    with db.scoped(acme.id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refund.put_on_vendor")).one()
        assert (entry.reason, entry.actor.startswith("staff:")) == ("Ada broke it", True)
    assert merchant.post(path, data={"vendor": 0, "reason": "Nobody knows"}).status_code == 200
    assert (_of(acme, ada), _of(acme, bea)) == shared


def test_a_dispute_is_put_on_one_vendor_while_it_is_open(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, merchant: FlaskClient
) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    open_dispute(store, ACME, order["id"], amount="5.00")
    post.deliver()
    with db.scoped(acme.id) as session:
        order_id, number = session.scalars(select(Order.id)).one(), session.scalars(select(OrderDispute.id)).one()
    path = f"/app/orders/{order_id}/dispute/{number}/bearer"
    assert "Bea&#39;s Bakery" in merchant.get(path, query_string={"vendor": bea.id}).text
    page = merchant.post(path, data={"vendor": bea.id, "reason": "Hers"})
    assert page.status_code == 200, page.text
    assert "Chargeback of" in page.text
    held = books(acme)
    assert (Account.VENDOR_HELD, ada.id) not in held
    assert held[Account.VENDOR_HELD, bea.id] > 0


def test_a_flag_is_lifted_by_a_person_with_a_reason_and_a_new_difference_flags_again(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, merchant: FlaskClient
) -> None:
    order = buy(store, (goods.mug, 2))
    fulfil_lines(store, ACME, order["id"], None)
    deliveries = [d for d in post.waiting() if d["topic"] == "orders/updated"]
    body = json.loads(deliveries[-1]["body"])

    def tell(more: str, second: int) -> None:
        total = f"{float(order['total_price']) + float(more):.2f}"
        money = {side: {"amount": total, "currency_code": "USD"} for side in ("shop_money", "presentment_money")}
        stamp = f"2027-01-01T00:00:{second:02d}Z"
        news = body | {"total_price_set": money, "current_total_price_set": money, "updated_at": stamp}
        with db.scoped(acme.id) as session:
            shop = session.get_one(Shop, acme.id)
            event = InboxEvent(shop_domain=ACME, topic="orders/updated", received_at=clock.now())
            HANDLERS["orders/updated"](session, shop, json.dumps(news).encode(), event)

    tell("7.00", 1)
    with db.scoped(acme.id) as session:
        held = session.scalars(select(Order)).one()
        [flag], order_id = held.flags, held.id
    path = f"/app/orders/{order_id}/flags/lift"
    assert "7.00 USD more" in merchant.get(f"/app/orders/{order_id}").text
    assert merchant.post(path, data={"flag": flag, "reason": ""}).status_code == 422
    lifted = merchant.post(path, data={"flag": flag, "reason": "A tip in cash"})
    assert lifted.status_code == 200
    assert lint_polaris(lifted.text) == []
    assert "A tip in cash" in lifted.text
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Order.flags)).one() == []
    assert merchant.post(path, data={"flag": flag, "reason": "again"}).status_code == 409
    tell("8.00", 2)
    with db.scoped(acme.id) as session:
        assert "8.00 USD more" in session.scalars(select(Order.flags)).one()[0]


def test_nobody_decides_without_signing_in_nor_about_another_shops_order(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, zenith: Shop, ada: Vendor, merchant: FlaskClient
) -> None:
    order = buy(store, (goods.mug, 2))
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.00"))
    post.deliver()
    before = books(acme)
    with db.scoped(acme.id) as session:
        order_id, refund_id = session.scalars(select(Order.id)).one(), session.scalars(select(OrderRefund.id)).one()
    paths = (f"/app/orders/{order_id}/refund/{refund_id}/bearer", f"/app/orders/{order_id}/flags/lift")
    said = {"vendor": ada.id, "reason": "Mine", "flag": "x"}
    anonymous = get_app().test_client()
    other = {"Authorization": f"Bearer {sign_id_token(shop='zenith.myshopify.com')}"}
    for path in paths:
        assert anonymous.post(path, data=said).status_code in {401, 403}
        assert merchant.post(path, data=said, headers=other).status_code == 404
    assert books(acme) == before
