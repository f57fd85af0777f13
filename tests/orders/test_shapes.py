"""Disputes, terms of one vendor alone, the reserve and payment fees: from Shopify's news into real books."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app import clock, db
from app.commissions.agreements import get_agreed, save_overrides, save_settings
from app.errors import Conflict
from app.ledger.rules import Account
from app.models.orders import Order, OrderDispute, OrderPayment, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import payment_fees
from app.orders.holds import release_hold
from app.orders.service import release_due_holds
from app.payouts.checks import check_books
from app.shopify.tokens import ShopCredentials
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.views import transaction_view
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_service import books
from tests.shopify.fake import FakeShopify, data


def choose(shop: Shop, **chosen: Any) -> None:
    with db.scoped(shop.id) as session:
        settings = get_agreed(session, shop.id).settings
        names = [c.key for c in settings.__table__.columns if not c.key.startswith(("payer", "shop_id", "updated"))]
        save_settings(session, shop, {name: getattr(settings, name) for name in names} | chosen, "staff:1")


def agree(shop: Shop, vendor: Vendor, **chosen: Any) -> None:
    with db.scoped(shop.id) as session:
        save_overrides(session, shop, vendor.id, chosen, "staff:1")


def later(monkeypatch: pytest.MonkeyPatch, shop: Shop, days: int) -> None:
    """Move the clock on, and do what the scheduler then does."""
    now = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: now)
    with db.scoped(shop.id) as session:
        for order_id in session.scalars(select(Order.id)).all():
            release_due_holds(session, shop.id, order_id)


def reason(shop: Shop, vendor: Vendor) -> str | None:
    with db.scoped(shop.id) as session:
        return session.scalars(select(VendorOrder.hold_reason).where(VendorOrder.vendor_id == vendor.id)).one()


def sent(store: Store, *wanted: tuple[Doc, int], **more: Any) -> Doc:
    order = buy(store, *wanted, shipping_rate_code="standard", **more)
    fulfil_lines(store, ACME, order["id"], None)
    return order


def test_a_dispute_holds_the_disputed_part_of_money_that_was_available_and_a_win_releases_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    choose(acme, dispute_fee_minor=1500)
    order = sent(store, (goods.mug, 4), (goods.loaf, 2))
    post.deliver()
    later(monkeypatch, acme, 20)
    before = books(acme)
    assert (Account.VENDOR_HELD, ada.id) not in before
    dispute = open_dispute(store, ACME, order["id"], amount="10.00")
    post.deliver()
    held = books(acme)
    assert -held[Account.DISPUTES, None] == 1000
    assert held[Account.DISPUTE_FEES, None] == -1500
    for vendor in (ada, bea):
        assert held[Account.VENDOR_HELD, vendor.id] > 0
        had = held[Account.VENDOR_HELD, vendor.id] + held[Account.VENDOR_AVAILABLE, vendor.id]
        assert had == before[Account.VENDOR_AVAILABLE, vendor.id]
    assert reason(acme, ada) == "dispute"
    move_dispute(store, ACME, order["id"], dispute["id"], "won")
    post.deliver_in_disorder(3)
    post.deliver(store.all(ACME, "webhook_delivery"))
    assert books(acme) == before
    assert reason(acme, ada) is None


def test_a_lost_dispute_after_everything_was_available_is_taken_from_the_parties_with_its_fee(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    choose(acme, dispute_fee_minor=1500, dispute_fee_to="vendor", shipping_to="marketplace")
    order = sent(store, (goods.mug, 2), (goods.loaf, 1))
    dispute, total = open_dispute(store, ACME, order["id"]), int(order["total_price"].replace(".", ""))
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")
    post.deliver()
    ended = books(acme)
    vendors = {v: sum(a for (_, owner), a in ended.items() if owner == v) for v in (ada.id, bea.id)}
    assert vendors == {ada.id: -750, bea.id: -750}, "half the fee each: both lost 10.00"
    assert {name: a for (name, owner), a in ended.items() if owner is None} == {
        Account.PAYMENT_PROVIDER: 1500, Account.CUSTOMER_RECEIPTS: -total, Account.CHARGEBACKS: total,
    }  # fmt: skip


def test_the_fee_for_a_chargeback_is_not_booked_in_another_currency_than_it_is_in(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = sent(store, (goods.mug, 2))
    post.deliver()
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).currency = "JPY"
    choose(acme, dispute_fee_minor=1500)
    open_dispute(store, ACME, order["id"])
    post.deliver()
    booked = books(acme)
    assert booked[Account.DISPUTES, None] < 0
    assert (Account.DISPUTE_FEES, None) not in booked


def test_a_vendor_who_is_spared_alone_loses_nothing_to_what_names_no_lines(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    choose(acme, dispute_fee_minor=1500, dispute_fee_to="vendor", shipping_to="marketplace")
    agree(acme, ada, refund_bearer="marketplace", dispute_fee_to="marketplace")
    order = sent(store, (goods.mug, 2), (goods.loaf, 2))
    post.deliver()
    before = books(acme)
    refund_order(store, ACME, order["id"], RefundRequest(amount="3.00"))
    dispute = open_dispute(store, ACME, order["id"], amount="6.00")
    post.deliver()
    agree(acme, ada)  # what is agreed later changes nothing about a dispute that was seen before
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")
    post.deliver()
    after = books(acme)
    had, has = ({v: sum(a for (_, who), a in b.items() if who == v) for v in (ada.id, bea.id)} for b in (before, after))
    assert has[ada.id] == had[ada.id]
    assert has[bea.id] < had[bea.id]
    assert after[Account.REFUNDS_BORNE, None] < 0
    assert sum(after.values()) == 0


def test_an_inquiry_takes_nothing_and_a_dispute_of_no_order_is_nobodys(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = sent(store, (goods.mug, 2))
    post.deliver()
    before = sum(a for (_, owner), a in books(acme).items() if owner == ada.id)
    dispute = open_dispute(store, ACME, order["id"], kind="inquiry")
    post.deliver()
    assert (Account.DISPUTES, None) not in books(acme)
    assert reason(acme, ada) == "dispute"
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")
    post.deliver()
    assert sum(a for (_, owner), a in books(acme).items() if owner == ada.id) == before
    delivery = next(d for d in store.all(ACME, "webhook_delivery") if d["topic"] == "disputes/create")
    body = json.dumps({**json.loads(delivery["body"]), "id": 1, "order_id": None})
    post.deliver([{**delivery, "body": body}])
    with db.scoped(acme.id) as session:
        assert len(session.scalars(select(OrderDispute)).all()) == 1


def _lost(store: Store, order: Doc) -> None:
    dispute = open_dispute(store, ACME, order["id"], amount="9.00")
    move_dispute(store, ACME, order["id"], dispute["id"], "under_review")
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")


def _refunded_then_lost(store: Store, order: Doc) -> None:
    refund_order(store, ACME, order["id"], RefundRequest(amount="3.21"))
    _lost(store, order)


def _lost_then_refunded(store: Store, order: Doc) -> None:
    _lost(store, order)
    refund_order(store, ACME, order["id"], RefundRequest(amount="3.21"))


@pytest.mark.parametrize("story", [_lost, _refunded_then_lost, _lost_then_refunded])
@pytest.mark.parametrize("seed", [1, 2])
def test_disputes_and_refunds_in_any_order_of_arrival_end_in_the_same_books(
    story: Callable[[Store, Doc], None], seed: int, goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    choose(acme, dispute_fee_minor=1500, dispute_fee_to="vendor")
    order = sent(store, (goods.mug, 3), (goods.vase, 1), (goods.loaf, 1))
    story(store, order)
    everything = post.waiting()
    post.deliver_in_disorder(seed)
    shuffled = books(acme)
    assert sum(shuffled.values()) == 0
    assert (Account.DISPUTES, None) not in shuffled
    post.deliver(everything)
    assert books(acme) == shuffled


def test_the_reserve_is_kept_back_of_what_becomes_available_and_released_on_its_day(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    choose(acme, shipping_to="marketplace")
    agree(acme, ada, reserve_bps=Decimal(1000), reserve_days=60)
    order = sent(store, (goods.mug, 4), (goods.loaf, 2))
    post.deliver()
    later(monkeypatch, acme, 20)
    now = books(acme)
    assert (now[Account.VENDOR_AVAILABLE, ada.id], now[Account.VENDOR_RESERVE, ada.id]) == (1620, 180)
    assert now[Account.VENDOR_AVAILABLE, bea.id] == 1800
    assert (reason(acme, ada), reason(acme, bea)) == ("reserve", None)
    with db.scoped(acme.id) as session:
        part = session.scalars(select(VendorOrder.id).where(VendorOrder.vendor_id == ada.id)).one()
        with pytest.raises(Conflict, match="reserve"):
            release_hold(session, acme.id, part, reason="now", actor="staff:1")
    agree(acme, ada, reserve_bps=Decimal(0))
    refund_order(store, ACME, order["id"], RefundRequest(amount="10.00"))
    post.deliver()
    assert 0 < books(acme)[Account.VENDOR_RESERVE, ada.id] < 180, "frozen at the sale, in proportion to what is left"
    due = clock.now() + timedelta(days=60)
    monkeypatch.setattr(clock, "now", lambda: due)
    with db.scoped(acme.id) as session:
        assert check_books(session, acme).holds, "a release that is due this minute is no difference"
    later(monkeypatch, acme, 0)
    assert (Account.VENDOR_RESERVE, ada.id) not in books(acme)


def test_terms_of_one_vendor_hold_for_that_vendor_alone_and_are_frozen_with_the_line(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    agree(acme, ada, shipping_to="marketplace", sales_tax_to="vendor", hold_days=3, fee_tax_bps=Decimal(1900))
    choose(acme, discount_bps=Decimal(0))
    buy(store, (goods.mug, 2), (goods.loaf, 1), discount_codes=["WELCOME10"])
    post.deliver()
    now = books(acme)
    agree(acme, ada)
    post.deliver(store.all(ACME, "webhook_delivery"))
    assert books(acme) == now
    assert now[Account.FEE_TAX, None] == 19
    assert now[Account.DISCOUNTS_BORNE, None] == -200
    assert now[Account.SHIPPING_REVENUE, None] > 0
    with db.scoped(acme.id) as session:
        [order] = session.scalars(select(Order)).all()
        assert set(order.terms["vendors"]) == {str(ada.id)}


def test_a_shipping_line_named_for_one_vendor_is_that_vendors(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 1), (goods.loaf, 1))
    agree(acme, bea, shipping_names=(order["shipping_lines"][0]["title"].lower(),))
    post.deliver()
    now = books(acme)
    price = int(order["shipping_lines"][0]["price"].replace(".", ""))
    assert now[Account.VENDOR_PENDING, bea.id] == 900 + price
    assert now[Account.VENDOR_PENDING, ada.id] == 450


def test_a_vendors_own_way_of_sharing_shipping_stays_with_the_orders_that_were_seen_under_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    agree(acme, ada, shipping_share="equal")
    order = buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    now, price = books(acme), int(order["shipping_lines"][0]["price"].replace(".", ""))
    # Of goods for 5.00 and 10.00: one half, and two thirds.
    mine = round(price * 3 / 7)
    assert now[Account.VENDOR_PENDING, ada.id] == 450 + mine
    assert now[Account.VENDOR_PENDING, bea.id] == 900 + price - mine
    agree(acme, ada)
    later(monkeypatch, acme, 0)
    assert books(acme) == now


def _told_by_shopify(store: Store, order: Doc, *, known: bool = True) -> Any:
    """What the development store's Admin API says of the order's payments."""
    current = store.get(ACME, "order", order["id"])
    assert current is not None
    views = [transaction_view(current, entry) for entry in current["transactions"]]
    names = ("id", "kind", "status", "gateway", "processedAt", "createdAt")
    return data(
        order={
            "id": f"gid://shopify/Order/{order['id']}",
            "transactions": [
                {name: view[name] for name in names}
                | {"id": f"gid://shopify/OrderTransaction/{view['id']}", "fees": view["fees"] if known else []}
                | {"amountSet": {"presentmentMoney": {"amount": "1.00", "currencyCode": "USD"}}}
                for view in views
            ],
        }
    )


def test_payment_fees_are_asked_for_where_vendors_bear_them_and_given_back_with_a_refund(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor,
    connected: ShopCredentials, shopify: FakeShopify,
) -> None:  # fmt: skip
    agree(acme, ada, payment_fees_to="vendor")
    choose(acme, shipping_to="marketplace")
    order = buy(store, (goods.mug, 2), (goods.loaf, 1), gateway="shopify_payments")
    post.deliver()
    with db.scoped(acme.id) as session:
        order_id = session.scalars(select(Order.id)).one()
    shopify.answer("orderPaymentFees", _told_by_shopify(store, order, known=False), _told_by_shopify(store, order))
    payment_fees.read_fees(acme.id, order_id)
    assert (Account.PAYMENT_FEES, None) not in books(acme), "Shopify has not told them yet"
    assert payment_fees.sweep() == 1
    payment_fees.read_fees(acme.id, order_id)
    total = int(order["total_price"].replace(".", ""))
    fee = round(total * 0.029) + 30
    share = round(fee * 1000 / total)
    now = books(acme)
    assert now[Account.PAYMENT_PROVIDER, None] == fee
    assert now[Account.VENDOR_PENDING, ada.id] == 900 - share
    assert now[Account.VENDOR_PENDING, bea.id] == 900
    assert payment_fees.sweep() == 0
    payment_fees.read_fees(acme.id, order_id)
    assert books(acme) == now
    lines = {line["sku"]: line["id"] for line in order["line_items"]}
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines["MUG"], 2, "cancel")]))
    post.deliver()
    ended = books(acme)
    assert ended.get((Account.VENDOR_PENDING, ada.id), 0) == 0
    assert ended[Account.PAYMENT_FEES, None] == -fee


def test_nobody_is_asked_for_fees_that_concern_no_vendor(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 2), gateway="shopify_payments")
    post.deliver()
    assert payment_fees.sweep() == 0
    with db.scoped(acme.id) as session:
        assert [p.gateway for p in session.scalars(select(OrderPayment))] == ["shopify_payments"]
