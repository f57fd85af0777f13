"""Attacks on money that comparable products fell to, by the number of their report: none of them moves a cent here."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock, db
from app.models.events import AuditEntry, InboxEvent
from app.models.orders import OrderPayment
from app.models.payouts import Payout, PayoutState
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.store import Store
from tests.apps import get_app
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_before_and_after_payout import pay
from tests.orders.test_service import books
from tests.orders.test_shapes import later, sent
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token
from tests.webhooks.sending import send
from webhooks.router import HANDLERS
from wsgi import create_server


@pytest.fixture
def nobody(acme: Shop, shopify: FakeShopify) -> FlaskClient:
    return get_app().test_client()


@pytest.fixture
def paid(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Ada was paid once; returns the payout's id."""
    sent(store, (goods.mug, 2))
    post.deliver()
    later(monkeypatch, acme, 20)
    pay(acme, ada)
    with db.scoped(acme.id) as session:
        return session.scalars(select(Payout.id)).one()


def tell(shop: Shop, topic: str, body: dict[str, Any]) -> None:
    with db.scoped(shop.id) as session:
        event = InboxEvent(shop_domain=ACME, topic=topic, received_at=clock.now())
        HANDLERS[topic](session, session.get_one(Shop, shop.id), json.dumps(body).encode(), event)


@pytest.mark.parametrize("path", ["/app/payouts", "/app/payouts/{batch}/approve", "/app/payouts/{batch}/cancel"])
def test_13_and_17_cve_2022_4940_cve_2025_12362_nobody_approves_or_withdraws_without_signing_in(
    path: str, nobody: FlaskClient, acme: Shop, paid: int, ada: Vendor
) -> None:
    with db.scoped(acme.id) as session:
        batch = session.get_one(Payout, paid).batch_id
        audited = session.scalar(select(func.count()).select_from(AuditEntry))
    address, before = path.format(batch=batch), books(acme)
    forged = {"Authorization": f"Bearer {sign_id_token(secret='guessed-secret-of-thirty-two-bytes')}"}
    assert nobody.post(address, data={"vendor": ada.id}).status_code in {401, 403}
    assert nobody.post(address, data={"vendor": ada.id}, headers=forged).status_code in {401, 403}
    nobody.get(address)
    assert books(acme) == before
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == audited
        assert session.get_one(Payout, paid).state is PayoutState.SENT


def test_15_cve_2026_1722_a_refund_takes_what_was_returned_and_never_what_it_claims(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 2))
    post.deliver()
    line = order["line_items"][0]
    huge = {side: {"amount": "999999.00", "currency_code": "USD"} for side in ("shop_money", "presentment_money")}
    lines = [{"id": 1, "line_item_id": line["id"], "quantity": 1, "subtotal_set": huge, "total_tax_set": huge}]
    back = {"id": 2, "kind": "refund", "status": "success", "amount": "1.00", "currency": "USD"}
    refund = {"id": 5, "order_id": order["id"], "created_at": order["created_at"], "refund_line_items": lines}
    before = sum(amount for (_, owner), amount in books(acme).items() if owner == ada.id)
    tell(acme, "refunds/create", refund | {"transactions": [back | {"status": "failure"}]})
    assert sum(a for (_, owner), a in books(acme).items() if owner == ada.id) == before
    tell(acme, "refunds/create", refund | {"id": 6, "transactions": [back]})
    taken = before - sum(a for (_, owner), a in books(acme).items() if owner == ada.id)
    assert 0 < taken <= 100


def test_18_cve_2026_7862_money_goes_to_the_account_that_was_frozen_whatever_the_request_says(
    nobody: FlaskClient, acme: Shop, paid: int, ada: Vendor
) -> None:
    signed = {"Authorization": f"Bearer {sign_id_token()}"}
    thief = {"iban": "FR1420041010050500013M02606", "holder": "Thief", "vendor": ada.id, "payout_iban": "FR14"}
    with db.scoped(acme.id) as session:
        payout = session.get_one(Payout, paid)
        was, batch = bytes(payout.account), payout.batch_id
    for address in ("/app/payouts", f"/app/payouts/{batch}/approve", f"/app/payouts/{batch}/mark_sent"):
        nobody.post(address, data=thief, headers=signed)
    with db.scoped(acme.id) as session:
        assert bytes(session.get_one(Payout, paid).account) == was
        assert session.get_one(Vendor, ada.id).payout_last4 == "3000"


@pytest.mark.parametrize("topic", ["orders/paid", "refunds/create", "order_transactions/create", "disputes/create"])
def test_19_cve_2026_7792_a_payment_webhook_without_its_signature_is_refused_before_it_is_read(
    topic: str, acme: Shop
) -> None:
    body = b'{"id": 1, "order_id": 1}'
    assert send(create_server(), body, X_SHOPIFY_TOPIC=topic, X_SHOPIFY_HMAC_SHA256="bm90IGl0") == 401
    with db.system() as session:
        assert session.scalar(select(func.count()).select_from(InboxEvent)) == 0


def test_20_formidable_a_cheap_payment_pays_for_no_dear_order(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    cheap, dear = buy(store, (goods.mug, 1)), buy(store, (goods.vase, 9), pay=False)
    post.deliver()
    before = books(acme)
    with db.scoped(acme.id) as session:
        payment = session.scalars(select(OrderPayment)).one()
        said: dict[str, Any] = {
            "id": payment.shopify_id + 1,
            "kind": "sale",
            "status": "success",
            "gateway": "shopify_payments",
        }
    said |= {"created_at": cheap["created_at"], "currency": "USD", "order_id": dear["id"]}
    for amount in ("5.00", "999999.00"):
        tell(acme, "order_transactions/create", said | {"id": said["id"] + 1, "amount": amount})
    assert books(acme) == before, "an order is paid when Shopify's own order says so"
